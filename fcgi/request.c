/*
 * What becomes of a request: answered from the tree, passed to the master, or
 * refused. The table stands in ote-edge(7), "Serving".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "watch.h"

/* --- one object --- */

static void
not_found(struct request *r)
{
	const struct apipath *p = &r->p;

	answer_error(r, 404, "%s%s%s \"%s\" not found", p->resource,
	    *p->group == '\0' ? "" : ".", p->group, p->name);
}

static void
serve_object(struct request *r, struct feed_handle *h,
    const struct feed_object *o)
{
	struct buf b = { 0 };

	if (o == NULL)
		not_found(r);
	else if (feed_read(&h->feed, o, &b) == -1 || buf_puts(&b, "\n") == -1)
		answer_error(r, 500, "the object cannot be read: %s",
		    strerror(errno));
	else
		answer(r, 200, "application/json", b.data, b.len);
	buf_free(&b);
}

/* --- reads --- */

/* 1 if only the master's present state will do. */
static int
is_most_recent(const struct query *q)
{
	if (q->watch)
		return 0;
	if (q->rv == NULL || q->cont != NULL)
		return 1;
	if (q->rv_number != 0 && q->limit > 0 &&
	    (q->match == NULL || strcmp(q->match, "NotOlderThan") != 0))
		return 1;
	return q->match != NULL && strcmp(q->match, "Exact") == 0;
}

/* 0 if kube-apiserver would take these options; else it was answered. */
static int
check_options(struct request *r)
{
	const struct query *q = &r->q;
	const char *why = NULL;

	if (q->watch && q->initial_events != -1 &&
	    (q->match == NULL || strcmp(q->match, "NotOlderThan") != 0))
		why = "resourceVersionMatch: Forbidden: "
		      "sendInitialEvents requires setting "
		      "resourceVersionMatch to NotOlderThan";
	else if (q->watch && q->initial_events == -1 && q->match != NULL)
		why = "resourceVersionMatch: Forbidden: "
		      "resourceVersionMatch is forbidden for watch unless "
		      "sendInitialEvents is provided";
	else if (!q->watch && q->initial_events != -1)
		why = "sendInitialEvents: Forbidden: "
		      "sendInitialEvents is forbidden for list";
	else if (!q->watch && q->match != NULL && q->rv == NULL)
		why = "resourceVersionMatch: Forbidden: "
		      "resourceVersionMatch is forbidden unless "
		      "resourceVersion is provided";
	else if (q->match != NULL && strcmp(q->match, "Exact") != 0 &&
	    strcmp(q->match, "NotOlderThan") != 0)
		why = "resourceVersionMatch: Unsupported value";
	else if (q->match != NULL && strcmp(q->match, "Exact") == 0 &&
	    q->rv != NULL && q->rv_number == 0)
		why = "resourceVersionMatch: Forbidden: "
		      "resourceVersionMatch \"exact\" is forbidden for "
		      "resourceVersion \"0\"";
	if (why == NULL)
		return 0;
	answer_error(r, 422, "ListOptions.meta.k8s.io \"\" is invalid: %s",
	    why);
	return -1;
}

/* 0 if the field labels are the resource's own; else it was answered. */
static int
check_fields(struct request *r, const struct feed_handle *h)
{
	const struct resource *res = h->feed.r;
	const char *label;
	size_t i;

	/* what a custom resource selects by, the master has judged */
	for (i = 0; res != NULL && i < r->q.field_sel.nreqs; i++) {
		label = r->q.field_sel.reqs[i].key;
		if (resource_field_known(res, label))
			continue;
		if (res->fields != NULL && res->fields[0] != NULL)
			answer_error(r, 400, "field label not supported: %s",
			    label);
		else
			answer_error(r, 400,
			    "\"%s\" is not a known field selector: only "
			    "\"metadata.name\", \"metadata.namespace\"",
			    label);
		return -1;
	}
	return 0;
}

