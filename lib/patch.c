/*
 * Patches of the three types, as kube-apiserver's handlers/patch.go takes
 * them, with its codes and words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "patch_parts.h"

#define JSON "application/json-patch+json"
#define MERGE "application/merge-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"
#define APPLY "application/apply-patch+yaml"

int
patch_fail(struct patch_error *e, int code, const char *reason, const char *fmt,
    ...)
{
	va_list ap;

	e->code = code;
	e->reason = reason;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	return -1;
}

int
patch_no_memory(struct patch_error *e)
{
	return patch_fail(e, 500, "InternalError", "no memory for a patch");
}

static int
unsupported(const struct patch_schema *schema, struct patch_error *e)
{
	return patch_fail(e, 415, NULL,
	    "the body of the request was in an unknown format - accepted media "
	    "types include: %s",
	    schema == NULL ? JSON ", " MERGE ", " APPLY
			   : JSON ", " MERGE ", " STRATEGIC ", " APPLY);
}

int
patch_type_parse(enum patch_type *type, const char *content_type,
    const struct patch_schema *schema, struct patch_error *e)
{
	static const char *const names[] = { JSON, MERGE, STRATEGIC };
	size_t i, n = strcspn(content_type, ";");

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != n ||
		    strncmp(content_type, names[i], n) != 0)
			continue;
		*type = (enum patch_type)i;
		if (schema == NULL && *type == PATCH_STRATEGIC)
			break;
		return 0;
	}
	if (n == strlen(APPLY) && strncmp(content_type, APPLY, n) == 0)
		return patch_fail(e, 503, NULL,
		    "server-side apply needs the master");
	return unsupported(schema, e);
}

/* The patch, or NULL with *e. */
static json_t *
parse(enum patch_type type, const char *text, size_t len, struct patch_error *e)
{
	char why[256];
	json_error_t error;
	json_t *patch;

	patch = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (patch != NULL)
		return patch;
	patch_go_syntax(text, len, why, sizeof(why));
	(void)patch_fail(e, 400, NULL, "%s%s",
	    type == PATCH_STRATEGIC ? "" : "error decoding patch: ",
	    why[0] != '\0' ? why : error.text);
	return NULL;
}

json_t *
patch_apply(enum patch_type type, const struct patch_schema *schema,
    const json_t *object, const char *text, size_t len, struct patch_error *e)
{
	json_t *o, *patch;
	int rc = -1;

	if (type == PATCH_STRATEGIC && schema == NULL) {
		(void)unsupported(schema, e);
		return NULL;
	}
	if ((patch = parse(type, text, len, e)) == NULL)
		return NULL;
	if ((o = json_deep_copy(object)) == NULL)
		(void)patch_no_memory(e);
	else if (type == PATCH_JSON)
		rc = patch_json(&o, patch, e);
	else if (type == PATCH_MERGE)
		rc = patch_merge(&o, patch, e);
	else
		rc = patch_strategic(&o, patch, schema->fields, e);
	json_decref(patch);
	if (rc == -1) {
		json_decref(o);
		o = NULL;
	}
	return o;
}
