/* Any Accept header gives a shape or is refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n);
	struct media m;

	if (text == NULL)
		return 0;
	if (media_negotiate(&m, text) == 0 &&
	    (m.shape < MEDIA_OBJECT || m.shape > MEDIA_TABLE))
		abort();
	free(text);
	return 0;
}
