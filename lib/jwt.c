/*
 * A signed token in its compact form (RFC 7515, 7519), by libcjose. What the
 * library lets pass is refused before it is asked: an algorithm that is not
 * the key's own, extensions, lax base64url, duplicate members, a signature
 * that is not as long as the key makes them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "jwt_parts.h"

struct header {
	json_t *root;
	const char *alg, *kid; /* borrowed of it; kid NULL: none */
};

const char *
jwt_verdict_name(enum jwt_verdict v)
{
	switch (v) {
	case JWT_OK:
		return "verified";
	case JWT_MALFORMED:
		return "malformed token";
	case JWT_ALGORITHM:
		return "algorithm that does not fit the key";
	case JWT_NO_KEY:
		return "no key of that id";
	case JWT_SIGNATURE:
		return "wrong signature";
	case JWT_NO_MEMORY:
		return "no memory";
	}
	return "?";
}

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '_')
		return c == '-' ? 62 : 63;
	return -1;
}

unsigned char *
base64url(const char *p, size_t n, size_t *bytes)
{
	unsigned char *out = malloc(n / 4 * 3 + 4);
	unsigned acc = 0, bits = 0;
	size_t i, len = 0;
	int v;

	if (out == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		if ((v = sextet(p[i])) == -1)
			goto bad;
		acc = acc << 6 | (unsigned)v;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		out[len++] = (unsigned char)(acc >> bits);
		acc &= (1u << bits) - 1;
	}
	if (acc != 0 || bits == 6)
		goto bad;
	out[len] = '\0';
	*bytes = len;
	return out;
bad:
	free(out);
	errno = EBADMSG;
	return NULL;
}

int
jwt_split(struct jwt_part part[3], const char *token, size_t n)
{
	const char *end = token + n;
	size_t i;

	if (n > JWT_MAX)
		return 0;
	for (i = 0; i < 3; i++) {
		part[i].p = token;
		while (token < end && sextet(*token) != -1)
			token++;
		part[i].n = (size_t)(token - part[i].p);
		if (i < 2 && (token == end || *token++ != '.'))
			return 0;
	}
	return token == end && part[0].n > 0 && part[2].n > 0;
}

json_t *
jwt_json(const void *p, size_t n, size_t flags, json_error_t *why)
{
	json_t *o = json_loadb(p, n, flags, why);
	char *text;

	if (o == NULL) {
		/* what is in it is nobody's business */
		if ((text = strstr(why->text, " near ")) != NULL)
			*text = '\0';
		errno = json_error_code(why) == json_error_out_of_memory
		    ? ENOMEM
		    : EBADMSG;
		return NULL;
	}
	if (json_is_object(o))
		return o;
	json_decref(o);
	strcpy(why->text, "no JSON object");
	errno = EBADMSG;
	return NULL;
}

/* --- header --- */

static int
is_known(const char *alg)
{
	static const char *const known[] = { "RS256", "RS384", "RS512", "PS256",
		"PS384", "PS512", "ES256", "ES384", "ES512" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(alg, known[i]) == 0)
			return 1;
	return 0;
}

static enum jwt_verdict
check_header(struct header *h)
{
	const json_t *kid = json_object_get(h->root, "kid");

	h->alg = json_string_value(json_object_get(h->root, "alg"));
	if (h->alg == NULL || (kid != NULL && !json_is_string(kid)))
		return JWT_MALFORMED;
	if (json_string_length(kid) > 0)
		h->kid = json_string_value(kid);
	if (!is_known(h->alg) || json_object_get(h->root, "crit") != NULL ||
	    json_object_get(h->root, "b64") != NULL)
		return JWT_ALGORITHM;
	return JWT_OK;
}

