/* Any JSON text, as an object of resources with and without fields. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const json_t *o, const struct resource *r)
{
	struct meta m, again;
	const char *const *f;

	if (meta_load(&m, o, r) == -1) {
		if (m.mem != NULL)
			abort();
		return;
	}
	if (m.name[0] == '\0' || strchr(m.name, '/') != NULL ||
	    strcmp(m.name, "..") == 0 || strchr(m.ns, '/') != NULL)
		abort();
	if (strcmp(meta_field(&m, "metadata.name"), m.name) != 0)
		abort();
	(void)meta_label(&m, "a");
	for (f = r != NULL ? r->fields : NULL; f != NULL && *f != NULL; f += 2)
		(void)meta_field(&m, f[0]);
	if (meta_load(&again, o, r) == -1 || !meta_same_selectables(&m, &again))
		abort();
	meta_free(&again);
	meta_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *o = json_loadb((const char *)data, n, JSON_ALLOW_NUL, NULL);

	if (o == NULL)
		return 0;
	check(o, NULL);
	check(o, resource_find("", "pods"));
	check(o, resource_find("", "events"));
	check(o, resource_find("batch", "jobs"));
	json_decref(o);
	return 0;
}
