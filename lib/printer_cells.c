/*
 * Cells that many resources have, and which printer is whose.
 */
#include <string.h>

#include "printer.h"

const struct printer *
printer_find(const char *group, const char *resource)
{
	static const struct printer *const all[] = { printers_pod,
		printers_node, printers_service, printers_core, printers_event,
		printers_apps, printers_batch, printers_volume,
		printers_network, printers_storage, printers_rbac,
		printers_certificates, printers_admission, printers_scheduling,
		printers_flow, printers_hpa, printers_resource };
	const struct printer *p;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (p = all[i]; p->resource != NULL; p++)
			if (strcmp(p->resource, resource) == 0 &&
			    strcmp(p->group, group) == 0)
				return p;
	return NULL;
}

void
cell_string(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, c->path);

	if (value.p == NULL)
		row_puts(r, c->absent);
	else
		row_string(r, value);
}

void
cell_raw(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, c->path);

	if (value.p == NULL)
		row_raw(r, c->absent, strlen(c->absent));
	else
		row_raw(r, value.p, value.n);
}

void
cell_count(struct row *r, const struct printer_column *c)
{
	row_printf(r, "%zu", span_count(row_at(r, c->path)));
}

void
cell_age(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, c->path);

	if (value.p == NULL)
		row_puts(r, c->absent);
	else
		row_since(r, value);
}

void
cell_join(struct row *r, const struct printer_column *c)
{
	struct span value = row_at(r, c->path);

	if (span_count(value) == 0)
		row_puts(r, c->absent);
	else
		row_join(r, value, ",");
}

void
cell_labels(struct row *r, const struct printer_column *c)
{
	row_labels(r, row_at(r, c->path));
}

void
cell_selector(struct row *r, const struct printer_column *c)
{
	row_selector(r, row_at(r, c->path), c->absent);
}

void
cell_container_names(struct row *r, const struct printer_column *c)
{
	row_join_member(r, row_at(r, c->path), "name");
}

void
cell_container_images(struct row *r, const struct printer_column *c)
{
	row_join_member(r, row_at(r, c->path), "image");
}

void
cell_ratio(struct row *r, const struct printer_column *c)
{
	row_printf(r, "%lld/%lld", span_int(row_at(r, c->path), 0),
	    span_int(row_at(r, c->absent), 0));
}

void
cell_default_name(struct row *r, const struct printer_column *c)
{
	struct span annotations = row_at(r, "metadata.annotations"), value;

	row_string(r, row_at(r, "metadata.name"));
	if ((span_member(annotations, c->path, &value, NULL) == 0 &&
		span_is(value, "true")) ||
	    (*c->absent != '\0' &&
		span_member(annotations, c->absent, &value, NULL) == 0 &&
		span_is(value, "true")))
		row_puts(r, " (default)");
}
