/*
 * Signed tokens: the examples of RFC 7515, what is forged, confused, lax or
 * huge, and key sets. With arguments: files of Wycheproof's vectors.
 */
#include <errno.h>
#include <jansson.h>

#include "jwks.h"
#include "mint_jwt.h"
#include "tap.h"

#define A2_KEY                                                                 \
	"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p" \
	"4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Q"  \
	"lL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LO"  \
	"L-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsm"  \
	"tdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"  \
	"h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"
#define A_CLAIMS                                                             \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcG" \
	"xlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A2_TOKEN                                                              \
	"eyJhbGciOiJSUzI1NiJ9." A_CLAIMS                                      \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7A"  \
	"AuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAyn" \
	"RFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRm" \
	"B_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh" \
	"6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGl" \
	"UPQGe77Rw"
#define A3_KEY                                                                 \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMz" \
	"V76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIW"  \
	"I5a0\"}"
#define A3_TOKEN                                                             \
	"eyJhbGciOiJFUzI1NiJ9." A_CLAIMS                                     \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSAp" \
	"mWQxfKTUJqPP3-Kg6NU1Q"
#define A4_KEY                                                                 \
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSr" \
	"DCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\""  \
	"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79aj"  \
	"L4Kkd0AZMaZmh9ubmf63e3kyMj2\"}"
#define A4_TOKEN                                                              \
	"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD" \
	"_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZ" \
	"goXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXol" \
	"LzeO_Jn"
#define A1_KEY                                                                \
	"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr" \
	"_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}"
#define A1_TOKEN                                             \
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." A_CLAIMS \
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

static struct jwks *
set_of(const char *keys)
{
	char why[256] = "?", *text;
	struct jwks *k;

	if (asprintf(&text, "{\"keys\":[%s]}", keys) == -1)
		abort();
	k = jwks_parse(text, strlen(text), why, sizeof(why));
	if (k == NULL)
		printf("# %s\n", why);
	free(text);
	return k;
}

static enum jwt_verdict
check(const struct jwks *k, const char *token, size_t n)
{
	enum jwt_verdict v;
	char *claims = NULL, *copy = malloc(n + 1);
	size_t len = 0;

	/* without a NUL behind, for the sanitizers */
	memcpy(copy, token, n);
	copy = realloc(copy, n > 0 ? n : 1);
	v = jwt_verify(k, copy, n, &claims, &len);
	if ((claims != NULL) != (v == JWT_OK) ||
	    (v == JWT_OK && claims[len] != '\0'))
		ok(0, "claims are there if the verdict is good, and only then");
	free(claims);
	free(copy);
	return v;
}

static void
gives(const struct jwks *k, const char *token, enum jwt_verdict want,
    const char *name)
{
	is_str(jwt_verdict_name(check(k, token, strlen(token))),
	    jwt_verdict_name(want), name);
}

static void
test_rfc7515(void)
{
	struct jwks *k = set_of(A1_KEY "," A2_KEY "," A3_KEY "," A4_KEY);
	char *claims = NULL;
	size_t n = 0;

	is_int((long long)jwks_count(k), 3, "the symmetric key is left out");
	gives(k, A1_TOKEN, JWT_ALGORITHM, "RFC 7515 A.1: HS256 is refused");
	gives(k, A2_TOKEN, JWT_OK, "A.2: RS256");
	gives(k, A3_TOKEN, JWT_OK, "A.3: ES256");
	gives(k, A4_TOKEN, JWT_OK, "A.4: ES512");
	gives(k, "eyJhbGciOiJub25lIn0." A_CLAIMS ".", JWT_MALFORMED,
	    "A.5: nothing signed");
	gives(k, "eyJhbGciOiJub25lIn0." A_CLAIMS ".AAAA", JWT_ALGORITHM,
	    "alg none with a signature");
	jwt_verify(k, A4_TOKEN, strlen(A4_TOKEN), &claims, &n);
	is_str(claims, "Payload", "the payload");
	is_int((long long)n, 7, "and its length");
	free(claims);
	jwks_free(k);
}