static enum jwt_verdict
read_header(struct header *h, const struct jwt_part *part)
{
	unsigned char *text;
	json_error_t why;
	size_t n;

	memset(h, 0, sizeof(*h));
	text = base64url(part->p, part->n, &n);
	if (text != NULL) {
		h->root = jwt_json(text, n, JSON_REJECT_DUPLICATES, &why);
		free(text);
	}
	if (h->root == NULL)
		return errno == ENOMEM ? JWT_NO_MEMORY : JWT_MALFORMED;
	return check_header(h);
}

/* --- signature --- */

static enum jwt_verdict
no(const cjose_err *e, enum jwt_verdict otherwise)
{
	return e->code == CJOSE_ERR_NO_MEMORY ? JWT_NO_MEMORY : otherwise;
}

static int
may_verify(const struct jwk *k, const char *alg)
{
	size_t i;

	for (i = 0; i < JWK_ALGS && k->algs[i] != NULL; i++)
		if (strcmp(k->algs[i], alg) == 0)
			return 1;
	return 0;
}

static int
is_of_id(const struct jwks *k, const struct jwk *key, const char *kid)
{
	return k->any_kid || kid == NULL ||
	    (key->kid != NULL && strcmp(key->kid, kid) == 0);
}

/* Each key that may be meant. */
static enum jwt_verdict
try_keys(const struct jwks *k, const struct header *h, cjose_jws_t *jws,
    size_t signature)
{
	enum jwt_verdict v = JWT_NO_KEY;
	const struct jwk *key;
	cjose_err e = { 0 };
	size_t i;

	for (i = 0; i < k->n && v != JWT_NO_MEMORY; i++) {
		key = &k->keys[i];
		if (!is_of_id(k, key, h->kid))
			continue;
		if (!may_verify(key, h->alg)) {
			if (v == JWT_NO_KEY)
				v = JWT_ALGORITHM;
			continue;
		}
		if (signature == key->signature &&
		    cjose_jws_verify(jws, key->key, &e))
			return JWT_OK;
		v = no(&e, JWT_SIGNATURE);
	}
	return v;
}

static enum jwt_verdict
take_claims(const cjose_jws_t *jws, char **claims, size_t *n)
{
	cjose_err e = { 0 };
	uint8_t *p;

	if (!cjose_jws_get_plaintext(jws, &p, n, &e))
		return no(&e, JWT_MALFORMED);
	*claims = malloc(*n + 1);
	if (*claims == NULL)
		return JWT_NO_MEMORY;
	memcpy(*claims, p, *n);
	(*claims)[*n] = '\0';
	return JWT_OK;
}

static enum jwt_verdict
check_strict(const struct jwt_part *part, size_t *n)
{
	unsigned char *bytes = base64url(part->p, part->n, n);

	free(bytes);
	if (bytes != NULL)
		return JWT_OK;
	return errno == ENOMEM ? JWT_NO_MEMORY : JWT_MALFORMED;
}

static enum jwt_verdict
verify(const struct jwks *k, const struct header *h, const char *token,
    size_t n, size_t signature, char **claims, size_t *nclaims)
{
	cjose_err e = { 0 };
	cjose_jws_t *jws = cjose_jws_import(token, n, &e);
	enum jwt_verdict v;

	if (jws == NULL)
		return no(&e, JWT_MALFORMED);
	v = try_keys(k, h, jws, signature);
	if (v == JWT_OK)
		v = take_claims(jws, claims, nclaims);
	cjose_jws_release(jws);
	return v;
}

enum jwt_verdict
jwt_verify(const struct jwks *k, const char *token, size_t n, char **claims,
    size_t *nclaims)
{
	struct jwt_part part[3];
	size_t len, signature;
	enum jwt_verdict v;
	struct header h;

	if (!jwt_split(part, token, n))
		return JWT_MALFORMED;
	v = read_header(&h, &part[0]);
	if (v == JWT_OK)
		v = check_strict(&part[1], &len);
	if (v == JWT_OK)
		v = check_strict(&part[2], &signature);
	if (v == JWT_OK)
		v = verify(k, &h, token, n, signature, claims, nclaims);
	json_decref(h.root);
	ERR_clear_error();
	return v;
}
