/*
 * As whom a request goes upstream: lib/behalf.h, and what a client says of
 * impersonation itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "as.h"
#include "k3s.h"
#include "parts.h"

#define HEADER "HTTP_IMPERSONATE_"

int
as_choose(struct request *r, struct behalf *b, char *why, size_t len)
{
	size_t n = 0;
	const char *token = who_token(r, &n);
	enum behalf_kind kind;

	if (r->who == NULL) {
		memset(b, 0, sizeof(*b));
		return 0;
	}
	/* the token ends where its word does; it is chosen twice of a request */
	if (token != NULL && r->token == NULL &&
	    (r->token = strndup(token, n)) == NULL) {
		snprintf(why, len, "no memory for a request");
		return -1;
	}
	kind = behalf_choose(b, &r->edge->behalf, &r->who->user, r->token,
	    time(NULL), why, len);
	if (kind == BEHALF_IMPERSONATE && r->edge->k3s != NULL &&
	    !k3s_is_api(r->path)) {
		snprintf(why, len,
		    "the server looks at the certificate alone there, and the "
		    "hub has none of yours");
		return -1;
	}
	return kind == BEHALF_REFUSED ? -1 : 0;
}

int
as_caller(struct request *r, struct behalf *b)
{
	char why[512];
	struct status s = { .code = 403, .message = why, .details = 1 };

	if (as_choose(r, b, why, sizeof(why)) == 0)
		return 0;
	request_refuse_as(r, &s);
	return -1;
}

/* --- Impersonate-* --- */

struct pose {
	struct user u;
	int any, bad;
};

static void
see(void *arg, const char *name, const char *value)
{
	struct pose *p = arg;

	if (strncmp(name, HEADER, sizeof(HEADER) - 1) != 0)
		return;
	name += sizeof(HEADER) - 1;
	p->any = 1;
	if (strcmp(name, "USER") == 0)
		p->bad |= user_set(&p->u, value, NULL) == -1;
	else if (strcmp(name, "GROUP") == 0)
		/* lighttpd joins lines, and a group may have a comma in it */
		p->bad |= strchr(value, ',') != NULL ||
		    user_add_group(&p->u, value) == -1;
	else
		p->bad = 1;
}

static void
refuse(struct request *r, const char *message)
{
	struct status s = { .code = 403, .message = message, .details = 1 };

	request_refuse_as(r, &s);
}

/* kube-apiserver's WithImpersonation: whom nobody can be more than. */
static int
complete(struct user *u)
{
	static const char account[] = "system:serviceaccount:";
	char group[256];

	if (strncmp(u->name, account, sizeof(account) - 1) == 0 &&
	    u->ngroups == 0) {
		const char *ns = u->name + sizeof(account) - 1;

		snprintf(group, sizeof(group), "system:serviceaccounts:%.*s",
		    (int)strcspn(ns, ":"), ns);
		if (user_add_group(u, "system:serviceaccounts") == -1 ||
		    user_add_group(u, group) == -1)
			return -1;
	}
	if (strcmp(u->name, "system:anonymous") == 0)
		return user_in_group(u, "system:unauthenticated")
		    ? 0
		    : user_add_group(u, "system:unauthenticated");
	if (user_in_group(u, "system:authenticated"))
		return 0;
	return user_add_group(u, "system:authenticated");
}

int
as_poses(struct request *r)
{
	struct pose p = { .any = 0 };
	struct behalf b;
	char why[512];
	int rc = -1;

	if (r->who == NULL)
		return 0;
	fcgi_params(r->c, see, &p);
	if (!p.any)
		rc = 0;
	else if (as_choose(r, &b, why, sizeof(why)) == -1)
		refuse(r, why);
	else if (b.kind != BEHALF_IMPERSONATE) {
		r->poses = 1;
		rc = 0;
	} else if (!user_in_group(&r->who->user, "system:masters") || p.bad ||
	    p.u.name == NULL)
		refuse(r,
		    "the hub acts for you itself: it cannot act as "
		    "another for you, too: use a token, or map your key pair "
		    "in identities");
	else if (complete(&p.u) == -1 || who_become(r, &p.u) == -1)
		request_refuse(r, "no memory for a request");
	else
		rc = 0;
	user_free(&p.u);
	return rc;
}
