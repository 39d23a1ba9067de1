/*
 * What becomes of a request: answered from the tree, passed to the master, or
 * refused. The table stands in ote-edge(7), "Serving".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "as.h"
#include "k3s.h"
#include "may.h"
#include "parts.h"
#include "recent.h"
#include "render.h"
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
	struct buf b = { 0 }, out = { 0 };
	struct render d;

	if (o == NULL) {
		not_found(r);
		return;
	}
	if (render_init(&d, r, &h->feed, feeds_table(r, h)) == -1)
		return;
	if (feed_read(&h->feed, o, &b) == -1 ||
	    render_object(&d, &out, (struct span) { b.data, b.len }) == -1)
		answer_error(r, 500, "the object cannot be read: %s",
		    strerror(errno));
	else
		answer_json(r, feeds_warning(h), &out);
	render_free(&d);
	buf_free(&out);
	buf_free(&b);
}

/* --- reads --- */

/* 1 if only the master's present state will do. */
static int
is_most_recent(const struct request *r)
{
	const struct query *q = &r->q;

	if (q->watch || k3s_leads(r))
		return 0;
	return q->rv == NULL || q->cont != NULL || list_is_exact(q);
}

static void
serve_cached(struct request *r, struct feed_handle *h)
{
	const struct query *q = &r->q;

	if (q->rv_number > h->feed.rv && (!q->watch || q->initial_events == 1))
		wait_for_rv(r, h);
	else if (q->watch)
		watch_open(r, h);
	else if (*r->p.name != '\0')
		serve_object(r, h, feed_get(&h->feed, r->p.ns, r->p.name));
	else
		list_serve(r, h);
}

/*
 * 1 if the master may be asked: it is there, did not fail this request, and its
 * answer would do as it is.
 */
static int
may_ask(const struct request *r)
{
	return master_ok(r->edge) && !r->fell_back && !k3s_leads(r);
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
	    (h = feeds_find_object(e, &r->p, &o)) != NULL) {
		if (is_most_recent(r) && may_ask(r) && !local_waits(r))
			pass_start(r, too_late);
		else
			serve_object(r, h, o);
		return;
	}
	if (e->standalone) {
		if (write_make_feed(r) == 0 && (h = feeds_find(r)) != NULL)
			serve_cached(r, h);
		else
			answer_no_page(r);
		return;
	}
	if (!e->master_up) {
		answer_cut_off(r, "what you ask for is not cached here");
		return;
	}
	if (k3s_leads(r)) {
		if (r->wished++ || wish_make(r) == -1)
			answer_error(r, 503,
			    "what you ask for is not cached here yet");
		return;
	}
	if (r->wished || is_most_recent(r)) {
		r->wishes = !r->wished;
		pass_start(r, NULL);
		return;
	}
	r->wished = 1;
	if (wish_make(r) == -1)
		pass_start(r, NULL);
}

/* No clause of Accept can be answered in JSON. */
static void
serve_odd(struct request *r)
{
	static const char types[] = "application/json, application/yaml, "
				    "application/vnd.kubernetes.protobuf";
	static const char streams[] =
	    ", application/json;stream=watch, "
	    "application/vnd.kubernetes.protobuf;stream=watch";
	struct status s = { .code = 406 };
	char text[320];
	int routed;

	if (may_ask(r)) {
		pass_start(r, NULL);
		return;
	}
	/* the router knows no such type, or what the resource makes of it */
	routed = resource_find(r->p.group, r->p.resource) != NULL &&
	    !media_is_known(fcgi_param(r->c, "HTTP_ACCEPT"));
	if (routed)
		snprintf(text, sizeof(text),
		    "406: Not Acceptable\n\nAvailable representations: %s%s",
		    types, *r->p.name == '\0' ? streams : "");
	else
		snprintf(text, sizeof(text),
		    "only the following media types are accepted: %s", types);
	s.message = text;
	s.details = routed;
	r->pretty = 1;
	answer_status(r, &s);
}

/* The master may be asked and has more to say than the feed. */
static int
wants_master(struct request *r, struct feed_handle *h)
{
	return may_ask(r) &&
	    ((is_most_recent(r) && !local_waits(r)) ||
		!feeds_table_known(r, h));
}

/* The master had it once, and has it no more or lets nobody watch it. */
static void
serve_ended(struct request *r, struct feed_handle *h)
{
	if (may_ask(r)) {
		/* it may be back */
		r->wishes = 1;
		pass_start(r, NULL);
	} else if (h->feed.q.code == 404)
		answer_no_page(r);
	else
		answer_cut_off(r, "what you ask for cannot be kept here");
}