/* Every bit of a token counts. */
static void
test_tampered(void)
{
	struct jwks *k = set_of(A3_KEY);
	char token[] = A3_TOKEN;
	size_t i, passed = 0;

	for (i = 0; i < strlen(token); i++) {
		token[i] ^= 1;
		passed += check(k, token, strlen(token)) == JWT_OK;
		token[i] ^= 1;
		passed += check(k, token, i) == JWT_OK;
	}
	is_int((long long)passed, 0, "one byte changed, or cut off anywhere");
	gives(k, A3_TOKEN, JWT_OK, "as it was");
	jwks_free(k);
}

static void
test_lax(void)
{
	struct jwks *k = set_of(A3_KEY);
	char *huge = malloc(JWT_MAX + 2);

	gives(k, "", JWT_MALFORMED, "0 bytes");
	gives(k, "..", JWT_MALFORMED, "empty parts");
	gives(k, A3_TOKEN "==", JWT_MALFORMED, "padding");
	gives(k, A3_TOKEN "\n", JWT_MALFORMED, "a newline behind");
	gives(k, " " A3_TOKEN, JWT_MALFORMED, "a blank before");
	gives(k, A3_TOKEN ".", JWT_MALFORMED, "a fourth part");
	gives(k, A3_TOKEN "B", JWT_MALFORMED, "stray bits");
	gives(k, A3_TOKEN "AA", JWT_SIGNATURE, "a longer signature");
	gives(k, "eyJhbGciOiJFUzI1NiJ9.e30.AA", JWT_SIGNATURE, "a short one");
	gives(k, "eyJhbGciOiJFUzI1NiJ9.e31.AAAA", JWT_MALFORMED,
	    "stray bits in the claims");
	gives(k, "e30.e30.AAAA", JWT_MALFORMED, "no alg");
	gives(k, "W10.e30.AAAA", JWT_MALFORMED, "a header that is a list");
	gives(k, "_w.e30.AAAA", JWT_MALFORMED, "bad UTF-8 in the header");
	gives(k, "AAAA.e30.AAAA", JWT_MALFORMED, "NULs for a header");
	memset(huge, 'A', JWT_MAX + 1);
	memcpy(huge, A3_TOKEN, 22);
	huge[JWT_MAX] = '\0';
	gives(k, huge, JWT_MALFORMED, "64 KB of claims and no signature");
	huge[JWT_MAX - 100] = '.';
	gives(k, huge, JWT_SIGNATURE, "64 KB that are not signed");
	huge[JWT_MAX] = 'A';
	huge[JWT_MAX + 1] = '\0';
	gives(k, huge, JWT_MALFORMED, "a byte more");
	free(huge);
	jwks_free(k);
}

/* --- what a header says --- */

static void
minted(const struct jwks *k, EVP_PKEY *key, const char *alg, const char *header,
    enum jwt_verdict want, const char *name)
{
	char *token = mint(key, alg, header, "{}");

	gives(k, token, want, name);
	free(token);
}

static void
test_header(void)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	char *jwk = mint_jwk(ec, "\"kid\":\"a\",");
	struct jwks *k = set_of(jwk);

	minted(k, ec, "ES256", "{\"alg\":\"ES256\"}", JWT_OK, "no kid");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"\"}", JWT_OK,
	    "an empty kid is none");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"a\"}", JWT_OK,
	    "its kid");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"b\"}", JWT_NO_KEY,
	    "another kid");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":1}", JWT_MALFORMED,
	    "a kid that is a number");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":null}",
	    JWT_MALFORMED, "a kid that is null");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
	    JWT_ALGORITHM, "crit");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"b64\":false}",
	    JWT_ALGORITHM, "b64");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
	    JWT_MALFORMED, "alg twice");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\"}",
	    JWT_MALFORMED, "a kid with NUL");
	minted(k, ec, "ES256", "{\"alg\":\"es256\"}", JWT_ALGORITHM,
	    "a lower case alg");
	minted(k, ec, "ES256", "{\"alg\":[\"ES256\"]}", JWT_MALFORMED,
	    "alg in a list");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\"} ", JWT_OK,
	    "a blank behind the header");
	minted(k, ec, "ES256", "{\"alg\":\"ES256\"}x", JWT_MALFORMED,
	    "something behind the header");
	minted(k, ec, "ES384", "{\"alg\":\"ES384\"}", JWT_ALGORITHM,
	    "the hash of another curve");
	jwks_free(k);
	free(jwk);
	EVP_PKEY_free(ec);
}

