/*
 * Public keys that verify signatures: out of a JSON Web Key Set, or one PEM.
 * The numbers are checked here, as the library takes any: RSA of 2048 to 16384
 * bits with a sane exponent and not of the weak kind of CVE-2017-15361, and
 * points on P-256, P-384 and P-521. Private members are not looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "jwt_parts.h"
#include "pem.h"

#define RSA_BITS_MIN 2048
#define RSA_BYTES_MAX 2048

struct bytes {
	unsigned char *p; /* NULL: there are none */
	size_t n;
};

struct curve {
	const char *name, *alg, *group;
	cjose_jwk_ec_curve crv;
	size_t size;
};

static const struct curve curves[] = {
	{ "P-256", "ES256", "prime256v1", CJOSE_JWK_EC_P_256, 32 },
	{ "P-384", "ES384", "secp384r1", CJOSE_JWK_EC_P_384, 48 },
	{ "P-521", "ES512", "secp521r1", CJOSE_JWK_EC_P_521, 66 },
};
#define NCURVES (sizeof(curves) / sizeof(curves[0]))

static const char *const rsa_algs[] = { "RS256", "RS384", "RS512", "PS256",
	"PS384", "PS512" };
#define NRSA_ALGS (sizeof(rsa_algs) / sizeof(rsa_algs[0]))

/* --- what keys are taken: 1, 0 left out, -1 with errno --- */

/* The library says "no memory" of a point that is not on the curve, too. */
static int
taken(struct jwk *k, const cjose_err *e)
{
	unsigned long last = ERR_peek_last_error();

	ERR_clear_error();
	if (k->key != NULL)
		return 1;
	errno = ENOMEM;
	if (e->code == CJOSE_ERR_NO_MEMORY &&
	    (last == 0 || ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE))
		return -1;
	return 0;
}

static unsigned
modulo(const struct bytes *b, unsigned m)
{
	unsigned rest = 0;
	size_t i;

	for (i = 0; i < b->n; i++)
		rest = (rest * 256 + b->p[i]) % m;
	return rest;
}

static int
is_power_of_f4(unsigned rest, unsigned prime)
{
	unsigned f4 = 65537 % prime, x = f4;

	for (; x != rest; x = x * f4 % prime)
		if (x == 1)
			return 0;
	return 1;
}

/* The fingerprint of CVE-2017-15361: by every small prime a power of 65537. */
static int
is_weak(const struct bytes *n)
{
	static const unsigned char primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29,
		31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
		103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163,
		167 };
	size_t i;

	for (i = 0; i < sizeof(primes); i++)
		if (!is_power_of_f4(modulo(n, primes[i]), primes[i]))
			return 0;
	return 1;
}

static void
strip(struct bytes *b)
{
	while (b->n > 0 && b->p[0] == 0) {
		b->p++;
		b->n--;
	}
}

static int
rsa_sane(const struct bytes *n, const struct bytes *e)
{
	if (n->n < RSA_BITS_MIN / 8 || n->n > RSA_BYTES_MAX ||
	    (n->n == RSA_BITS_MIN / 8 && (n->p[0] & 0x80) == 0))
		return 0;
	/* as Go has it: odd, 31 bits */
	if (e->n == 0 || e->n > 4 || (e->n == 4 && (e->p[0] & 0x80) != 0) ||
	    (e->p[e->n - 1] & 1) == 0 || (e->n == 1 && e->p[0] == 1))
		return 0;
	return (n->p[n->n - 1] & 1) != 0 && !is_weak(n);
}

/* PSS only where the key itself says so. */
static int
rsa_take(struct jwk *k, struct bytes n, struct bytes e, const char *alg)
{
	cjose_jwk_rsa_keyspec spec = { 0 };
	cjose_err err = { 0 };
	size_t i;

	strip(&n);
	strip(&e);
	if (!rsa_sane(&n, &e))
		return 0;
	for (i = 0; alg == NULL && i < JWK_ALGS; i++)
		k->algs[i] = rsa_algs[i];
	for (i = 0; alg != NULL && i < NRSA_ALGS; i++)
		if (strcmp(alg, rsa_algs[i]) == 0)
			k->algs[0] = rsa_algs[i];
	if (k->algs[0] == NULL)
		return 0;
	spec.n = n.p;
	spec.nlen = n.n;
	spec.e = e.p;
	spec.elen = e.n;
	k->signature = n.n;
	ERR_clear_error();
	k->key = cjose_jwk_create_RSA_spec(&spec, &err);
	return taken(k, &err);
}

