#ifndef BEHALF_H
#define BEHALF_H

#include <curl/curl.h>

#include "buf.h"
#include "identities.h"
#include "kubeconfig.h"

/* How a request reaches the master in the name of its caller. */
enum behalf_kind {
	BEHALF_OWN,	    /* the caller is the hub itself */
	BEHALF_TOKEN,	    /* the caller's own bearer token */
	BEHALF_PAIR,	    /* a key pair of identities/ */
	BEHALF_IMPERSONATE, /* the hub's credential, Impersonate-* headers */
	BEHALF_NOBODY,	    /* anonymous: no credential at all */
	BEHALF_REFUSED,	    /* none of these: 403 with why */
};

/* Borrows token, user and what it found until the next behalf_choose(). */
struct behalf {
	enum behalf_kind kind;
	const char *token;
	const struct identity *pair;
	const struct user *user; /* to be impersonated */
};

/* Zeroed memory is none. */
struct behalf_rules {
	struct user own; /* whom the hub's kubeconfig names; "" unknown */
	struct identities pairs;
	int impersonate; /* 1: the hub may be tried as an impersonator */
};

/*
 * The user of a kubeconfig's certificate; of its token, if that is the JWT of
 * a service account (not verified: it is our own); else nobody. dir: identities/, or
 * NULL. 0, or -1 with errno.
 */
int behalf_init(struct behalf_rules *r, const struct kubeconfig *k,
    const char *dir, int impersonate);
void behalf_free(struct behalf_rules *r);

/*
 * Choose for user u, who came with that bearer token, or NULL. In this order:
 * the token; nobody, for system:anonymous; own, if name, uid and groups are
 * the hub's; a pair; impersonation; else refused, with why and how to allow
 * it. A name that would not reach the master as it is (white space around it,
 * control bytes, no group) is never impersonated.
 */
enum behalf_kind behalf_choose(struct behalf *b, struct behalf_rules *r,
    const struct user *u, const char *token, long long now, char *why,
    size_t len);

/*
 * 1 if it goes by a client certificate that is the caller's, and nothing else:
 * his pair, or the credential of the hub where that is his. It is what counts
 * where Impersonate-* headers do not.
 */
int behalf_is_certificate(const struct behalf *b, const struct kubeconfig *own);

/*
 * Set a handle of upstream_easy() to it: no client certificate but the
 * pair's, no Authorization but the caller's. Copies what it needs. The
 * handle's headers are not touched. 0, or -1 with errno.
 */
int behalf_apply(const struct behalf *b, CURL *easy);

/*
 * Append Impersonate-User, -Uid, -Group and -Extra-* lines (key percent-
 * encoded as apiserver expects it) to *l. Nothing for other kinds. 0, -1.
 */
int behalf_headers(const struct behalf *b, struct curl_slist **l);

/*
 * The same for what is not sent by libcurl, lines with CRLF, Authorization
 * among them for a token. 0, or -1 with errno.
 */
int behalf_lines(const struct behalf *b, struct buf *out);

#endif
