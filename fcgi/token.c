/*
 * Continue tokens: unpadded base64url of {"v","rv","start"}. start is a key
 * below the path's namespace; a NUL behind it means: behind this key.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "items.h"

#define TOKEN_MAX 2048

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *
encode(const unsigned char *p, size_t n)
{
	char *out, *o;
	uint32_t v;
	size_t i, left;

	if ((o = out = malloc(n / 3 * 4 + 5)) == NULL)
		return NULL;
	for (i = 0; i < n; i += 3) {
		left = n - i;
		v = (uint32_t)p[i] << 16;
		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? p[i + 2] : 0;
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		if (left > 1)
			*o++ = digits[v >> 6 & 63];
		if (left > 2)
			*o++ = digits[v & 63];
	}
	*o = '\0';
	return out;
}

/* Bytes written to out (3 for each 4 of text, at most); -1: *bad tells where. */
static int
decode(const char *text, unsigned char *out, size_t *bad)
{
	const char *digit;
	uint32_t v = 0;
	size_t i;
	int n = 0, bits = 0;

	for (i = 0; text[i] != '\0'; i++) {
		if ((digit = strchr(digits, text[i])) == NULL) {
			*bad = i;
			return -1;
		}
		v = v << 6 | (uint32_t)(digit - digits);
		if ((bits += 6) >= 8) {
			bits -= 8;
			out[n++] = (unsigned char)(v >> bits);
			v &= (1U << bits) - 1;
		}
	}
	*bad = i;
	return bits == 6 ? -1 : n;
}

static int __attribute__((format(printf, 3, 4)))
bad_token(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	errno = EINVAL;
	return -1;
}

/* path.Clean: no empty, "." or ".." segment and no slash at the end */
static int
is_clean(const char *start)
{
	const char *end;
	size_t n;

	if (*start == '/')
		start++;
	for (;; start = end + 1) {
		end = strchrnul(start, '/');
		n = (size_t)(end - start);
		if (n == 0 || (n <= 2 && strncmp(start, "..", n) == 0))
			return 0;
		if (*end == '\0')
			return 1;
	}
}

static int
take_start(struct token *t, const json_t *o, const char *ns, char *why,
    size_t len)
{
	const char *start = json_string_value(json_object_get(o, "start"));
	size_t n = json_string_length(json_object_get(o, "start"));
	int wrote, behind;

	if (start == NULL || n == 0)
		return bad_token(why, len,
		    "continue key is not valid: encoded start key empty "
		    "(version meta.k8s.io/v1)");
	behind = n == strlen(start) + 1;
	if ((!behind && n != strlen(start)) || !is_clean(start))
		return bad_token(why, len, "continue key is not valid: %.256s",
		    start);
	if (*start == '/')
		start++;
	/* the key behind k is k with a 1 for want of a NUL in a C string */
	wrote = snprintf(t->from, sizeof(t->from), "%s%s%s%s", ns,
	    *ns == '\0' ? "" : "/", start, behind ? "\001" : "");
	if (wrote >= (int)sizeof(t->from))
		return bad_token(why, len,
		    "continue key is not valid: too long");
	return 0;
}

int
token_parse(struct token *t, const char *text, const char *ns, char *why,
    size_t len)
{
	unsigned char bytes[TOKEN_MAX];
	const char *v;
	json_t *o;
	size_t bad = TOKEN_MAX;
	int n, rc;

	n = strlen(text) >= TOKEN_MAX ? -1 : decode(text, bytes, &bad);
	if (n == -1)
		return bad_token(why, len,
		    "continue key is not valid: illegal base64 data at input "
		    "byte %zu",
		    bad);
	o = json_loadb((char *)bytes, (size_t)n, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(o)) {
		json_decref(o);
		return bad_token(why, len,
		    "continue key is not valid: it is no JSON object");
	}
	v = json_string_value(json_object_get(o, "v"));
	t->rv = json_integer_value(json_object_get(o, "rv"));
	if (v == NULL || strcmp(v, "meta.k8s.io/v1") != 0)
		rc = bad_token(why, len,
		    "continue key is not valid: server does not recognize "
		    "this encoded version %.64s",
		    v == NULL ? "" : v);
	else if (t->rv == 0)
		rc = bad_token(why, len,
		    "continue key is not valid: incorrect encoded start "
		    "resourceVersion (version %s)",
		    v);
	else
		rc = take_start(t, o, ns, why, len);
	json_decref(o);
	return rc;
}

static char *
make(const char *key, const char *ns, int64_t rv, const char *end)
{
	struct buf b = { 0 };
	size_t skip = *ns == '\0' ? 0 : strlen(ns) + 1;
	char *text = NULL;

	/* keys are names: nothing in them needs an escape */
	if (buf_printf(&b,
		"{\"v\":\"meta.k8s.io/v1\",\"rv\":%" PRId64
		",\"start\":\"%s%s\"}",
		rv, key + skip, end) == 0)
		text = encode((const unsigned char *)b.data, b.len);
	buf_free(&b);
	return text;
}

char *
token_make(const char *key, const char *ns, int64_t rv)
{
	return make(key, ns, rv, "\\u0000");
}

char *
token_again(const char *from, const char *ns)
{
	char key[520];
	size_t n;

	snprintf(key, sizeof(key), "%s", from);
	n = strlen(key);
	if (n > 0 && key[n - 1] == '\001') {
		key[n - 1] = '\0';
		return make(key, ns, -1, "\\u0000");
	}
	return make(key, ns, -1, "");
}