static int
ec_take(struct jwk *k, const struct curve *c, struct bytes x, struct bytes y,
    const char *alg)
{
	cjose_jwk_ec_keyspec spec = { 0 };
	cjose_err err = { 0 };

	if (x.n != c->size || y.n != c->size ||
	    (alg != NULL && strcmp(alg, c->alg) != 0))
		return 0;
	spec.crv = c->crv;
	spec.x = x.p;
	spec.xlen = x.n;
	spec.y = y.p;
	spec.ylen = y.n;
	k->algs[0] = c->alg;
	k->signature = 2 * c->size;
	ERR_clear_error();
	k->key = cjose_jwk_create_EC_spec(&spec, &err);
	return taken(k, &err);
}

/* --- JSON --- */

/* A member of base64url. 1, 0 it is none, -1 with errno. */
static int
get_bytes(struct bytes *b, const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_string(v))
		return 0;
	b->p = base64url(json_string_value(v), json_string_length(v), &b->n);
	if (b->p != NULL)
		return 1;
	return errno == ENOMEM ? -1 : 0;
}

static int
load_two(struct jwk *k, const json_t *o, const struct curve *c, const char *alg)
{
	struct bytes a = { 0 }, b = { 0 };
	int rc;

	rc = get_bytes(&a, o, c != NULL ? "x" : "n");
	if (rc == 1)
		rc = get_bytes(&b, o, c != NULL ? "y" : "e");
	if (rc == 1)
		rc = c != NULL ? ec_take(k, c, a, b, alg)
			       : rsa_take(k, a, b, alg);
	free(a.p);
	free(b.p);
	return rc;
}

static const struct curve *
curve_named(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < NCURVES; i++)
		if (strcmp(name, curves[i].name) == 0 ||
		    strcmp(name, curves[i].group) == 0)
			return &curves[i];
	return NULL;
}

/* Absent, or a string. */
static int
is_string_if(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return v == NULL || json_is_string(v);
}

/* For signatures, as far as it says what it is for. */
static int
is_to_verify(const json_t *o)
{
	const char *use = json_string_value(json_object_get(o, "use"));
	const json_t *v, *ops = json_object_get(o, "key_ops");
	size_t i;

	if (use != NULL && strcmp(use, "sig") != 0)
		return 0;
	if (ops == NULL)
		return 1;
	json_array_foreach(ops, i, v)
		if (json_is_string(v) &&
		    strcmp(json_string_value(v), "verify") == 0)
			return 1;
	return 0;
}

static int
load_key(struct jwk *k, const json_t *o)
{
	const char *kty = json_string_value(json_object_get(o, "kty"));
	const char *alg = json_string_value(json_object_get(o, "alg"));
	const char *kid = json_string_value(json_object_get(o, "kid"));
	const struct curve *c;

	if (kty == NULL || !is_string_if(o, "alg") || !is_string_if(o, "use") ||
	    !is_string_if(o, "kid") || !is_to_verify(o))
		return 0;
	if (kid != NULL && *kid != '\0' && (k->kid = strdup(kid)) == NULL)
		return -1;
	if (strcmp(kty, "RSA") == 0)
		return load_two(k, o, NULL, alg);
	c = curve_named(json_string_value(json_object_get(o, "crv")));
	if (strcmp(kty, "EC") == 0 && c != NULL)
		return load_two(k, o, c, alg);
	return 0;
}

static void
free_key(struct jwk *k)
{
	if (k->key != NULL)
		cjose_jwk_release(k->key);
	free(k->kid);
	memset(k, 0, sizeof(*k));
}

