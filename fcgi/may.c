/*
 * What callers may do here. The master decides: its decisions are remembered
 * (lib/access.h), asked for again when they are no longer fresh, and stand as
 * they were while it is away. The kubelet of this node is judged by its pods
 * then, as the Node authorizer would.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access_review.h"
#include "as.h"
#include "call.h"
#include "may.h"
#include "nodes.h"
#include "parts.h"
#include "question.h"

/* as kubelet's authorization.webhook has them */
#define ALLOWED_S 300
#define REFUSED_S 30
#define NO_REVIEWS_S 30
#define ASKS_MAX 256

#define REVIEWS "/apis/authorization.k8s.io/v1/subjectaccessreviews"
#define SELF "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

LIST_HEAD(may_waits, may_wait);

/* A question that the master is asked, and who waits for the answer. */
struct asking {
	LIST_ENTRY(asking) next;
	struct may_waits waiting;
	struct edge *edge;
	struct access_user *access;
	struct question question; /* held */
	char *body;		  /* the review of it */
	struct call *call;
};

struct may_wait {
	LIST_ENTRY(may_wait) next;
	struct asking *ask;
	struct request *r;
	void (*resume)(struct request *);
};

struct may_asks {
	LIST_HEAD(, asking) all;
	size_t n;
	long long no_reviews; /* the hub may not review: until then */
	int told;
};

int
may_init(struct edge *e)
{
	return (e->asks = calloc(1, sizeof(*e->asks))) == NULL ? -1 : 0;
}

/* --- answers --- */

static enum may
forbid(struct request *r, const struct access_question *q, const char *reason)
{
	struct status s = { .code = 403,
		.group = *r->p.group != '\0' ? r->p.group : NULL,
		.kind = *r->p.resource != '\0' ? r->p.resource : NULL,
		.name = q->name != NULL && *q->name != '\0' ? q->name : NULL };
	struct buf b = { 0 };

	if (access_forbidden(&b, q, &r->who->user, reason) == 0) {
		s.message = b.data;
		s.details = *r->p.resource == '\0';
		request_refuse_as(r, &s);
	} else
		request_refuse(r, "no memory for an answer");
	buf_free(&b);
	return MAY_NO;
}

static enum may
unknown(struct request *r)
{
	request_refuse(r, "whether you may was not asked before");
	return MAY_NO;
}

/* What needs no question: the role system:public-info-viewer. */
static int
is_public(const struct request *r)
{
	static const char *const paths[] = { "/healthz", "/livez", "/readyz",
		"/version", "/version/", NULL };
	int i;

	for (i = 0; *r->p.resource == '\0' && paths[i] != NULL; i++)
		if (strcmp(r->path, paths[i]) == 0)
			return 1;
	return 0;
}

static int
is_master(const struct user *u)
{
	return user_in_group(u, "system:masters");
}

/* 1 if the pods of the node decide, and what was once allowed may be no more. */
static int
is_of_pods(const struct access_question *q)
{
	static const char *const resources[] = { "secrets", "configmaps",
		"persistentvolumeclaims", "persistentvolumes",
		"volumeattachments", "serviceaccounts", "resourceclaims",
		"pods", NULL };
	int i;

	for (i = 0; q->resource != NULL && resources[i] != NULL; i++)
		if (strcmp(q->resource, resources[i]) == 0)
			return 1;
	return 0;
}

/*
 * Cut off: the node's own rules, then the last decision (a kubelet has what
 * roles give it, too), or nobody knows.
 */
static enum may
decide_here(struct request *r, const struct access_question *q)
{
	const struct access_decision *d = access_find(r->who->access, q);
	char reason[256] = "";
	int rc;

	if (who_is_kubelet(r) &&
	    (rc = nodes_allow(r->edge, q, reason, sizeof(reason))) != -1 &&
	    (rc == 1 || d == NULL || is_of_pods(q)))
		return rc == 1 ? MAY_YES : forbid(r, q, reason);
	if (d == NULL)
		return unknown(r);
	return d->allowed ? MAY_YES : forbid(r, q, d->reason);
}

