/*
 * Who a service account's token is of, as TokenReview tells it, from the
 * token and the cluster's public keys alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_claims.h"
#include "jwt_parts.h"

#define EXTRA "authentication.kubernetes.io/"

/* 1 if it says that it is of one of the issuers, 0 if not, -1 with errno. */
static int
peek(const char *token, size_t n, const char *issuers)
{
	struct jwt_part part[3];
	unsigned char *text;
	json_error_t error;
	const char *iss;
	json_t *o;
	int ours;

	if (!jwt_split(part, token, n))
		return 0;
	text = base64url(part[1].p, part[1].n, &n);
	if (text == NULL)
		return errno == ENOMEM ? -1 : 0;
	o = jwt_json(text, n, 0, &error);
	free(text);
	if (o == NULL)
		return errno == ENOMEM ? -1 : 0;
	iss = json_string_value(json_object_get(o, "iss"));
	ours = iss != NULL && *iss != '\0' &&
	    (claims_listed(issuers, iss) ||
		strcmp(iss, ACCOUNT_LEGACY_ISSUER) == 0);
	json_decref(o);
	return ours;
}

int
account_is_ours(const char *token, size_t n, const char *issuers)
{
	return peek(token, n, issuers) == 1;
}

/* --- the user --- */

static int
put_extra(struct user *u, const char *key, const char *value)
{
	return *value != '\0' ? user_add_extra(u, key, value) : 0;
}

/* In the order of the keys, which is the order of Go's JSON. */
static int
set_extra(struct account *a, const struct claims *c)
{
	char id[ACCOUNT_JTI_MAX + sizeof("JTI=")] = "";

	if (*c->jti != '\0')
		snprintf(id, sizeof(id), "JTI=%s", c->jti);
	if (put_extra(&a->user, EXTRA "credential-id", id) == -1 ||
	    put_extra(&a->user, EXTRA "node-name", a->node) == -1 ||
	    put_extra(&a->user, EXTRA "node-uid", a->node_uid) == -1 ||
	    put_extra(&a->user, EXTRA "pod-name", a->pod) == -1)
		return -1;
	return put_extra(&a->user, EXTRA "pod-uid", a->pod_uid);
}

static int
set_user(struct account *a, const struct claims *c)
{
	char text[sizeof("system:serviceaccounts:") + sizeof(a->ns) +
	    sizeof(a->name)];

	snprintf(text, sizeof(text), "system:serviceaccount:%s:%s", a->ns,
	    a->name);
	if (user_set(&a->user, text, c->uid) == -1 ||
	    user_add_group(&a->user, "system:serviceaccounts") == -1)
		return -1;
	snprintf(text, sizeof(text), "system:serviceaccounts:%s", a->ns);
	if (user_add_group(&a->user, text) == -1 ||
	    user_add_group(&a->user, "system:authenticated") == -1)
		return -1;
	return set_extra(a, c);
}

/* --- the token --- */

static int
take_claims(struct account *a, struct claims *c, const struct account_rules *r)
{
	if (claims_issuer(c, r) == -1 || claims_times(c, r, a) == -1 ||
	    claims_account(c, a) == -1)
		return -1;
	if (set_user(a, c) == 0)
		return 0;
	snprintf(c->why, c->len, "%s", strerror(errno));
	return -1;
}

/* The claims of a token whose signature is good; NULL with errno and why. */
static json_t *
verified(const struct jwks *keys, const char *token, size_t n, char *why,
    size_t len)
{
	enum jwt_verdict v;
	json_error_t error;
	char *text = NULL;
	json_t *o;

	v = jwt_verify(keys, token, n, &text, &n);
	if (v != JWT_OK) {
		snprintf(why, len, "%s", jwt_verdict_name(v));
		errno = v == JWT_NO_MEMORY ? ENOMEM
		    : v == JWT_NO_KEY	   ? ENOENT
					   : EACCES;
		return NULL;
	}
	o = jwt_json(text, n, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (o == NULL) {
		snprintf(why, len, "claims: %s", error.text);
		errno = errno == ENOMEM ? ENOMEM : EACCES;
	}
	return o;
}

int
account_verify(struct account *a, const struct jwks *keys,
    const struct account_rules *r, const char *token, size_t n, char *why,
    size_t len)
{
	struct claims c = { .why = why, .len = len };
	int rc = peek(token, n, r->issuers), saved;
	struct account got = { 0 };
	json_t *root;

	if (rc != 1) {
		snprintf(why, len,
		    rc == 0 ? "no service account token" : "no memory");
		errno = rc == 0 ? EBADMSG : ENOMEM;
		return -1;
	}
	root = verified(keys, token, n, why, len);
	if (root == NULL)
		return -1;
	c.root = root;
	rc = take_claims(&got, &c, r);
	saved = errno;
	json_decref(root);
	if (rc == -1) {
		account_free(&got);
		errno = saved;
		return -1;
	}
	account_free(a);
	*a = got;
	return 0;
}

void
account_free(struct account *a)
{
	user_free(&a->user);
	memset(a, 0, sizeof(*a));
}
