#ifndef JWT_PARTS_H
#define JWT_PARTS_H

#include <cjose/cjose.h>
#include <jansson.h>

#include "jwks.h"

/*
 * Between lib/jwks.c, lib/jwt.c and lib/account*.c alone: a key, and the
 * three parts of a token.
 */
#define JWK_ALGS 3

struct jwk {
	cjose_jwk_t *key;
	char *kid;		    /* NULL: it has none */
	const char *algs[JWK_ALGS]; /* what it may verify, NULL behind */
	size_t signature;	    /* bytes that a signature has */
};

struct jwks {
	struct jwk keys[JWKS_KEYS_MAX];
	size_t n;
	int any_kid; /* kid is not looked at */
};

struct jwt_part {
	const char *p; /* borrowed */
	size_t n;
};

/* 1 if there are three parts of base64url, of at most JWT_MAX in all. */
int jwt_split(struct jwt_part part[3], const char *token, size_t n);

/*
 * base64url without padding and without stray bits (RFC 7515, 2). The bytes
 * with a NUL behind, to be freed; NULL with errno: EBADMSG, ENOMEM.
 */
unsigned char *base64url(const char *p, size_t n, size_t *bytes);

/*
 * A JSON object, flags as jansson's: a new reference; NULL with errno
 * (EBADMSG, ENOMEM) and why.
 */
json_t *jwt_json(const void *p, size_t n, size_t flags, json_error_t *why);

#endif
