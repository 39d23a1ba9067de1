/* An aggregated document of any bytes, in pieces; and an index of schemas. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "discovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_group(void *arg, const char *group, const char *version, const char *mark)
{
	size_t *n = arg;

	/* what goes into paths has no slash */
	if (strchr(group, '/') != NULL || strlen(mark) != HASH_LEN - 1 ||
	    (version != NULL && strchr(version, '/') != NULL))
		abort();
	return ++*n > 1000 ? -1 : 0;
}

static int
on_schema(void *arg, const char *path, const char *hash)
{
	(void)arg;
	if (strncmp(path, "/openapi/v3/", 12) != 0 || strchr(hash, '&') != NULL)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct discovery d;
	size_t n = 0, i, piece = size > 0 ? data[0] % 64 + 1U : 1;

	discovery_init(&d, "a v1 bs B cluster\n", on_group, &n);
	for (i = 0; i < size; i += piece)
		if (discovery_feed(&d, text + i,
			size - i < piece ? size - i : piece) == -1)
			break;
	if (discovery_done(&d) && discovery_sort(&d.lines) == -1)
		abort();
	discovery_free(&d);
	(void)discovery_schemas(text, size, on_schema, NULL);
	return 0;
}
