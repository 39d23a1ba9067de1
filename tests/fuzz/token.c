/* A continue token that is taken can be made again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "items.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n), *made;
	struct token t;
	char why[320];

	if (text == NULL)
		return 0;
	if (token_parse(&t, text, "ns", why, sizeof(why)) == 0) {
		if (strncmp(t.from, "ns/", 3) != 0)
			abort();
		made = token_again(t.from, "ns");
		free(made);
	}
	free(text);
	return 0;
}
