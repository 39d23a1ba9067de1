#ifndef JWKS_H
#define JWKS_H

#include <stddef.h>

/*
 * A JSON Web Key Set (RFC 7517), and tokens signed by it (RFC 7515, compact
 * form), by a well-kept JOSE library. Public signature keys alone: RSA of 2048
 * bits or more, P-256, P-384, P-521; others are left out.
 */
struct jwks;

#define JWKS_MAX (256 * 1024)
#define JWKS_KEYS_MAX 64
#define JWT_MAX (64 * 1024)

enum jwt_verdict {
	JWT_OK,
	JWT_MALFORMED, /* not three parts, no base64url, no JSON object, ... */
	JWT_ALGORITHM, /* none, or one that does not fit the key, or crit */
	JWT_NO_KEY,    /* no key of that kid */
	JWT_SIGNATURE, /* forged */
	JWT_NO_MEMORY,
};
const char *jwt_verdict_name(enum jwt_verdict v);

/* NULL with errno (EBADMSG where it is no key set) and why. */
struct jwks *jwks_parse(const char *p, size_t n, char *why, size_t len);
/* One public key or certificate, PEM: to verify with a service account's
 * signing key at hand. kid is not looked at then. */
struct jwks *jwks_pem(const char *p, size_t n, char *why, size_t len);
void jwks_free(struct jwks *k);
size_t jwks_count(const struct jwks *k);

/*
 * Verify the signature; the algorithm is of the key's own kind, whatever the
 * header says (RFC 8725, 3.1). On JWT_OK *claims is the payload, n bytes with
 * a NUL behind, to be freed.
 */
enum jwt_verdict jwt_verify(const struct jwks *k, const char *token, size_t n,
    char **claims, size_t *nclaims);

#endif