/* HMAC by the public key's PEM, the classic of confusion. */
static void
test_confusion(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *hmac;
	char *pem = mint_pem(rsa), *jwk = mint_jwk(rsa, ""), why[256];
	struct jwks *k = set_of(jwk), *p;

	p = jwks_pem(pem, strlen(pem), why, sizeof(why));
	hmac = EVP_PKEY_new_raw_private_key_ex(NULL, "HMAC", NULL,
	    (unsigned char *)pem, strlen(pem));
	minted(k, hmac, "HS256", "{\"alg\":\"HS256\"}", JWT_ALGORITHM,
	    "HS256 by the public key");
	minted(p, hmac, "HS256", "{\"alg\":\"HS256\"}", JWT_ALGORITHM,
	    "and with PEM");
	minted(k, hmac, "HS256", "{\"alg\":\"RS256\"}", JWT_SIGNATURE,
	    "HMAC that calls itself RS256");
	minted(k, rsa, "RS256", "{\"alg\":\"ES256\"}", JWT_ALGORITHM,
	    "RSA that calls itself ES256");
	minted(k, rsa, "RS256", "{\"alg\":\"RS384\"}", JWT_SIGNATURE,
	    "RS256 that calls itself RS384");
	minted(k, rsa, "PS256", "{\"alg\":\"PS256\"}", JWT_ALGORITHM,
	    "PSS by a key that does not say so");
	minted(p, rsa, "RS512", "{\"alg\":\"RS512\",\"kid\":\"any\"}", JWT_OK,
	    "with PEM any kid will do");
	jwks_free(k);
	jwks_free(p);
	free(jwk);
	free(pem);
	EVP_PKEY_free(hmac);
	EVP_PKEY_free(rsa);
}

/* A key for each algorithm verifies its own, and no other does. */
static void
test_algorithms(void)
{
	static const char *const algs[] = { "RS256", "RS384", "RS512", "PS256",
		"PS384", "PS512", "ES256", "ES384", "ES512" };
	EVP_PKEY *key;
	char more[64], header[64], *token, *jwk;
	struct jwks *k[9];
	int i, j, wrong;

	for (i = 0; i < 9; i++) {
		key = i < 6  ? EVP_RSA_gen(2048)
		    : i == 6 ? EVP_EC_gen("P-256")
		    : i == 7 ? EVP_EC_gen("P-384")
			     : EVP_EC_gen("P-521");
		snprintf(more, sizeof(more), "\"alg\":\"%s\",", algs[i]);
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algs[i]);
		jwk = mint_jwk(key, more);
		k[i] = set_of(jwk);
		token = mint(key, algs[i], header, "{\"a\":1}");
		gives(k[i], token, JWT_OK, algs[i]);
		for (wrong = j = 0; j < i; j++)
			wrong +=
			    check(k[j], token, strlen(token)) != JWT_ALGORITHM;
		is_int(wrong, 0, "no key of another algorithm does");
		free(token);
		free(jwk);
		EVP_PKEY_free(key);
	}
	for (i = 0; i < 9; i++)
		jwks_free(k[i]);
}

/* --- key sets --- */

static void
counts(const char *keys, size_t want, const char *name)
{
	struct jwks *k = set_of(keys);

	is_int(k != NULL ? (long long)jwks_count(k) : -1, (long long)want,
	    name);
	jwks_free(k);
}

static void
key_counts(const EVP_PKEY *key, const char *more, size_t want, const char *name)
{
	char *jwk = mint_jwk(key, more);

	counts(jwk, want, name);
	free(jwk);
}

