/*
 * Certificate requests of k3s agents.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "k3s_csr.h"
#include "pem.h"

static int
is_curve(const EVP_PKEY *key)
{
	static const char *const names[] = { "prime256v1", "secp384r1",
		"secp521r1", "P-256", "P-384", "P-521" };
	char name[64];
	size_t i, n;

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), &n) != 1)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

static int
is_known(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return bits >= 2048 && bits <= 8192;
	case EVP_PKEY_EC:
		return is_curve(key);
	case EVP_PKEY_ED25519:
		return 1;
	default:
		return 0;
	}
}

int
k3s_key_id(EVP_PKEY *key, char id[K3S_ID_LEN])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der), rc;

	if (len <= 0)
		return -1;
	rc = digest_sha256(der, (size_t)len, id);
	OPENSSL_free(der);
	return rc;
}

/* NULL, or what is wrong with it. */
static const char *
take(X509_REQ *req, EVP_PKEY **key, char id[K3S_ID_LEN])
{
	if (X509_REQ_get_version(req) != X509_REQ_VERSION_1)
		return "the request is of another version";
	if ((*key = X509_REQ_get_pubkey(req)) == NULL || !is_known(*key))
		return "its key is none of RSA, ECDSA and Ed25519, or of "
		       "another size";
	if (X509_REQ_verify(req, *key) != 1)
		return "its signature is not of its key";
	if (k3s_key_id(*key, id) == -1)
		return "its key cannot be written";
	return NULL;
}

EVP_PKEY *
k3s_csr_key(const void *der, size_t n, char id[K3S_ID_LEN], char *why,
    size_t len)
{
	const unsigned char *p = der, *end = p + n;
	const char *wrong = "it is no certificate request in DER";
	EVP_PKEY *key = NULL;
	X509_REQ *req;

	if (n > K3S_CSR_MAX) {
		snprintf(why, len, "the request is larger than %d bytes",
		    K3S_CSR_MAX);
		errno = EMSGSIZE;
		return NULL;
	}
	req = n == 0 ? NULL : d2i_X509_REQ(NULL, &p, (long)n);
	if (req != NULL && p == end)
		wrong = take(req, &key, id);
	X509_REQ_free(req);
	ERR_clear_error();
	if (wrong == NULL)
		return key;
	EVP_PKEY_free(key);
	snprintf(why, len, "%s", wrong);
	errno = EBADMSG;
	return NULL;
}

int
k3s_pem_id(const char *pem, size_t n, char id[K3S_ID_LEN])
{
	X509 *x = pem_certificate(pem, n);
	int rc = -1;

	if (x != NULL)
		rc = k3s_key_id(X509_get0_pubkey(x), id);
	X509_free(x);
	if (rc == -1)
		errno = EBADMSG;
	return rc;
}