/* 1 if it needs no question, or none can be made: *m says so. */
static int
is_settled(struct request *r, struct question *q, enum may *m)
{
	if (r->who == NULL || is_public(r) || is_master(&r->who->user)) {
		*m = MAY_YES;
		return 1;
	}
	if (question_make(q, r) == 0)
		return 0;
	request_refuse(r, "no memory for a question");
	*m = MAY_NO;
	return 1;
}

int
may_is_known(struct request *r)
{
	char reason[256];
	struct question q;
	int known;

	if (r->who == NULL || is_public(r) || is_master(&r->who->user))
		return 1;
	if (question_make(&q, r) == -1)
		return 0;
	known = access_find(r->who->access, &q.q) != NULL ||
	    (who_is_kubelet(r) &&
		nodes_allow(r->edge, &q.q, reason, sizeof(reason)) != -1);
	question_free(&q);
	return known;
}

enum may
may_now(struct request *r)
{
	struct question q;
	enum may m;

	if (is_settled(r, &q, &m))
		return m;
	m = decide_here(r, &q.q);
	question_free(&q);
	return m;
}

/* --- asking --- */

static void
ask_free(struct asking *a)
{
	LIST_REMOVE(a, next);
	a->edge->asks->n--;
	access_release(a->access);
	call_cancel(a->call);
	question_free(&a->question);
	free(a->body);
	free(a);
}

static void
wait_end(struct may_wait *w)
{
	LIST_REMOVE(w, next);
	w->r->own = NULL;
	w->r->owner = OWNER_NONE;
	free(w);
}

/* All who waited look again. */
static void
settle(struct asking *a, int late)
{
	void (*resume)(struct request *);
	struct may_waits waiting;
	struct may_wait *w;
	struct request *r;

	LIST_INIT(&waiting);
	while ((w = LIST_FIRST(&a->waiting)) != NULL) {
		LIST_REMOVE(w, next);
		LIST_INSERT_HEAD(&waiting, w, next);
		w->ask = NULL;
	}
	ask_free(a);
	while ((w = LIST_FIRST(&waiting)) != NULL) {
		r = w->r;
		resume = w->resume;
		wait_end(w);
		r->asked_in_vain |= late;
		fcgi_pause(r->c, 0);
		resume(r);
	}
}

static void
on_answer(void *arg, int code, const struct buf *answer)
{
	struct asking *a = arg;
	struct edge *e = a->edge;
	char reason[512] = "";
	int allowed = -1;

	a->call = NULL;
	if (code == 201 && answer->data != NULL)
		allowed = access_review_read(answer->data, answer->len, reason,
		    sizeof(reason));
	else if (code == 403) {
		e->asks->no_reviews = time(NULL) + NO_REVIEWS_S;
		if (!e->asks->told)
			warnx("the hub may not create subjectaccessreviews: "
			      "callers ask for themselves");
		e->asks->told = 1;
	}
	if (allowed != -1 &&
	    access_keep(e->access, a->access, &a->question.q, allowed, reason,
		time(NULL)) == -1)
		warn("a decision was not kept");
	settle(a, allowed == -1);
}