static void
serve_cached(struct request *r, struct feed_handle *h)
{
	const struct query *q = &r->q;

	if (check_options(r) == -1 || check_fields(r, h) == -1)
		return;
	if (q->cont != NULL ||
	    (q->match != NULL && strcmp(q->match, "Exact") == 0 &&
		q->rv_number != h->feed.rv)) {
		answer_error(r, 410,
		    "The provided continue parameter or resource version is "
		    "not at hand while the master is out of reach; list "
		    "without it");
		return;
	}
	if (q->rv_number > h->feed.rv && (!q->watch || q->initial_events == 1))
		wait_for_rv(r, h);
	else if (q->watch)
		watch_open(r, h);
	else if (*r->p.name != '\0')
		serve_object(r, h, feed_get(&h->feed, r->p.ns, r->p.name));
	else
		list_serve(r, h);
}

/* 1 if the master may be asked: it is there, and did not fail this request. */
static int
may_ask(const struct request *r)
{
	return master_ok(r->edge) && !r->fell_back;
}

static void
too_late(struct request *r)
{
	r->fell_back = 1;
	request_read(r);
}

static void
serve_uncovered(struct request *r)
{
	const struct feed_object *o;
	struct feed_handle *h;
	struct edge *e = r->edge;

	/* a feed of another selector may have just this object */
	if (*r->p.name != '\0' && !r->q.watch &&
	    (h = feeds_find_object(r, &o)) != NULL) {
		if (is_most_recent(&r->q) && may_ask(r))
			pass_start(r, too_late);
		else
			serve_object(r, h, o);
		return;
	}
	if (e->standalone) {
		if (write_make_feed(r) == 0 && (h = feeds_find(r)) != NULL)
			serve_cached(r, h);
		else
			answer(r, 404, "text/plain; charset=utf-8",
			    "404 page not found\n", 19);
		return;
	}
	if (!e->master_up) {
		answer_cut_off(r, "what you ask for is not cached here");
		return;
	}
	if (r->wished || is_most_recent(&r->q)) {
		if (!r->wished)
			wish_leave(r);
		pass_start(r, NULL);
		return;
	}
	r->wished = 1;
	if (wish_make(r) == -1)
		pass_start(r, NULL);
}

/* A Table and the like only the master makes; it is cached as what it is of. */
static void
pass_transformed(struct request *r, int json)
{
	const struct feed_object *o;
	int covered;

	covered = feeds_find(r) != NULL ||
	    (*r->p.name != '\0' && feeds_find_object(r, &o) != NULL);
	if (!covered)
		wish_leave(r);
	pass_start(r, json && covered && !r->q.watch ? too_late : NULL);
}

void
request_read(struct request *r)
{
	struct feed_handle *h;
	int transformed, json;

	json =
	    query_accepts_json(fcgi_param(r->c, "HTTP_ACCEPT"), &transformed);
	if ((!json || transformed) && may_ask(r)) {
		pass_transformed(r, json);
		return;
	}
	if (!json) {
		answer_error(r, 406,
		    "only application/json is served from the cache");
		return;
	}
	if ((h = feeds_find(r)) == NULL)
		serve_uncovered(r);
	else if (is_most_recent(&r->q) && may_ask(r))
		pass_start(r, too_late);
	else
		serve_cached(r, h);
}

/* --- the rest --- */

static int
is_health(const char *path)
{
	static const char *const names[] = { "/healthz", "/livez", "/readyz" };
	size_t i, n;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = strlen(names[i]);
		if (strncmp(path, names[i], n) == 0 &&
		    (path[n] == '\0' || path[n] == '/'))
			return 1;
	}
	return 0;
}

void
request_refuse(struct request *r, const char *what)
{
	/* a client that still sends might miss an answer that comes first */
	if (r->has_body && !r->c->body_ended) {
		r->owner = OWNER_DRAIN;
		snprintf(r->refusal, sizeof(r->refusal), "%s", what);
		fcgi_pause(r->c, 0);
		return;
	}
	answer_cut_off(r, what);
}

static void
serve_other(struct request *r)
{
	struct edge *e = r->edge;

	if (e->standalone) {
		write_start(r);
		return;
	}
	if (e->master_up) {
		pass_start(r, NULL);
		return;
	}
	if (reply_serve(r) == 0)
		return;
	if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0)
		answer_cut_off(r,
		    "this was not asked for before, or is not "
		    "kept");
	else
		request_refuse(r, "writes need the master");
}

