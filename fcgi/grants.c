/*
 * TokenRequests and access reviews: passed to the master and remembered,
 * given again while it is away. lib/grants.h has the files.
 *
 * The question is read whole before the master is asked, so that it can be
 * answered from memory when the master turns out to be away.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "grants.h"
#include "may.h"
#include "out.h"
#include "parts.h"

#define FILES_MAX 2000
#define BYTES_MAX (16LL * 1024 * 1024)
#define SWEEP_S 600
/* new files between two sweeps */
#define NEW_MAX 64

struct ask {
	struct buf body, answer;
	struct grant g;
	int asked; /* g is a question */
};

struct grants {
	struct edge *edge;
	struct event *timer;
	int nnew;
};

/* --- what the tree knows of a bound object --- */

static int
is_of(const struct feed_handle *h, const struct apipath *p)
{
	const struct apipath *q = &h->feed.q.p;

	return strcmp(q->resource, p->resource) == 0 &&
	    strcmp(q->group, p->group) == 0 &&
	    strcmp(q->version, p->version) == 0;
}

/* 1 if all pods of this node and namespace are in the feed. */
static int
has_all(const struct feed_handle *h, const char *ns)
{
	const struct feed_query *q = &h->feed.q;

	return !feeds_ended(h) && *q->labels == '\0' &&
	    (*q->p.ns == '\0' || strcmp(q->p.ns, ns) == 0) &&
	    (*q->fields == '\0' ||
		(strncmp(q->fields, "spec.nodeName=", 14) == 0 &&
		    strchr(q->fields, ',') == NULL));
}

static int
bound_path(struct apipath *p, const struct grant_bound *b)
{
	char path[APIPATH_MAX];

	if (strcmp(b->kind, "Node") == 0)
		snprintf(path, sizeof(path), "/api/v1/nodes/%s", b->name);
	else if (strcmp(b->kind, "Pod") == 0 || strcmp(b->kind, "Secret") == 0)
		snprintf(path, sizeof(path), "/api/v1/namespaces/%s/%s/%s",
		    b->ns, *b->kind == 'P' ? "pods" : "secrets", b->name);
	else
		return -1;
	return apipath_parse(p, path);
}

/*
 * It is gone: another one has its name, or all pods are known
 * and it is none of them.
 */
int
grants_is_gone(struct edge *e, const struct grant_bound *b)
{
	const struct feed_object *o;
	struct feed_handle *h;
	struct apipath p;
	int gone = 0;

	if (*b->kind == '\0' || bound_path(&p, b) == -1)
		return 0;
	feeds_open(e, &p);
	LIST_FOREACH(h, e->feeds, next) {
		if (!is_of(h, &p))
			continue;
		if ((o = feed_get(&h->feed, p.ns, p.name)) == NULL)
			gone |= *b->kind == 'P' && has_all(h, p.ns);
		else if (strcmp(o->meta.uid, b->uid) == 0)
			return 0;
		else
			gone = 1;
	}
	return gone;
}

/* --- how many stay --- */

static int
is_gone(void *arg, const struct grant_bound *b)
{
	return grants_is_gone(arg, b);
}

static void
sweep(struct edge *e)
{
	struct grants_limits l = { .now = time(NULL),
		.max_age = e->review_age_s,
		.files = FILES_MAX,
		.bytes = BYTES_MAX,
		.gone = is_gone,
		.arg = e };

	e->grants->nnew = 0;
	if (grants_sweep(e->datafd, &l) == -1)
		warn("tokens, reviews");
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	sweep(arg);
}

int
grants_init(struct edge *e)
{
	struct timeval tv = { SWEEP_S, 0 };

	if ((e->grants = calloc(1, sizeof(*e->grants))) == NULL)
		return -1;
	e->grants->timer = event_new(e->base, -1, EV_PERSIST, on_sweep, e);
	if (e->grants->timer == NULL || event_add(e->grants->timer, &tv) == -1)
		return -1;
	sweep(e);
	return 0;
}

/* --- a request --- */

