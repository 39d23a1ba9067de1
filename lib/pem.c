/*
 * Certificates and private keys in PEM.
 */
#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "pem.h"

int
pem_no_password(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

X509 *
pem_certificate(const char *pem, size_t n)
{
	BIO *b = n > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)n);
	X509 *x = NULL;

	if (b != NULL)
		x = PEM_read_bio_X509(b, NULL, pem_no_password, NULL);
	BIO_free(b);
	ERR_clear_error();
	return x;
}

EVP_PKEY *
pem_key(const char *pem, size_t n)
{
	BIO *b = n > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)n);
	EVP_PKEY *key = NULL;

	if (b != NULL)
		key = PEM_read_bio_PrivateKey(b, NULL, pem_no_password, NULL);
	BIO_free(b);
	ERR_clear_error();
	return key;
}