/* 1 if built-in resources have such a path: by their scope. */
static int
is_routed(const struct request *r)
{
	const struct resource *res = resource_find(r->p.group, r->p.resource);

	if (res == NULL)
		return 1;
	if (*r->p.ns != '\0')
		return res->namespaced;
	return !res->namespaced || *r->p.name == '\0';
}

static void
no_such_path(struct request *r)
{
	static const struct status s = { .code = 404,
		.message = "the server could not find the requested resource",
		.details = 1 };

	answer_status(r, &s);
}

/*
 * What a custom resource shows nobody can tell: it goes as it is to whom that
 * will do, too. 0; -1 answered.
 */
static int
do_without_table(struct request *r)
{
	const char *accept = fcgi_param(r->c, "HTTP_ACCEPT");

	if (!media_takes_object(accept)) {
		answer_cut_off(r, "the columns of this are not known here");
		return -1;
	}
	r->media.shape = MEDIA_OBJECT;
	return 0;
}

/* What only the master answers, which knows itself who may. */
static int
goes_up(struct request *r)
{
	return r->poses || (may_ask(r) && is_most_recent(r) && !local_waits(r));
}

/* He acts as another, by his own credential: nothing here is of that one. */
static void
serve_pose(struct request *r)
{
	if (r->edge->master_up)
		pass_start(r, NULL);
	else
		request_refuse(r, "nobody can act as another meanwhile");
}

void
request_read(struct request *r)
{
	struct feed_handle *h;
	int up = goes_up(r);

	if (r->poses) {
		serve_pose(r);
		return;
	}
	if ((r->q.watch && limit_watch(r) == -1) ||
	    (!up && may_start(r, request_read) != MAY_YES))
		return;
	if (media_negotiate(&r->media, fcgi_param(r->c, "HTTP_ACCEPT")) == -1) {
		serve_odd(r);
		return;
	}
	r->pretty |= r->media.pretty;
	if (!is_routed(r) && !may_ask(r)) {
		no_such_path(r);
		return;
	}
	if (up && r->who != NULL)
		options_version(r);
	else if (options_check(r, resource_find(r->p.group, r->p.resource)) ==
	    -1)
		return;
	if ((h = feeds_find(r)) == NULL)
		serve_uncovered(r);
	else if (feeds_ended(h))
		serve_ended(r, h);
	else if (wants_master(r, h))
		pass_start(r, too_late);
	else if (feeds_table_known(r, h) || do_without_table(r) == 0)
		serve_cached(r, h);
}

/* --- the rest --- */

static void
other_late(struct request *r)
{
	r->fell_back = 1;
	request_other(r);
}

void
request_other(struct request *r)
{
	struct edge *e = r->edge;

	if (r->poses) {
		serve_pose(r);
		return;
	}
	if (e->standalone) {
		write_start(r);
		return;
	}
	if (grants_take(r) || local_start(r) == 0)
		return;
	if (may_ask(r)) {
		pass_start(r, reply_is_there(r) ? other_late : local_shadow(r));
		return;
	}
	if (e->master_up && !may_is_known(r)) {
		pass_start(r, local_shadow(r));
		return;
	}
	if (may_now(r) != MAY_YES || reply_serve(r) == 0)
		return;
	if (e->master_up) {
		pass_start(r, local_shadow(r));
		return;
	}
	if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0)
		answer_cut_off(r,
		    "this was not asked for before, or is not "
		    "kept");
	else
		request_refuse(r, "writes need the master");
}

/* A collection or an object, by GET or what is not allowed there. */
static int
is_read(const struct request *r)
{
	return *r->p.resource != '\0' && *r->p.subresource == '\0' &&
	    strcmp(r->p.resource, "watch") != 0 &&
	    strcmp(r->p.resource, "proxy") != 0;
}

static int
is_method(const struct request *r)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
		"DELETE", NULL };
	int i;

	/* custom resources go by the verb, and that of HEAD is get */
	if (r->head)
		return resource_find(r->p.group, r->p.resource) == NULL;
	for (i = 0; methods[i] != NULL; i++)
		if (strcmp(r->method, methods[i]) == 0)
			return 1;
	return 0;
}

static void
no_such_method(struct request *r)
{
	char message[320];

	struct status s = { .code = 405,
		.message = "the server does not allow this method on the "
			   "requested resource",
		.details = 1 };

	if (resource_find(r->p.group, r->p.resource) == NULL) {
		snprintf(message, sizeof(message),
		    " is not supported on resources of kind \"%.120s.%.120s\"",
		    r->p.resource, r->p.group);
		s.message = message;
		s.group = r->p.group;
		s.kind = r->p.resource;
	}
	answer_status(r, &s);
}

