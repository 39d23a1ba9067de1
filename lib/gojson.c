#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gojson.h"

/* What stands for a byte in a string; NULL: itself. */
static const char *
escape(unsigned char c, char out[8])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	}
	if (c >= 0x20 && c != '<' && c != '>' && c != '&')
		return NULL;
	snprintf(out, 8, "\\u%04x", c);
	return out;
}

/* U+2028 and U+2029 are escaped too: JavaScript ends lines with them. */
static const char *
separator(const char *s, size_t n)
{
	if (n < 3 || memcmp(s, "\xe2\x80", 2) != 0)
		return NULL;
	return s[2] == '\xa8' ? "\\u2028" : s[2] == '\xa9' ? "\\u2029" : NULL;
}

int
gojson_string(struct buf *b, const char *s, size_t n)
{
	const char *instead, *from = s, *end = s + n;
	char out[8];
	size_t skip;

	if (buf_puts(b, "\"") == -1)
		return -1;
	for (; s < end; s++) {
		skip = 1;
		if ((instead = escape((unsigned char)*s, out)) == NULL) {
			skip = 3;
			instead = separator(s, (size_t)(end - s));
		}
		if (instead == NULL)
			continue;
		if (buf_add(b, from, (size_t)(s - from)) == -1 ||
		    buf_puts(b, instead) == -1)
			return -1;
		from = s + skip;
		s = from - 1;
	}
	if (buf_add(b, from, (size_t)(end - from)) == -1)
		return -1;
	return buf_puts(b, "\"");
}

/* The digits of d without a point, and the power of ten of the first one. */
static int
shortest(double d, char digits[32])
{
	char text[40];
	char *e;
	int p;

	for (p = 0; p < 17; p++) {
		snprintf(text, sizeof(text), "%.*e", p, d);
		if (strtod(text, NULL) == d)
			break;
	}
	e = strchr(text, 'e');
	digits[0] = text[0];
	digits[1] = '\0';
	if (text[1] == '.')
		snprintf(digits + 1, 31, "%.*s", (int)(e - text - 2), text + 2);
	return atoi(e + 1);
}

static void
plain(const char *digits, int n, int exponent, char *out)
{
	int i = 0, k = 0;

	if (exponent < 0) {
		out[i++] = '0';
		out[i++] = '.';
		for (; exponent < -1; exponent++)
			out[i++] = '0';
		exponent = n; /* no other point */
	}
	for (; k < n || k <= exponent; k++) {
		if (exponent != n && k == exponent + 1)
			out[i++] = '.';
		if (k < n)
			out[i++] = digits[k];
		else if (exponent != n)
			out[i++] = '0';
		else
			break;
	}
	out[i] = '\0';
}

void
gojson_float(double d, int print, char out[GOJSON_FLOAT_LEN])
{
	char digits[32];
	int low = print ? -4 : -6, high = print ? 6 : 21;
	int exponent, n;

	if (d < 0) {
		*out++ = '-';
		d = -d;
	}
	exponent = shortest(d, digits);
	n = (int)strlen(digits);
	if (d != 0 && (exponent < low || exponent >= high))
		snprintf(out, GOJSON_FLOAT_LEN - 1, "%c%s%s%s%0*d", digits[0],
		    n > 1 ? "." : "", digits + 1, exponent < 0 ? "e-" : "e+",
		    exponent < 0 && !print ? 1 : 2, abs(exponent) % 1000);
	else
		plain(digits, n, exponent, out);
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
add_object(struct buf *b, const json_t *v)
{
	size_t i = 0, n = json_object_size(v);
	const char **keys, *key;
	json_t *member;
	int rc = -1;

	if ((keys = calloc(n + 1, sizeof(*keys))) == NULL)
		return -1;
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		if (i < n)
			keys[i++] = key;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	if (buf_puts(b, "{") == -1)
		goto out;
	for (i = 0; i < n; i++)
		if ((i > 0 && buf_puts(b, ",") == -1) ||
		    gojson_string(b, keys[i], strlen(keys[i])) == -1 ||
		    buf_puts(b, ":") == -1 ||
		    gojson_value(b, json_object_get(v, keys[i])) == -1)
			goto out;
	rc = buf_puts(b, "}");
out:
	free(keys);
	return rc;
}

static int
add_array(struct buf *b, const json_t *v)
{
	size_t i;

	if (buf_puts(b, "[") == -1)
		return -1;
	for (i = 0; i < json_array_size(v); i++)
		if ((i > 0 && buf_puts(b, ",") == -1) ||
		    gojson_value(b, json_array_get(v, i)) == -1)
			return -1;
	return buf_puts(b, "]");
}

int
gojson_value(struct buf *b, const json_t *v)
{
	char number[GOJSON_FLOAT_LEN];

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return add_object(b, v);
	case JSON_ARRAY:
		return add_array(b, v);
	case JSON_STRING:
		return gojson_string(b, json_string_value(v),
		    json_string_length(v));
	case JSON_INTEGER:
		return buf_printf(b, "%lld", json_integer_value(v));
	case JSON_REAL:
		gojson_float(json_real_value(v), 0, number);
		return buf_puts(b, number);
	case JSON_TRUE:
		return buf_puts(b, "true");
	case JSON_FALSE:
		return buf_puts(b, "false");
	default:
		return buf_puts(b, "null");
	}
}
