/*
 * The small ones of the core group.
 */
#include <string.h>

#include "printer.h"

static void
configmap_data(struct row *r, const struct printer_column *c)
{
	(void)c;
	row_printf(r, "%zu",
	    span_count(row_at(r, "data")) +
		span_count(row_at(r, "binaryData")));
}

static void
component_status(struct row *r, const struct printer_column *c)
{
	struct span healthy = row_condition(row_at(r, "conditions"), "Healthy");

	if (c->path != NULL)
		row_string(r, span_at(healthy, c->path));
	else if (healthy.p == NULL)
		row_puts(r, "Unknown");
	else if (span_is(span_at(healthy, "status"), "True"))
		row_puts(r, "Healthy");
	else
		row_puts(r, "Unhealthy");
}

static int
is_limit(struct span name)
{
	name = span_inner(name);
	return name.n > 7 && memcmp(name.p, "limits.", 7) == 0;
}

static void
put_used(struct row *r, struct span used, struct span key)
{
	struct span name, value;

	while (span_next(&used, &name, &value) == 0)
		if (span_compare(name, key) == 0) {
			row_string(r, value);
			return;
		}
	row_puts(r, "0");
}

/* What is used of what there is: limits if path says so, else requests. */
static void
quota(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "status.hard"), key, hard;
	struct span used = row_at(r, "status.used");
	int limits = strcmp(c->path, "limits") == 0;
	const char *sep = "";

	while (span_next(&at, &key, &hard) == 0) {
		if (is_limit(key) != limits)
			continue;
		row_puts(r, sep);
		sep = ", ";
		row_string(r, key);
		row_puts(r, ": ");
		put_used(r, used, key);
		row_puts(r, "/");
		row_string(r, hard);
	}
}

/* kube-aggregator's own. */
static void
api_service(struct row *r, const struct printer_column *c)
{
	struct span service = row_at(r, "spec.service");

	(void)c;
	if (service.p == NULL) {
		row_puts(r, "Local");
		return;
	}
	row_string(r, span_at(service, "namespace"));
	row_puts(r, "/");
	row_string(r, span_at(service, "name"));
}

static void
api_available(struct row *r, const struct printer_column *c)
{
	struct span cond;
	struct span reason;

	(void)c;
	cond = row_condition(row_at(r, "status.conditions"), "Available");
	reason = span_at(cond, "reason");
	if (cond.p == NULL)
		row_puts(r, "Unknown");
	row_string(r, span_at(cond, "status"));
	if (span_is(span_at(cond, "status"), "True") ||
	    span_inner(reason).n == 0)
		return;
	row_puts(r, " (");
	row_string(r, reason);
	row_puts(r, ")");
}

static const struct printer_column namespaces[] = { COLUMN_NAME,
	{ "Status", "string", "", "The status of the namespace", 0, cell_string,
	    1, "status.phase", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column secrets[] = { COLUMN_NAME,
	{ "Type", "string", "",
	    "Used to facilitate programmatic handling of secret data. More "
	    "info: "
	    "https://kubernetes.io/docs/concepts/configuration/secret/"
	    "#secret-types",
	    0, cell_string, 1, "type", "" },
	{ "Data", "string", "",
	    "Data contains the secret data. Each key must consist of "
	    "alphanumeric characters, '-', '_' or '.'. The serialized form of "
	    "the secret data is a base64 encoded string, representing the "
	    "arbitrary (possibly non-string) data value here. Described in "
	    "https://tools.ietf.org/html/rfc4648#section-4",
	    0, cell_count, 0, "data", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column serviceaccounts[] = { COLUMN_NAME,
	{ "Secrets", "string", "", "", -1, cell_count, 0, "secrets", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column configmaps[] = { COLUMN_NAME,
	{ "Data", "string", "",
	    "Data contains the configuration data. Each key must consist of "
	    "alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 "
	    "byte sequences must use the BinaryData field. The keys stored in "
	    "Data must not overlap with the keys in the BinaryData field, this "
	    "is enforced during validation process.",
	    0, configmap_data, 0, "", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column componentstatuses[] = { COLUMN_NAME,
	{ "Status", "string", "", "Status of the component conditions", 0,
	    component_status, 1, NULL, "" },
	{ "Message", "string", "", "Message of the component conditions", 0,
	    component_status, 1, "message", "" },
	{ "Error", "string", "", "Error of the component conditions", 0,
	    component_status, 1, "error", "" },
	{ 0 } };

static const struct printer_column resourcequotas[] = { COLUMN_NAME,
	{ "Request", "string", "",
	    "Request represents a minimum amount of cpu/memory that a "
	    "container may consume.",
	    0, quota, 1, "requests", "" },
	{ "Limit", "string", "",
	    "Limits control the maximum amount of cpu/memory that a container "
	    "may use independent of contention on the node.",
	    0, quota, 1, "limits", "" },
	COLUMN_AGE, { 0 } };

static const struct printer_column apiservices[] = { COLUMN_NAME,
	{ "Service", "string", "",
	    "The reference to the service that hosts this API endpoint.", 0,
	    api_service, 1, "", "" },
	{ "Available", "string", "", "Whether this service is available.", 0,
	    api_available, 1, "", "" },
	COLUMN_AGE, { 0 } };

const struct printer printers_core[] = { { "", "namespaces", namespaces },
	{ "", "secrets", secrets }, { "", "serviceaccounts", serviceaccounts },
	{ "", "configmaps", configmaps },
	{ "", "componentstatuses", componentstatuses },
	{ "", "resourcequotas", resourcequotas },
	{ "apiregistration.k8s.io", "apiservices", apiservices }, { 0 } };