static void
route(struct request *r)
{
	const char *mark = strchrnul(r->uri, '?');
	const char *query = *mark == '\0' ? "" : mark + 1;
	char why[256];

	if (limit_begin(r) == -1 || as_poses(r) == -1)
		return;
	r->pretty = query_is_pretty(query, fcgi_param(r->c, "HTTP_USER_AGENT"));
	if (health_is(r->path) && !r->poses) {
		health_serve(r);
		return;
	}
	if (is_read(r) && !is_method(r) && !may_ask(r)) {
		no_such_method(r);
		return;
	}
	if (!is_read(r) || (strcmp(r->method, "GET") != 0 && !r->head)) {
		request_other(r);
		return;
	}
	if (query_parse(&r->q, query, *r->p.name != '\0', why, sizeof(why)) ==
	    -1) {
		if (errno != EINVAL)
			answer_error(r, 500, "%s", strerror(errno));
		else if (may_ask(r))
			pass_start(r, NULL);
		else
			answer_bad(r, why);
		return;
	}
	request_read(r);
}

/* The path of r->uri. 0, or -1 with errno. */
static int
take_uri(struct request *r)
{
	const char *mark = strchrnul(r->uri, '?');
	int odd;

	if ((r->path = strndup(r->uri, (size_t)(mark - r->uri))) == NULL)
		return -1;
	/* no name of ours has a NUL, but the master has an answer to that */
	odd = strstr(r->path, "%00") != NULL;
	if (!odd && apipath_decode(r->path, 0) == -1) {
		errno = EINVAL;
		return -1;
	}
	if (odd || apipath_parse(&r->p, r->path) == -1) {
		/* odd, but maybe not to the master: no resource of ours */
		r->p.text[0] = '\0';
		r->p.group = r->p.version = r->p.ns = r->p.resource =
		    r->p.name = r->p.subresource = r->p.text;
	}
	/* a Namespace is in none, whatever RequestInfo says of its path */
	if (strcmp(r->p.resource, "namespaces") == 0 && *r->p.group == '\0')
		r->p.ns = "";
	return 0;
}

void
request_start(struct fcgi_conn *c)
{
	struct edge *e = c->server->arg;
	const char *length, *method, *uri;
	struct request *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		fcgi_abort(c);
		return;
	}
	c->user = r;
	r->c = c;
	r->edge = e;
	r->p.resource = "";
	audit_begin(r);
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
	if (take_uri(r) == -1) {
		/* as Go's HTTP server, before any API */
		answer_go(r);
		return;
	}
	if (!k3s_take(r))
		who_start(r, route);
}

void
request_body(struct fcgi_conn *c, const char *p, size_t n)
{
	struct request *r = c->user;

	if (r->owner == OWNER_PASS) {
		local_shadow_body(r, p, n);
		pass_body(r, p, n);
	} else if (r->owner == OWNER_WRITE)
		write_body(r, p, n);
	else if (r->owner == OWNER_LOCAL)
		local_body(r, p, n);
	else if (r->owner == OWNER_GRANT)
		grants_body(r, p, n);
	else if (r->owner == OWNER_K3S)
		k3s_body(r, p, n);
	else if (r->owner == OWNER_DRAIN && n == 0)
		refuse_now(r);
}

void
request_drained(struct fcgi_conn *c)
{
	struct request *r = c->user;

	if (r->owner == OWNER_PASS)
		pass_drained(r);
	else if (r->owner == OWNER_LIST)
		list_pump(r);
	else if (r->owner == OWNER_REPLY)
		reply_pump(r);
	else if (r->owner == OWNER_WATCH)
		watch_pump(r->own);
}

void
request_closed(struct fcgi_conn *c)
{
	struct request *r = c->user;

	if (r == NULL)
		return;
	audit_end(r);
	limit_end(r);
	switch (r->owner) {
	case OWNER_DRAIN:
	case OWNER_GRANT:
	case OWNER_NONE:
	case OWNER_WHO:
	case OWNER_MAY:
		break;
	case OWNER_K3S:
		k3s_close(r);
		break;
	case OWNER_PASS:
		pass_close(r);
		break;
	case OWNER_WATCH:
		watch_close(r->own);
		break;
	case OWNER_LIST:
		list_close(r);
		break;
	case OWNER_REPLY:
		reply_close(r);
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
	case OWNER_LOCAL:
		local_close(r);
		break;
	}
	if (r->list != NULL)
		list_release(r->list);
	local_shadow_free(r);
	recent_close(r);
	grants_close(r);
	may_close(r);
	who_close(r);
	refuse_free(r);
	free(r->token);
	query_free(&r->q);
	free(r->uri);
	free(r->path);
	free(r);
}
