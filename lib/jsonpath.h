#ifndef JSONPATH_H
#define JSONPATH_H

#include <jansson.h>

/*
 * JSONPath as client-go's util/jsonpath reads it in the columns of a
 * CustomResourceDefinition: fields, [n], [a:b:c], [*], unions, ['key'],
 * filters, wildcards and recursive descent, missing keys allowed. Members
 * come in the order of the text, where Go's order is random. range and end are
 * no use in a column and give nothing. \x and \u in quotes are refused.
 */

#define JSONPATH_MAX 4096      /* bytes of a path */
#define JSONPATH_RESULTS 65536 /* values at any step */

struct jsonpath;

/* The path, without braces around it. NULL with errno (EINVAL, ENOMEM). */
struct jsonpath *jsonpath_parse(const char *path);
void jsonpath_free(struct jsonpath *p);

/*
 * The first of what the path finds, a new reference; NULL with errno: ENOENT
 * if there is nothing, EINVAL where client-go gives an error (an index out of
 * bounds, what cannot be compared), E2BIG, ENOMEM.
 */
json_t *jsonpath_first(const struct jsonpath *p, json_t *root);

#endif
