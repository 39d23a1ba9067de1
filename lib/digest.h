#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

/* n bytes as 2n hex digits in lower case, and the end of the string. */
void digest_hex(const unsigned char *p, size_t n, char *out);

/* SHA-256 of n bytes in hex digits. 0, or -1 with errno ENOMEM. */
#define DIGEST_LEN 65
int digest_sha256(const void *p, size_t n, char out[DIGEST_LEN]);

#endif