static int
load_keys(struct jwks *k, const json_t *keys, char *why, size_t len)
{
	const json_t *o;
	size_t i;
	int rc;

	if (!json_is_array(keys) || json_array_size(keys) > JWKS_KEYS_MAX) {
		snprintf(why, len,
		    json_is_array(keys) ? "more than %d keys" : "no keys",
		    JWKS_KEYS_MAX);
		errno = EBADMSG;
		return -1;
	}
	json_array_foreach(keys, i, o) {
		rc = load_key(&k->keys[k->n], o);
		if (rc == 1)
			k->n++;
		else
			free_key(&k->keys[k->n]);
		if (rc == -1) {
			snprintf(why, len, "no memory");
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

static struct jwks *
refuse(struct jwks *k, int error)
{
	jwks_free(k);
	ERR_clear_error();
	errno = error;
	return NULL;
}

struct jwks *
jwks_parse(const char *p, size_t n, char *why, size_t len)
{
	struct jwks *k = calloc(1, sizeof(*k));
	json_error_t error;
	json_t *o;
	int rc;

	if (k == NULL || n > JWKS_MAX) {
		snprintf(why, len, k == NULL ? "no memory" : "too long");
		return refuse(k, k == NULL ? ENOMEM : EBADMSG);
	}
	o = jwt_json(p, n, JSON_REJECT_DUPLICATES, &error);
	if (o == NULL) {
		snprintf(why, len, "%s", error.text);
		return refuse(k, errno);
	}
	rc = load_keys(k, json_object_get(o, "keys"), why, len);
	json_decref(o);
	return rc == 0 ? k : refuse(k, errno);
}

/* --- PEM --- */

static EVP_PKEY *
read_pem(const char *p, size_t n)
{
	BIO *bio = BIO_new_mem_buf(p, (int)n);
	EVP_PKEY *key;
	X509 *x;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PUBKEY(bio, NULL, pem_no_password, NULL);
	if (key == NULL && BIO_reset(bio) == 1) {
		x = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);
		key = x != NULL ? X509_get_pubkey(x) : NULL;
		X509_free(x);
	}
	BIO_free(bio);
	return key;
}

/* size 0: as it is. 1, or -1 with errno. */
static int
get_number(struct bytes *b, const EVP_PKEY *key, const char *name, size_t size)
{
	BIGNUM *bn = NULL;
	int n;

	errno = ENOMEM;
	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		return -1;
	n = size > 0 ? (int)size : BN_num_bytes(bn);
	b->p = malloc((size_t)n + 1);
	b->n = (size_t)n;
	n = b->p != NULL ? BN_bn2binpad(bn, b->p, n) : -1;
	BN_free(bn);
	return n < 0 ? -1 : 1;
}

static int
take_two(struct jwk *k, const EVP_PKEY *key, const struct curve *c)
{
	struct bytes a = { 0 }, b = { 0 };
	size_t size = c != NULL ? c->size : 0;
	int rc;

	rc = get_number(&a, key,
	    c != NULL ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N, size);
	if (rc == 1)
		rc = get_number(&b, key,
		    c != NULL ? OSSL_PKEY_PARAM_EC_PUB_Y
			      : OSSL_PKEY_PARAM_RSA_E,
		    size);
	if (rc == 1)
		rc = c != NULL ? ec_take(k, c, a, b, NULL)
			       : rsa_take(k, a, b, NULL);
	free(a.p);
	free(b.p);
	return rc;
}

static int
take_pem(struct jwk *k, const EVP_PKEY *key)
{
	const struct curve *c;
	char group[64] = "";

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return take_two(k, key, NULL);
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return 0;
	c = curve_named(group);
	return c != NULL ? take_two(k, key, c) : 0;
}

struct jwks *
jwks_pem(const char *p, size_t n, char *why, size_t len)
{
	struct jwks *k = calloc(1, sizeof(*k));
	EVP_PKEY *key = NULL;
	int rc;

	if (k == NULL || n > JWKS_MAX || (key = read_pem(p, n)) == NULL) {
		snprintf(why, len,
		    k == NULL ? "no memory" : "no public key or certificate");
		return refuse(k, k == NULL ? ENOMEM : EBADMSG);
	}
	k->any_kid = 1;
	rc = take_pem(&k->keys[0], key);
	EVP_PKEY_free(key);
	if (rc == 1) {
		k->n = 1;
		return k;
	}
	snprintf(why, len, rc == -1 ? "no memory" : "no key of a kind in use");
	return refuse(k, rc == -1 ? ENOMEM : EBADMSG);
}

void
jwks_free(struct jwks *k)
{
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < JWKS_KEYS_MAX; i++)
		free_key(&k->keys[i]);
	free(k);
}

size_t
jwks_count(const struct jwks *k)
{
	return k->n;
}