/* Who asks of himself: as text; where callers are not told apart, by token. */
static char *
caller(const struct request *r)
{
	const char *s = fcgi_param(r->c, "HTTP_AUTHORIZATION");
	const struct user *u = who_user(r);
	json_t *o = u == NULL ? NULL : user_json(u);
	char *text;

	if (u == NULL)
		return strdup(s == NULL ? "" : s);
	text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

/* 1 if the query changes nothing of the answer but its looks. */
static int
is_plain(const char *uri)
{
	static const char *const names[] = { "fieldManager", "fieldValidation",
		"pretty", "timeout", NULL };
	const char *p = strchr(uri, '?');
	size_t n;
	int i;

	for (; p != NULL && *++p != '\0'; p = strchr(p, '&')) {
		n = strcspn(p, "=&");
		for (i = 0; names[i] != NULL; i++)
			if (strlen(names[i]) == n &&
			    strncmp(p, names[i], n) == 0)
				break;
		if (names[i] == NULL)
			return 0;
	}
	return 1;
}

#define JSON "application/json"
#define PROTOBUF "application/vnd.kubernetes.protobuf"

static int
is_type(const char *type, const char *want)
{
	size_t n = strlen(want);

	return strncmp(type, want, n) == 0 && strchr(" ;", type[n]) != NULL;
}

/* In JSON, or, of a review of the caller, in protobuf. */
static int
is_known(const struct request *r)
{
	const char *type = fcgi_param(r->c, "CONTENT_TYPE");

	return type == NULL || *type == '\0' || is_type(type, JSON) ||
	    (is_type(type, PROTOBUF) && grant_kind(&r->p) == GRANT_SELF);
}

int
grants_take(struct request *r)
{
	const char *length = fcgi_param(r->c, "CONTENT_LENGTH");

	if (strcmp(r->method, "POST") != 0 || grant_kind(&r->p) == GRANT_NONE ||
	    !r->has_body || atoll(length) > GRANT_BODY_MAX ||
	    !is_plain(r->uri) || !is_known(r) ||
	    (r->ask = calloc(1, sizeof(*r->ask))) == NULL)
		return 0;
	r->owner = OWNER_GRANT;
	return 1;
}

void
grants_close(struct request *r)
{
	if (r->ask == NULL)
		return;
	grant_free(&r->ask->g);
	buf_free(&r->ask->body);
	buf_free(&r->ask->answer);
	free(r->ask);
	r->ask = NULL;
}

/* 1 if the client takes what is remembered. */
static int
takes(struct request *r)
{
	const char *accept = fcgi_param(r->c, "HTTP_ACCEPT");

	if (r->ask->g.protobuf)
		return media_names(accept, "/vnd.kubernetes.protobuf");
	return media_negotiate(&r->media, accept) == 0 &&
	    r->media.shape == MEDIA_OBJECT;
}

/* The answer that is remembered: 0, or -1 if there is none to give. */
static int
recall(struct request *r, struct buf *b)
{
	struct ask *a = r->ask;

	if (!a->asked || !takes(r) || grants_is_gone(r->edge, &a->g.bound))
		return -1;
	if (grant_recall(&a->g, r->edge->datafd, time(NULL),
		r->edge->review_age_s, b) == 0)
		return 0;
	if (errno == EBADMSG) {
		warnx("%s: damaged, removed", a->g.file);
		grant_forget(&a->g, r->edge->datafd);
	} else if (errno != ENOENT)
		warn("%s", a->g.file);
	return -1;
}

static void
give(struct request *r, const struct buf *b)
{
	struct out o = { .r = r, .code = 201, .type = JSON };

	if (r->ask->g.protobuf) {
		answer(r, 201, PROTOBUF, b->data, b->len);
		return;
	}
	r->pretty |= r->media.pretty;
	if (out_write(&o, b->data, b->len) == 0 &&
	    (r->pretty || out_write(&o, "\n", 1) == 0)) {
		out_end(&o);
		return;
	}
	out_free(&o);
	fcgi_abort(r->c);
}

static void
give_or_refuse(struct request *r)
{
	struct buf b = { 0 };

	if (recall(r, &b) == 0) {
		if (may_now(r) == MAY_YES)
			give(r, &b);
	} else
		answer_cut_off(r, "no answer to this is remembered");
	buf_free(&b);
}

/* The body is there. */
static void
go_on(struct request *r)
{
	struct edge *e = r->edge;
	struct ask *a = r->ask;
	struct buf b = { 0 };
	int known = recall(r, &b) == 0;

	if (!master_ok(e) && known && (!e->master_up || may_is_known(r))) {
		if (may_now(r) == MAY_YES)
			give(r, &b);
	} else if (!e->master_up)
		answer_cut_off(r, "no answer to this is remembered");
	else {
		pass_start(r, known ? give_or_refuse : NULL);
		if (r->owner == OWNER_PASS) {
			pass_body(r, a->body.data, a->body.len);
			pass_body(r, NULL, 0);
		}
	}
	buf_free(&b);
}

void
grants_body(struct request *r, const char *p, size_t n)
{
	const char *type = fcgi_param(r->c, "CONTENT_TYPE");
	struct ask *a = r->ask;
	char *who;

	if (n > 0) {
		if (a->body.len + n > GRANT_BODY_MAX ||
		    buf_add(&a->body, p, n) == -1)
			fcgi_abort(r->c);
		return;
	}
	r->owner = OWNER_NONE;
	if (a->body.len > 0 && (who = caller(r)) != NULL) {
		a->asked = (type != NULL && is_type(type, PROTOBUF)
				   ? grant_ask_protobuf
				   : grant_ask)(&a->g, &r->p, a->body.data,
			       a->body.len, who) == 0;
		free(who);
	}
	go_on(r);
}

/* --- what the master says --- */

void
grants_answer(struct request *r, const char *p, size_t n)
{
	struct ask *a = r->ask;

	if (!a->asked)
		return;
	if (a->answer.len + n > GRANT_BODY_MAX ||
	    buf_add(&a->answer, p, n) == -1)
		a->asked = 0;
}

/*
 * What is wrong is the question, not the time. A master that has just started
 * forbids kubelet what it does not know of its pods yet: such a token stays.
 */
static int
is_no(const struct request *r, const struct grant *g, int code)
{
	struct edge *e = r->edge;

	/* one may not ask: that says nothing of the answer to another */
	if (code == 403 &&
	    (r->who != NULL || strcmp(g->bound.kind, "Pod") == 0))
		return grants_is_gone(e, &g->bound);
	return code == 400 || code == 403 || code == 404 || code == 409 ||
	    code == 410 || code == 422;
}

void
grants_answered(struct request *r, int code)
{
	struct edge *e = r->edge;
	struct ask *a = r->ask;
	int rc = 0;

	if (!a->asked)
		return;
	if (code == 201)
		rc = grant_keep(&a->g, e->datafd, a->answer.data, a->answer.len,
		    time(NULL));
	else if (is_no(r, &a->g, code))
		rc = grant_forget(&a->g, e->datafd);
	/* in protobuf, say: EBADMSG */
	if (rc == -1 && errno != EBADMSG)
		warn("%s", a->g.file);
	if (rc == 1 && ++e->grants->nnew >= NEW_MAX)
		sweep(e);
}
