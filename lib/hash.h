#ifndef HASH_H
#define HASH_H

#include <stddef.h>

/* FNV-1a of n bytes as 16 hex digits: a file name, no secret. */
#define HASH_LEN 17
void hash_name(const void *p, size_t n, char out[HASH_LEN]);

#endif
