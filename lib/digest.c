/*
 * SHA-256 as text: names of files, ids of keys.
 */
#include <errno.h>
#include <openssl/evp.h>

#include "digest.h"

void
digest_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (; n > 0; n--, p++) {
		*out++ = digits[*p >> 4];
		*out++ = digits[*p & 15];
	}
	*out = '\0';
}

int
digest_sha256(const void *p, size_t n, char out[DIGEST_LEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (EVP_Digest(p, n, md, &len, EVP_sha256(), NULL) != 1 ||
	    len != (DIGEST_LEN - 1) / 2) {
		errno = ENOMEM;
		return -1;
	}
	digest_hex(md, len, out);
	return 0;
}
