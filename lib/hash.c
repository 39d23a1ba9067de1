#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "hash.h"

void
hash_name(const void *p, size_t n, char out[HASH_LEN])
{
	const unsigned char *s = p;
	uint64_t h = 14695981039346656037ULL;

	while (n-- > 0)
		h = (h ^ *s++) * 1099511628211ULL;
	snprintf(out, HASH_LEN, "%016" PRIx64, h);
}