static int
is_read(const struct request *r)
{
	return (strcmp(r->method, "GET") == 0 || r->head) &&
	    *r->p.resource != '\0' && *r->p.subresource == '\0' &&
	    strcmp(r->p.resource, "watch") != 0 &&
	    strcmp(r->p.resource, "proxy") != 0;
}

static void
route(struct request *r, const char *query)
{
	char why[256];

	if (is_health(r->path)) {
		answer(r, 200, "text/plain; charset=utf-8", "ok", 2);
		return;
	}
	if (!is_read(r)) {
		serve_other(r);
		return;
	}
	if (query_parse(&r->q, query, why, sizeof(why)) == -1) {
		if (errno != EINVAL)
			answer_error(r, 500, "%s", strerror(errno));
		else if (master_ok(r->edge))
			pass_start(r, NULL);
		else
			answer_error(r, 400, "%s", why);
		return;
	}
	/* a watch of one name in the path is one with a field selector */
	request_read(r);
}

/* Path and query of r->uri. 0, or -1 with errno. */
static int
take_uri(struct request *r, const char **query)
{
	const char *mark = strchrnul(r->uri, '?');

	*query = *mark == '\0' ? "" : mark + 1;
	if ((r->path = strndup(r->uri, (size_t)(mark - r->uri))) == NULL)
		return -1;
	if (apipath_decode(r->path, 0) == -1) {
		errno = EINVAL;
		return -1;
	}
	if (apipath_parse(&r->p, r->path) == -1) {
		/* odd, but maybe not to the master: no resource of ours */
		r->p.text[0] = '\0';
		r->p.group = r->p.version = r->p.ns = r->p.resource =
		    r->p.name = r->p.subresource = r->p.text;
	}
	return 0;
}

void
request_start(struct fcgi_conn *c)
{
	struct edge *e = c->server->arg;
	const char *length, *method, *query, *uri;
	struct request *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		fcgi_abort(c);
		return;
	}
	c->user = r;
	r->c = c;
	r->edge = e;
	r->p.resource = "";
	method = fcgi_param(c, "REQUEST_METHOD");
	uri = fcgi_param(c, "REQUEST_URI");
	length = fcgi_param(c, "CONTENT_LENGTH");
	if (method == NULL || uri == NULL || *uri != '/' ||
	    strlen(method) >= sizeof(r->method)) {
		answer_error(r, 400, "no request");
		return;
	}
	memcpy(r->method, method, strlen(method) + 1);
	if ((r->uri = strdup(uri)) == NULL) {
		fcgi_abort(c);
		return;
	}
	r->has_body =
	    length != NULL && strcmp(length, "0") != 0 && *length != '\0';
	r->head = strcmp(r->method, "HEAD") == 0;
	if (take_uri(r, &query) == -1) {
		answer_error(r, 400, "invalid URL escape");
		return;
	}
	route(r, query);
}

void
request_body(struct fcgi_conn *c, const char *p, size_t n)
{
	struct request *r = c->user;

	if (r->owner == OWNER_PASS)
		pass_body(r, p, n);
	else if (r->owner == OWNER_WRITE)
		write_body(r, p, n);
	else if (r->owner == OWNER_DRAIN && n == 0) {
		r->owner = OWNER_NONE;
		answer_cut_off(r, r->refusal);
	}
}

void
request_drained(struct fcgi_conn *c)
{
	struct request *r = c->user;

	if (r->owner == OWNER_PASS)
		pass_drained(r);
	else if (r->owner == OWNER_WATCH)
		watch_pump(r->own);
}

void
request_closed(struct fcgi_conn *c)
{
	struct request *r = c->user;

	if (r == NULL)
		return;
	switch (r->owner) {
	case OWNER_DRAIN:
	case OWNER_NONE:
		break;
	case OWNER_PASS:
		pass_close(r);
		break;
	case OWNER_WATCH:
		watch_close(r->own);
		break;
	case OWNER_WISH:
		wish_close(r);
		break;
	case OWNER_WAIT:
		wait_close(r->own);
		break;
	case OWNER_WRITE:
		write_close(r);
		break;
	}
	if (r->list != NULL)
		list_release(r->list);
	query_free(&r->q);
	free(r->uri);
	free(r->path);
	free(r);
}
