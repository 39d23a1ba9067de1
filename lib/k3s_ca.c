/*
 * Serving certificates signed by a k3s cluster's server CA.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "digest.h"
#include "k3s_ca.h"
#include "pem.h"

#define DAY_S 86400LL
#define DAYS 365
#define RENEW_DAYS 90

/* --- PEM --- */

/* What was written to b, appended to out. Frees b. */
static int
take_bio(BIO *b, int good, struct buf *out)
{
	char *p = NULL;
	long n = b == NULL ? 0 : BIO_get_mem_data(b, &p);
	int rc = -1;

	errno = ENOMEM;
	if (good && n > 0)
		rc = buf_add(out, p, (size_t)n);
	BIO_free(b);
	return rc;
}

static int
add_certificate(struct buf *out, X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());

	return take_bio(b, b != NULL && PEM_write_bio_X509(b, x) == 1, out);
}

EVP_PKEY *
k3s_ca_make_key(struct buf *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *b = BIO_new(BIO_s_secmem());
	int good = key != NULL && b != NULL &&
	    PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (take_bio(b, good, out) == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* --- the CA --- */

static int
say(char *why, size_t len, const char *file, const char *text)
{
	snprintf(why, len, "%s: %s", file, text);
	errno = EINVAL;
	return -1;
}

static int
read_file(struct buf *b, const char *file, char *why, size_t len)
{
	int e;

	if (buf_read_file(b, AT_FDCWD, file, K3S_CA_MAX) == 0)
		return 0;
	e = errno;
	snprintf(why, len, "%s: %s", file, strerror(e));
	errno = e;
	return -1;
}

/* Every certificate of the file, as a server sends them. */
static int
read_chain(struct k3s_ca *ca, const struct buf *pem)
{
	BIO *b = BIO_new_mem_buf(pem->data, (int)pem->len);
	int rc = 0;
	X509 *x;

	if (b == NULL)
		return -1;
	while (rc == 0 &&
	    (x = PEM_read_bio_X509(b, NULL, pem_no_password, NULL)) != NULL) {
		rc = add_certificate(&ca->chain, x);
		if (ca->cert == NULL)
			ca->cert = x;
		else
			X509_free(x);
	}
	BIO_free(b);
	ERR_clear_error();
	return rc;
}

static long long
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	return ASN1_TIME_to_tm(t, &tm) ? (long long)timegm(&tm) : 0;
}

static int
check_cert(const struct k3s_ca *ca, const char *file, long long now, char *why,
    size_t len)
{
	char text[96], when[CLOCK_TEXT_LEN];
	long long until;

	if (ca->cert == NULL)
		return say(why, len, file, "there is no PEM certificate in it");
	if (X509_check_ca(ca->cert) != 1)
		return say(why, len, file,
		    "its first certificate is no CA: give the server's "
		    "server-ca.crt");
	until = seconds(X509_get0_notAfter(ca->cert));
	if (now <= until)
		return 0;
	snprintf(text, sizeof(text),
	    "it has expired at %s: renew it, or set the clock",
	    clock_text(until, when));
	return say(why, len, file, text);
}

int
k3s_ca_load(struct k3s_ca *ca, const char *cert_file, const char *key_file,
    long long now, char *why, size_t len)
{
	struct buf cert = { 0 }, key = { 0 };
	int rc = -1, e;

	memset(ca, 0, sizeof(*ca));
	snprintf(why, len, "no memory");
	if (read_file(&cert, cert_file, why, len) == -1 ||
	    read_file(&key, key_file, why, len) == -1 ||
	    read_chain(ca, &cert) == -1 ||
	    check_cert(ca, cert_file, now, why, len) == -1)
		;
	else if ((ca->key = pem_key(key.data, key.len)) == NULL)
		say(why, len, key_file,
		    "it is no PEM private key without passphrase");
	else if (X509_check_private_key(ca->cert, ca->key) != 1)
		say(why, len, key_file,
		    "it is not the key of the CA: give the server's "
		    "server-ca.key");
	else
		rc = 0;
	e = errno;
	ERR_clear_error();
	if (key.data != NULL)
		explicit_bzero(key.data, key.cap);
	buf_free(&key);
	buf_free(&cert);
	if (rc == -1)
		k3s_ca_free(ca);
	errno = e;
	return rc;
}

void
k3s_ca_free(struct k3s_ca *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	buf_free(&ca->chain);
	memset(ca, 0, sizeof(*ca));
}

/* --- its hash --- */

/* The one among the rest of the bundle that has issued x, or NULL. */
static X509 *
issuer_of(X509 *x, STACK_OF(X509) * all)
{
	X509 *c;
	int i;

	for (i = 1; i < sk_X509_num(all); i++) {
		c = sk_X509_value(all, i);
		if (c != x && X509_check_issued(c, x) == X509_V_OK &&
		    X509_verify(x, X509_get0_pubkey(c)) == 1)
			return c;
	}
	return NULL;
}

/* The root of the first one, if it is there and another one. */
static X509 *
root_of(STACK_OF(X509) * all)
{
	X509 *first = sk_X509_value(all, 0), *x = first, *next;
	int left = sk_X509_num(all);

	while (left-- > 0 && (next = issuer_of(x, all)) != NULL)
		x = next;
	return x == first || X509_check_issued(x, x) != X509_V_OK ? NULL : x;
}

static STACK_OF(X509) * read_all(const char *pem, size_t n)
{
	BIO *b = n > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)n);
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *x;

	while (b != NULL && all != NULL &&
	    (x = PEM_read_bio_X509(b, NULL, pem_no_password, NULL)) != NULL)
		if (sk_X509_push(all, x) <= 0)
			X509_free(x);
	BIO_free(b);
	ERR_clear_error();
	return all;
}

