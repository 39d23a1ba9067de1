#ifndef MINT_H
#define MINT_H

/* Certificates for tests, signed by themselves, with any subject. */
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "buf.h"

struct mint_name {
	const char *oid; /* "CN", "O" or digits; NULL ends a list */
	int type;	 /* V_ASN1_UTF8STRING ... */
	const char *value;
	int n;	     /* of value; -1: up to its NUL */
	int with_it; /* in the RDN before */
};

static inline EVP_PKEY *
mint_key(void)
{
	return EVP_EC_gen("P-256");
}

static inline void
mint_add(struct buf *b, BIO *out)
{
	char *p;
	long n = BIO_get_mem_data(out, &p);

	(void)buf_add(b, p, (size_t)n);
	BIO_free(out);
}

/*
 * OpenSSL does not encode a string that is none: what stands for it, a
 * T61String of as many equal bytes, is made it in the end. The signature does
 * not hold then.
 */
static inline int
mint_is_string(const struct mint_name *m, int n)
{
	ASN1_STRING *s = ASN1_STRING_type_new(m->type);
	unsigned char *text = NULL;
	int good;

	ASN1_STRING_set(s, m->value, n);
	good = m->type != V_ASN1_VISIBLESTRING &&
	    ASN1_STRING_to_UTF8(&text, s) >= 0;
	OPENSSL_free(text);
	ASN1_STRING_free(s);
	return good;
}

static inline void
mint_forge(unsigned char *der, size_t len, const struct mint_name *m, int n)
{
	unsigned char want[66] = { V_ASN1_T61STRING, (unsigned char)n }, *p;

	memset(want + 2, '~', (size_t)n);
	if ((p = memmem(der, len, want, (size_t)n + 2)) == NULL)
		return;
	p[0] = (unsigned char)m->type;
	memcpy(p + 2, m->value, (size_t)n);
}

/* Append one, good from so many seconds on, up to so many. */
static inline void
mint_cert(struct buf *b, EVP_PKEY *key, const struct mint_name *names,
    long from, long to)
{
	BIO *out = BIO_new(BIO_s_mem());
	X509_NAME *subject = X509_NAME_new(), *issuer = X509_NAME_new();
	const struct mint_name *m, *odd = NULL;
	unsigned char *der = NULL;
	X509 *x = X509_new();
	int n, len, odd_n = 0;
	ASN1_OBJECT *o;

	for (m = names; m != NULL && m->oid != NULL; m++) {
		n = m->n == -1 ? (int)strlen(m->value) : m->n;
		o = OBJ_txt2obj(m->oid, 0);
		if (mint_is_string(m, n)) {
			X509_NAME_add_entry_by_OBJ(subject, o, m->type,
			    (const unsigned char *)m->value, n, -1,
			    m->with_it ? -1 : 0);
		} else {
			X509_NAME_add_entry_by_OBJ(subject, o, V_ASN1_T61STRING,
			    (const unsigned char *)"~~~~~~~~~~~~~~~~", n, -1,
			    m->with_it ? -1 : 0);
			odd = m;
			odd_n = n;
		}
		ASN1_OBJECT_free(o);
	}
	X509_NAME_add_entry_by_txt(issuer, "CN", V_ASN1_UTF8STRING,
	    (const unsigned char *)"mint", -1, -1, 0);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), to);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, issuer);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	len = i2d_X509(x, &der);
	if (odd != NULL)
		mint_forge(der, (size_t)len, odd, odd_n);
	PEM_write_bio(out, PEM_STRING_X509, "", der, len);
	mint_add(b, out);
	OPENSSL_free(der);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	X509_free(x);
}

static inline void
mint_private(struct buf *b, EVP_PKEY *key)
{
	BIO *out = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	mint_add(b, out);
}

/* Append a certificate of that CN and O (NULL: none), good for a day. */
static inline void
mint_user(struct buf *b, EVP_PKEY *key, const char *cn, const char *o)
{
	struct mint_name names[] = {
		{ "CN", V_ASN1_UTF8STRING, cn, -1, 0 },
		{ o == NULL ? NULL : "O", V_ASN1_UTF8STRING, o, -1, 0 },
		{ NULL, 0, NULL, 0, 0 },
	};

	mint_cert(b, key, names, -60, 86400);
}

#endif