static void
test_keys(void)
{
	EVP_PKEY *small = EVP_RSA_gen(2040), *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *ec = EVP_EC_gen("P-256");

	counts("", 0, "a set without keys");
	counts("{}, 1, null, [], \"a\"", 0, "what are no keys");
	key_counts(small, "", 0, "RSA of 2040 bits");
	key_counts(rsa, "", 1, "RSA of 2048");
	key_counts(rsa, "\"use\":\"sig\",", 1, "for signatures");
	key_counts(rsa, "\"use\":\"enc\",", 0, "for encryption");
	key_counts(rsa, "\"use\":1,", 0, "a use that is a number");
	key_counts(rsa, "\"key_ops\":[\"verify\"],", 1, "key_ops");
	key_counts(rsa, "\"key_ops\":[\"sign\"],", 0, "other key_ops");
	key_counts(rsa, "\"key_ops\":\"verify\",", 0, "key_ops as a string");
	key_counts(rsa, "\"alg\":\"HS256\",", 0, "RSA for HS256");
	key_counts(rsa, "\"alg\":\"RSA-OAEP\",", 0, "RSA-OAEP");
	key_counts(rsa, "\"d\":\"AQAB\",", 1, "a private member is ignored");
	key_counts(ec, "\"alg\":\"ES384\",", 0, "P-256 for ES384");
	key_counts(ec, "\"kid\":7,", 0, "a kid that is a number");
	counts("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", 0, "short n");
	counts("{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}", 0, "empty numbers");
	counts("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9t"
	       "Le1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6"
	       "pCyStikYjKIWI5a4\"}",
	    0, "a point that is not on the curve");
	counts("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
	    0, "a short point");
	counts("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"\",\"y\":\"\"}",
	    0, "another curve");
	EVP_PKEY_free(small);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

static void
no_set(const char *text, size_t n, const char *name)
{
	char why[256] = "";
	struct jwks *k;

	errno = 0;
	k = jwks_parse(text, n, why, sizeof(why));
	ok(k == NULL && errno == EBADMSG && why[0] != '\0', "%s: %s", name,
	    why);
	jwks_free(k);
}

static void
test_sets(void)
{
	char *big = calloc(1, JWKS_MAX + 1), many[JWKS_KEYS_MAX * 3 + 16];
	size_t i, n;

	no_set("", 0, "0 bytes");
	no_set("[]", 2, "a list");
	no_set("{}", 2, "no keys");
	no_set("{\"keys\":{}}", 11, "keys that are no list");
	no_set("{\"keys\":[],\"keys\":[]}", 21, "keys twice");
	no_set("{\"keys\":[{\"kid\":\"\xff\"}]}", 22, "bad UTF-8");
	no_set("{\"keys\":[]}x", 12, "something behind");
	memset(big, ' ', JWKS_MAX + 1);
	no_set(big, JWKS_MAX + 1, "256 KB and a byte");
	n = (size_t)snprintf(many, sizeof(many), "{\"keys\":[");
	for (i = 0; i <= JWKS_KEYS_MAX; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "%s{}",
		    i > 0 ? "," : "");
	memcpy(many + n, "]}", 2);
	no_set(many, n + 2, "too many keys");
	free(big);
}

static void
test_rotation(void)
{
	EVP_PKEY *old = EVP_EC_gen("P-256"), *new = EVP_EC_gen("P-256");
	char *a = mint_jwk(old, "\"kid\":\"k\","), *both;
	char *b = mint_jwk(new, "\"kid\":\"k\",");
	struct jwks *k;

	if (asprintf(&both, "%s,%s", a, b) == -1)
		abort();
	k = set_of(both);
	minted(k, old, "ES256", "{\"alg\":\"ES256\"}", JWT_OK, "the old key");
	minted(k, new, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k\"}", JWT_OK,
	    "two of one kid are tried");
	jwks_free(k);
	free(a);
	free(b);
	free(both);
	EVP_PKEY_free(old);
	EVP_PKEY_free(new);
}

static void
no_pem(const char *text, const char *name)
{
	char why[256] = "";
	struct jwks *k;

	errno = 0;
	k = jwks_pem(text, strlen(text), why, sizeof(why));
	ok(k == NULL && errno == EBADMSG && why[0] != '\0', "%s: %s", name,
	    why);
	jwks_free(k);
}

static void
test_pem(void)
{
	EVP_PKEY *small = EVP_RSA_gen(1024),
		 *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *ec = EVP_EC_gen("P-384");
	char *a = mint_pem(small), *b = mint_pem(ed), *c = mint_pem(ec), why[9];
	struct jwks *k;

	no_pem("", "an empty PEM");
	no_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	    "a PEM of nothing");
	no_pem(a, "RSA of 1024 bits");
	no_pem(b, "Ed25519");
	k = jwks_pem(c, strlen(c), why, sizeof(why));
	minted(k, ec, "ES384", "{\"alg\":\"ES384\"}", JWT_OK, "P-384 by PEM");
	jwks_free(k);
	free(a);
	free(b);
	free(c);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(ec);
}

