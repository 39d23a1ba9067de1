#ifndef WHO_H
#define WHO_H

#include "access.h"
#include "edge.h"
#include "grants.h"

/*
 * Who sends a request: by his client certificate, his bearer token, or
 * nobody, as kube-apiserver's authenticators have it. One for all requests of
 * the same credential; r->who holds it until who_close().
 */
enum who_state {
	WHO_NEW,    /* nobody has looked yet */
	WHO_ASKING, /* the master is being asked */
	WHO_KNOWN,
	WHO_REFUSED, /* 401 */
};

struct call;

struct who {
	struct user user;
	struct access_user *access;
	const char *node; /* he is the kubelet of that node; or NULL */
	/* what follows is of who.c and who_token.c */
	TAILQ_ENTRY(who) used;
	LIST_ENTRY(who) chain;
	struct edge *edge;
	unsigned char key[32];
	enum who_state state;
	size_t refs;
	int is_token;
	long long from, until; /* of the credential itself; until 0: ever */
	long long checked;     /* when the master said so, or 0 */
	long long retry;       /* not to be asked before */
	struct grant_bound bound;
	long long looked; /* for that in the tree */
	int gone;	  /* it is not there any more */
	struct call *call;
	struct grant review; /* while it is being asked */
	LIST_HEAD(, asker) askers;
};

int who_init(struct edge *e);

/*
 * Find out, and go on with resume(), perhaps at once: r->who is set then (but
 * where callers are not told apart). Or 401 is answered, or 503 where it
 * cannot be known while cut off.
 */
void who_start(struct request *r, void (*resume)(struct request *));
/* The request ends, whether it was asked about or not. */
void who_close(struct request *r);
/* r->who becomes that user; of an administrator who acts as another. */
int who_become(struct request *r, const struct user *u);

/* NULL where callers are not told apart (AlwaysAllow). Borrowed. */
const struct user *who_user(const struct request *r);
/* The caller's own bearer token, by which he was known; or NULL. */
const char *who_token(const struct request *r, size_t *n);
/* 1 if it is the kubelet of this node: always served. */
int who_is_kubelet(const struct request *r);
/* The master refuses the credential (401): it is looked at again. */
void who_doubt(struct request *r);

/* --- who_token.c --- */
enum who_verdict {
	WHO_YES,
	WHO_NO,	     /* 401 */
	WHO_UNKNOWN, /* 503 */
	WHO_WAIT,    /* who_settled() is called */
};
enum who_verdict who_token_check(struct who *w, const char *token, size_t n);
/* who.c: those who wait for it go on. */
void who_settled(struct who *w);
/* who.c: 0, or -1: the user is known from now on. */
int who_know(struct who *w);

/* --- keys.c: those by which tokens are signed --- */
struct account;
int keys_init(struct edge *e);
/* The master says that it is good: where its key is missing it is asked for. */
void keys_see(struct edge *e, const char *token);
/* As account_verify(); -1 with errno ENOENT where there are no keys, too. */
int keys_verify(struct edge *e, struct account *a, const char *token, size_t n,
    char *why, size_t len);

#endif
