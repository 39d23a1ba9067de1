/*
 * The path, a NUL, a JSON text: whatever is found is part of the text or of
 * the path, and nothing leaks.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *path = strndup((const char *)data, n);
	size_t len = path == NULL ? n : strlen(path);
	struct jsonpath *p;
	json_t *root = NULL, *v;

	if (path == NULL)
		return 0;
	if (len < n)
		root = json_loadb((const char *)data + len + 1, n - len - 1, 0,
		    NULL);
	if (root == NULL)
		root = json_pack("{s:[{s:i},{s:s}]}", "a", "b", 1, "b", "x");
	if ((p = jsonpath_parse(path)) != NULL) {
		v = jsonpath_first(p, root);
		json_decref(v);
	}
	jsonpath_free(p);
	json_decref(root);
	free(path);
	return 0;
}
