#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "jwks.h"
#include "user.h"

/*
 * A service account's token, verified as kube-apiserver does
 * (pkg/serviceaccount/jwt.go, claims.go), but for what only its store knows:
 * see the bound objects.
 */
struct account_rules {
	const char *issuers;   /* comma-separated; "" any */
	const char *audiences; /* comma-separated, one of which must be in aud;
				  "" : the issuers */
	long long now;	       /* unix seconds */
	long long leeway;      /* seconds that clocks may differ */
};

struct account {
	struct user user;
	long long expires; /* 0: never (a legacy token) */
	char ns[64], name[254];
	char pod[254], pod_uid[64];	  /* "" where it is not bound to one */
	char secret[254], secret_uid[64]; /* "" */
	char node[254], node_uid[64];	  /* "" */
};

/*
 * 0; -1 with errno and why: EBADMSG no service account token at all (another
 * issuer's, opaque), ENOENT by a key that is not known, EACCES a token that is
 * refused (signature, expired, not yet, audience, malformed claims), ENOMEM.
 * Duplicate claims, huge numbers and wrong types are refused.
 */
int account_verify(struct account *a, const struct jwks *keys,
    const struct account_rules *r, const char *token, size_t n, char *why,
    size_t len);
void account_free(struct account *a);

/* 1 if the text looks like a JWT of one of the issuers, unverified. */
int account_is_ours(const char *token, size_t n, const char *issuers);

#endif