int
k3s_ca_hashes(const char *pem, size_t n, char old[65], char new[65])
{
	STACK_OF(X509) *all = read_all(pem, n);
	unsigned char *der = NULL;
	int rc = digest_sha256(pem, n, old), len;
	X509 *root = sk_X509_num(all) > 1 ? root_of(all) : NULL;

	memcpy(new, old, 65);
	if (rc == 0 && root != NULL && (len = i2d_X509(root, &der)) > 0)
		rc = digest_sha256(der, (size_t)len, new);
	OPENSSL_free(der);
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error();
	return rc;
}

int
k3s_ca_issued(const char *ca, size_t nca, const char *pem, size_t n)
{
	STACK_OF(X509) *roots = read_all(ca, nca), *all = read_all(pem, n);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int i, yes = 0;

	for (i = 0; store != NULL && i < sk_X509_num(roots); i++)
		X509_STORE_add_cert(store, sk_X509_value(roots, i));
	if (store != NULL && ctx != NULL && sk_X509_num(all) > 0 &&
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(all, 0), all) == 1) {
		X509_STORE_CTX_set_flags(ctx,
		    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
		yes = X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(roots, X509_free);
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error();
	return yes;
}

/* --- certificates --- */

static int
set_serial(X509 *x)
{
	unsigned char bytes[16];
	BIGNUM *n;
	int rc;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return 0;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	if ((n = BN_bin2bn(bytes, sizeof(bytes), NULL)) == NULL)
		return 0;
	rc = BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return rc;
}

static int
set_names(X509 *x, const struct k3s_ca *ca, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		   (const unsigned char *)cn, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, X509_get_subject_name(ca->cert)) == 1;
}

static int
set_times(X509 *x, const struct k3s_ca *ca, long long now)
{
	const ASN1_TIME *from = X509_get0_notBefore(ca->cert);
	const ASN1_TIME *until = X509_get0_notAfter(ca->cert);

	if (X509_set1_notBefore(x, from) != 1)
		return 0;
	if (seconds(until) <= now + DAYS * DAY_S)
		return X509_set1_notAfter(x, until) == 1;
	return ASN1_TIME_set(X509_getm_notAfter(x),
		   (time_t)(now + DAYS * DAY_S)) != NULL;
}

static int
add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	int rc = e != NULL && X509_add_ext(x, e, -1) == 1;

	X509_EXTENSION_free(e);
	return rc;
}

static int
add_extensions(X509 *x, const struct k3s_ca *ca, const char *names)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, ca->cert, x, NULL, NULL, 0);
	if (X509_get0_subject_key_id(ca->cert) != NULL &&
	    !add_extension(x, &ctx, NID_authority_key_identifier, "keyid"))
		return 0;
	return add_extension(x, &ctx, NID_basic_constraints,
		   "critical,CA:FALSE") &&
	    add_extension(x, &ctx, NID_key_usage,
		"critical,digitalSignature,keyEncipherment") &&
	    add_extension(x, &ctx, NID_ext_key_usage, "serverAuth") &&
	    add_extension(x, &ctx, NID_subject_alt_name, names);
}

int
k3s_ca_sign(const struct k3s_ca *ca, EVP_PKEY *key, const char *cn,
    const char *names, long long now, struct buf *out)
{
	int plain = EVP_PKEY_get_base_id(ca->key) == EVP_PKEY_ED25519;
	X509 *x = X509_new();
	size_t was = out->len;
	int rc = -1;

	errno = EINVAL;
	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    set_serial(x) && set_names(x, ca, cn) && set_times(x, ca, now) &&
	    X509_set_pubkey(x, key) == 1 && add_extensions(x, ca, names) &&
	    X509_sign(x, ca->key, plain ? NULL : EVP_sha256()) > 0 &&
	    add_certificate(out, x) == 0)
		rc = buf_add(out, ca->chain.data, ca->chain.len);
	if (rc == -1)
		out->len = was;
	X509_free(x);
	ERR_clear_error();
	return rc;
}

static int
has_name(X509 *x, const char *name)
{
	if (strncmp(name, "IP:", 3) == 0)
		return X509_check_ip_asc(x, name + 3, 0) == 1;
	return strncmp(name, "DNS:", 4) == 0 &&
	    X509_check_host(x, name + 4, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
		NULL) == 1;
}

static int
has_names(X509 *x, const char *names)
{
	char *text = strdup(names), *name, *save = NULL;
	int yes = text != NULL;

	for (name = yes ? strtok_r(text, ",", &save) : NULL;
	     yes && name != NULL; name = strtok_r(NULL, ",", &save))
		yes = has_name(x, name);
	free(text);
	return yes;
}

int
k3s_ca_signed(const struct k3s_ca *ca, const char *pem, size_t n,
    const char *names)
{
	X509 *x = pem_certificate(pem, n);
	int yes =
	    x != NULL && X509_verify(x, ca->key) == 1 && has_names(x, names);

	X509_free(x);
	ERR_clear_error();
	return yes;
}

int
k3s_ca_is_due(const struct k3s_ca *ca, const char *pem, size_t n, long long now)
{
	X509 *x = pem_certificate(pem, n);
	long long until, last = seconds(X509_get0_notAfter(ca->cert));

	if (x == NULL)
		return 1;
	until = seconds(X509_get0_notAfter(x));
	X509_free(x);
	return until < now + RENEW_DAYS * DAY_S && until < last;
}
