#ifndef MINT_JWT_H
#define MINT_JWT_H

/*
 * Keys and signed tokens for the tests, by OpenSSL alone: what verifies them
 * is another library. What is returned is to be freed; failures abort.
 */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((unused)) static char *
mint_base64url(const void *p, size_t n)
{
	char *out = malloc(n * 4 / 3 + 5), *c;

	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	for (c = out; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	out[strcspn(out, "=")] = '\0';
	return out;
}

static inline char *
mint_number(const EVP_PKEY *key, const char *name, int size)
{
	unsigned char bytes[1024];
	BIGNUM *bn = NULL;
	char *text;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		abort();
	if (size == 0)
		size = BN_num_bytes(bn);
	BN_bn2binpad(bn, bytes, size);
	text = mint_base64url(bytes, (size_t)size);
	BN_free(bn);
	return text;
}

/* One key of a set; more: further members, with a comma behind. */
static inline char *
mint_jwk(const EVP_PKEY *key, const char *more)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };
	int size = (EVP_PKEY_get_bits(key) + 7) / 8;
	int rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	char *a, *b, *out = NULL;

	a = mint_number(key,
	    rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X,
	    rsa ? 0 : size);
	b = mint_number(key,
	    rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y,
	    rsa ? 0 : size);
	if ((rsa ? asprintf(&out,
		       "{%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", more, a,
		       b)
		 : asprintf(&out,
		       "{%s\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%"
		       "s\"}",
		       more, curves[size / 18 - 1], a, b)) == -1)
		abort();
	free(a);
	free(b);
	return out;
}

__attribute__((unused)) static char *
mint_pem(const EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *out;
	long n;

	if (PEM_write_bio_PUBKEY(bio, key) != 1)
		abort();
	n = BIO_get_mem_data(bio, &p);
	out = strndup(p, (size_t)n);
	BIO_free(bio);
	return out;
}

/* r and s behind one another, out of their DER. */
static inline size_t
mint_raw(unsigned char *sig, size_t n, int bits)
{
	const unsigned char *der = sig;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
	int size = (bits + 7) / 8;

	BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, size);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + size, size);
	ECDSA_SIG_free(s);
	return (size_t)size * 2;
}

/* A token: alg is how it is signed, the header says what it says. */
static inline char *
mint_n(EVP_PKEY *key, const char *alg, const char *header, const void *claims,
    size_t nclaims)
{
	char *h = mint_base64url(header, strlen(header)), *s;
	char *c = mint_base64url(claims, nclaims), *text, *out;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	unsigned char sig[1024];
	size_t n = sizeof(sig);
	char md[16];

	snprintf(md, sizeof(md), "SHA%s", alg + 2);
	if (asprintf(&text, "%s.%s", h, c) == -1 ||
	    EVP_DigestSignInit_ex(ctx, &how, md, NULL, NULL, key, NULL) != 1)
		abort();
	if (*alg == 'P') {
		EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
	}
	if (EVP_DigestSign(ctx, sig, &n, (unsigned char *)text, strlen(text)) !=
	    1)
		abort();
	if (*alg == 'E')
		n = mint_raw(sig, n, EVP_PKEY_get_bits(key));
	s = mint_base64url(sig, n);
	if (asprintf(&out, "%s.%s", text, s) == -1)
		abort();
	free(h);
	free(c);
	free(s);
	free(text);
	EVP_MD_CTX_free(ctx);
	return out;
}

static inline char *
mint(EVP_PKEY *key, const char *alg, const char *header, const char *claims)
{
	return mint_n(key, alg, header, claims, strlen(claims));
}

#endif
