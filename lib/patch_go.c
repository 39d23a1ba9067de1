/*
 * Words that kube-apiserver's messages take from Go: of fmt, reflect and
 * encoding/json.
 */
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patch_parts.h"

const char *
patch_go_type(const json_t *v)
{
	if (v == NULL)
		return "%!s(<nil>)";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "map[string]interface {}";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int64";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "%!s(<nil>)";
	}
}

const char *
patch_go_word(const json_t *v)
{
	if (json_is_object(v))
		return "object";
	if (json_is_array(v))
		return "array";
	if (json_is_string(v))
		return "string";
	return json_is_number(v) ? "number" : "bool";
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
go_map(struct buf *b, const json_t *v)
{
	size_t i = 0, n = json_object_size(v);
	const char **keys, *key;
	json_t *sub;
	int rc = -1;

	if ((keys = calloc(n + 1, sizeof(*keys))) == NULL)
		return -1;
	json_object_foreach((json_t *)(uintptr_t)v, key, sub)
		keys[i++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	if (buf_puts(b, "map[") == -1)
		goto out;
	for (i = 0; i < n; i++)
		if (buf_printf(b, "%s%s:", i > 0 ? " " : "", keys[i]) == -1 ||
		    patch_go_value(b, json_object_get(v, keys[i])) == -1)
			goto out;
	rc = buf_puts(b, "]");
out:
	free(keys);
	return rc;
}

static int
go_list(struct buf *b, const json_t *v)
{
	const json_t *sub;
	size_t i;

	if (buf_puts(b, "[") == -1)
		return -1;
	json_array_foreach(v, i, sub)
		if ((i > 0 && buf_puts(b, " ") == -1) ||
		    patch_go_value(b, sub) == -1)
			return -1;
	return buf_puts(b, "]");
}

/* The shortest text that is the same number. */
static int
go_real(struct buf *b, double x)
{
	char text[40];
	int digits;

	for (digits = 1; digits < 18; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	if (strchr(text, 'e') != NULL && x < 1e21 && x > -1e21 &&
	    (x >= 1 || x <= -1))
		snprintf(text, sizeof(text), "%.0f", x);
	return buf_puts(b, text);
}

int
patch_go_value(struct buf *b, const json_t *v)
{
	if (v == NULL)
		return buf_puts(b, "<nil>");
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return go_map(b, v);
	case JSON_ARRAY:
		return go_list(b, v);
	case JSON_STRING:
		return buf_add(b, json_string_value(v), json_string_length(v));
	case JSON_INTEGER:
		return buf_printf(b, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(v));
	case JSON_REAL:
		return go_real(b, json_real_value(v));
	case JSON_NULL:
		return buf_puts(b, "<nil>");
	default:
		return buf_puts(b, json_is_true(v) ? "true" : "false");
	}
}
