/*
 * Type, object and patch, with newlines between: what applies is an object
 * that the difference of the two gives again, if there is a strategic one;
 * what does not has a code and a message.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
again(const struct patch_schema *schema, const json_t *a, const json_t *b)
{
	enum patch_type type = schema == NULL ? PATCH_MERGE : PATCH_STRATEGIC;
	json_t *d = patch_diff(schema, a, b), *o;
	struct patch_error e;
	char *text;

	if (d == NULL && schema != NULL && errno == EDOM)
		return;
	if (d == NULL || (text = json_dumps(d, 0)) == NULL)
		abort();
	o = patch_apply(type, schema, a, text, strlen(text), &e);
	if (o == NULL && (e.code < 400 || e.message[0] == '\0'))
		abort();
	json_decref(o);
	json_decref(d);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct patch_schema *schema = patch_schema_find("", "v1", "Pod");
	const char *text = (const char *)data, *end;
	struct patch_error e = { 0 };
	json_t *a, *b;
	size_t len;

	if (n < 2 || (end = memchr(text + 1, '\n', n - 1)) == NULL)
		return 0;
	len = (size_t)(end - text - 1);
	a = json_loadb(text + 1, len, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(a)) {
		json_decref(a);
		return 0;
	}
	b = patch_apply((enum patch_type)(data[0] % 3), schema, a, end + 1,
	    n - len - 2, &e);
	if (b == NULL && (e.code < 400 || e.message[0] == '\0'))
		abort();
	if (b != NULL && json_is_object(b)) {
		again(schema, a, b);
		again(NULL, a, b);
	}
	json_decref(a);
	json_decref(b);
	return 0;
}
