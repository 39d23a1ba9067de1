/* No head brings another one, or a credential of its own, to the master. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "httphead.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct buf b = { 0 };
	long len = httphead_length(p, n);

	if (len > (long)n)
		abort();
	if (len > 0 &&
	    httphead_upgrade(&b, p, (size_t)len, "m:1", NULL, 0) == 0 &&
	    (httphead_length(b.data, b.len) != (long)b.len ||
		strcasestr(b.data, "\nauthorization:") != NULL ||
		strcasestr(b.data, "\nimpersonate-") != NULL ||
		strcasestr(b.data, "\nx-ote-") != NULL))
		abort();
	buf_free(&b);
	return 0;
}