/* --- Wycheproof --- */

/*
 * The set of a group. The keys of RFC 7520 have no alg; those of the vectors
 * have been given some that do not fit what they signed.
 */
static void
mend_key(json_t *key, const char *comment)
{
	const char *alg = json_string_value(json_object_get(key, "alg"));

	if (alg == NULL || strncmp(comment, "rfc7520", 7) != 0)
		return;
	if (strcmp(alg, "ES521") == 0)
		json_object_set_new(key, "alg", json_string("ES512"));
	else if (strcmp(alg, "PS256") == 0)
		json_object_set_new(key, "alg", json_string("PS384"));
}

/* A new reference. */
static json_t *
group_set(const json_t *group, const char *comment)
{
	json_t *o = json_object_get(group, "public");

	if (o == NULL)
		o = json_object_get(group, "private");
	if (json_object_get(o, "keys") != NULL)
		return json_incref(o);
	mend_key(o, comment);
	return json_pack("{s:[O]}", "keys", o);
}

/* Symmetric keys are left out, so none of what they signed is good. */
static int
is_symmetric(const json_t *set)
{
	const json_t *key = json_array_get(json_object_get(set, "keys"), 0);
	const char *kty = json_string_value(json_object_get(key, "kty"));

	return kty != NULL && strcmp(kty, "oct") == 0;
}

static size_t
run_group(const json_t *group)
{
	const char *token, *result, *comment;
	const char *name = json_string_value(json_object_get(group, "comment"));
	json_t *t, *set = group_set(group, name);
	char *text = json_dumps(set, 0), why[256] = "";
	struct jwks *k = jwks_parse(text, strlen(text), why, sizeof(why));
	size_t i, ran = 0;

	json_array_foreach(json_object_get(group, "tests"), i, t) {
		if (k == NULL ||
		    json_unpack(t, "{s:s,s:s,s:s}", "jws", &token, "result",
			&result, "comment", &comment) == -1)
			continue;
		ok((check(k, token, strlen(token)) == JWT_OK) ==
			(strcmp(result, "valid") == 0 && !is_symmetric(set)),
		    "%s %s: %s", name, comment, result);
		ran++;
	}
	jwks_free(k);
	free(text);
	json_decref(set);
	return ran;
}

static size_t
run_file(const char *file)
{
	json_error_t why;
	json_t *root = json_load_file(file, 0, &why);
	const json_t *group;
	size_t i, ran = 0;

	json_array_foreach(json_object_get(root, "testGroups"), i, group)
		ran += run_group(group);
	json_decref(root);
	return ran;
}

static int
run_vectors(char **files)
{
	size_t ran = 0;

	for (; *files != NULL; files++)
		ran += run_file(*files);
	ok(ran >= 450, "%zu vectors", ran);
	return done_testing();
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		return run_vectors(argv + 1);
	test_rfc7515();
	test_tampered();
	test_lax();
	test_header();
	test_confusion();
	test_algorithms();
	test_keys();
	test_sets();
	test_rotation();
	test_pem();
	return done_testing();
}
