#ifndef ACCOUNT_CLAIMS_H
#define ACCOUNT_CLAIMS_H

#include "account.h"

/*
 * Between lib/account.c and lib/account_claims.c alone: the claims of a token
 * whose signature is good, and why it is refused.
 */
#define ACCOUNT_LEGACY_ISSUER "kubernetes/serviceaccount"
#define ACCOUNT_JTI_MAX 253

struct claims {
	const json_t *root; /* borrowed, as are the strings */
	const char *jti;    /* "": none */
	const char *uid;    /* of the account */
	int legacy;
	char *why;
	size_t len;
};

/* -1 with errno EACCES, why set. */
int claims_refuse(struct claims *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Each 0, or -1 with errno and why: issuer and audience, times, who it is. */
int claims_issuer(struct claims *c, const struct account_rules *r);
int claims_times(struct claims *c, const struct account_rules *r,
    struct account *a);
int claims_account(struct claims *c, struct account *a);

/* 1 if the name is in the comma-separated list, or the list is empty. */
int claims_listed(const char *list, const char *name);

#endif