/* A new one: NULL if it cannot be asked. Takes q. */
static struct asking *
ask(struct request *r, struct question *q)
{
	struct edge *e = r->edge;
	struct may_asks *all = e->asks;
	int self = time(NULL) < all->no_reviews;
	struct behalf as = { .kind = BEHALF_OWN };
	struct buf b = { 0 };
	struct asking *a;
	char why[256];

	if (all->n == ASKS_MAX || question_hold(q) == -1 ||
	    (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->edge = e;
	a->access = r->who->access;
	access_hold(a->access);
	a->question = *q;
	memset(q, 0, sizeof(*q));
	LIST_INSERT_HEAD(&all->all, a, next);
	all->n++;
	if ((!self || as_choose(r, &as, why, sizeof(why)) == 0) &&
	    access_review_write(&b, &a->question.q,
		self ? NULL : &r->who->user) == 0 &&
	    (a->body = b.data) != NULL &&
	    (a->call = call_start(e, self ? SELF : REVIEWS, a->body,
		 self ? &as : NULL, e->deadline_ms, on_answer, a)) != NULL)
		return a;
	a->body = b.data;
	ask_free(a);
	return NULL;
}

static int
same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static struct asking *
asked(const struct request *r, const struct access_question *q)
{
	const struct access_question *p;
	struct asking *a;

	LIST_FOREACH(a, &r->edge->asks->all, next) {
		p = &a->question.q;
		if (a->access == r->who->access && same(p->verb, q->verb) &&
		    same(p->group, q->group) && same(p->version, q->version) &&
		    same(p->resource, q->resource) &&
		    same(p->subresource, q->subresource) &&
		    same(p->ns, q->ns) && same(p->name, q->name) &&
		    same(p->fields, q->fields) && same(p->labels, q->labels) &&
		    same(p->path, q->path))
			return a;
	}
	return NULL;
}

static enum may
wait_for(struct request *r, struct asking *a, void (*resume)(struct request *))
{
	struct may_wait *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		request_refuse(r, "no memory for a request");
		return MAY_NO;
	}
	w->ask = a;
	w->r = r;
	w->resume = resume;
	LIST_INSERT_HEAD(&a->waiting, w, next);
	r->own = w;
	r->owner = OWNER_MAY;
	fcgi_pause(r->c, 1);
	return MAY_WAIT;
}

static int
is_fresh(const struct access_decision *d)
{
	return time(NULL) - d->at < (d->allowed ? ALLOWED_S : REFUSED_S);
}

/* By what is fresh, by asking, or as if cut off. */
static enum may
decide(struct request *r, struct question *q, void (*resume)(struct request *))
{
	const struct access_decision *d;
	struct asking *a;

	d = access_find(r->who->access, &q->q);
	/* one that is slow is asked what nobody knows, and nothing else */
	if (!r->edge->master_up || r->fell_back || r->asked_in_vain ||
	    (!master_ok(r->edge) && (d != NULL || who_is_kubelet(r))))
		return decide_here(r, &q->q);
	if (d != NULL && is_fresh(d))
		return d->allowed ? MAY_YES : forbid(r, &q->q, d->reason);
	if ((a = asked(r, &q->q)) == NULL && (a = ask(r, q)) == NULL) {
		request_refuse(r, "whether you may cannot be asked");
		return MAY_NO;
	}
	return wait_for(r, a, resume);
}

enum may
may_start(struct request *r, void (*resume)(struct request *))
{
	struct question q;
	enum may m;

	if (is_settled(r, &q, &m))
		return m;
	m = decide(r, &q, resume);
	question_free(&q);
	return m;
}

void
may_close(struct request *r)
{
	if (r->owner == OWNER_MAY)
		wait_end(r->own);
}

/*
 * A read that was answered was allowed, and so was a write: what forbids one
 * may be admission, which is no decision.
 */
void
may_learn(struct request *r, int code)
{
	struct question q;
	int allowed = code >= 200 && code < 300;
	int read = r->head || strcmp(r->method, "GET") == 0;

	if (r->who == NULL || r->poses || is_public(r) ||
	    is_master(&r->who->user) || (!allowed && code != 403) ||
	    (code == 403 && (!read || *r->p.resource == '\0')) ||
	    question_make(&q, r) == -1)
		return;
	/* the words of a refusal went to the caller, and are not kept */
	if (allowed || access_find(r->who->access, &q.q) == NULL ||
	    access_find(r->who->access, &q.q)->allowed)
		(void)access_keep(r->edge->access, r->who->access, &q.q,
		    allowed, NULL, time(NULL));
	question_free(&q);
}
