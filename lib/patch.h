#ifndef PATCH_H
#define PATCH_H

#include <jansson.h>

#include "apipath.h"

#define PATCH_OPERATIONS_MAX 10000

enum patch_type { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC };

/* How the lists of a built-in type merge. Static. */
struct patch_schema;

/* What kube-apiserver answers where it does not patch. */
struct patch_error {
	int code;
	const char *reason; /* as in struct status */
	char message[1024]; /* cut if it is longer */
};

/*
 * The schema of a built-in kind; NULL for a custom one, which has none. Of
 * the object at p (a subresource but "scale" is the object itself).
 */
const struct patch_schema *patch_schema_find(const char *group,
    const char *version, const char *kind);
const struct patch_schema *patch_schema_path(const struct apipath *p);
/* By the apiVersion and kind that the object tells. */
const struct patch_schema *patch_schema_object(const json_t *object);

/*
 * The type that a Content-Type names, parameters ignored. 0; -1 with *e: 415
 * as kube-apiserver words it, 503 for server-side apply, which needs a
 * master. schema NULL: of a custom resource, which refuses strategic ones.
 */
int patch_type_parse(enum patch_type *type, const char *content_type,
    const struct patch_schema *schema, struct patch_error *e);

/*
 * The object with a patch applied (kube-apiserver: handlers/patch.go): a new
 * reference that shares nothing with object; or NULL with *e: 400 where it
 * is malformed, 413 over PATCH_OPERATIONS_MAX, 415 as above, 422 and 500
 * where it does not apply. Whether the object may change so is not looked
 * at: defaults, validation and immutable fields are the caller's.
 */
json_t *patch_apply(enum patch_type type, const struct patch_schema *schema,
    const json_t *object, const char *text, size_t len, struct patch_error *e);

/*
 * The patch that turns a into b: a strategic one, or a merge patch where
 * schema is NULL. A new reference, an empty object where they are the same;
 * NULL with errno ENOMEM, or EDOM where no strategic one gives b: an element
 * of a list has no key, or two have the same (a Service's port 53 for UDP and
 * TCP) and another between them. A null in b counts as absent, as no patch of these types can
 * set one; a set of scalars (finalizers) that has one twice gets it once.
 */
json_t *patch_diff(const struct patch_schema *schema, const json_t *a,
    const json_t *b);

#endif
