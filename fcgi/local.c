/*
 * Writes while the master is away, as the policy says: what a request makes of
 * the object as it is. How that is kept is in local_keep.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local.h"
#include "may.h"
#include "nodes.h"
#include "recent.h"

#define BODY_MAX (3 * 1024 * 1024)

int
local_path(const struct apipath *p, const char *name, char *out, size_t len)
{
	char collection[APIPATH_MAX];

	if (apipath_collection(p, collection, sizeof(collection)) == -1)
		return -1;
	return snprintf(out, len, "%s/%s", collection, name) < (int)len ? 0
									: -1;
}

int
local_is_event(const struct apipath *p)
{
	return strcmp(p->resource, "events") == 0 &&
	    (*p->group == '\0' || strcmp(p->group, "events.k8s.io") == 0);
}

void
local_answer(struct local *l, int code, const json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	if (text == NULL)
		answer_error(l->r, 500, "no memory for an object");
	else
		answer_object(l->r, code, text);
	free(text);
}

/* A patch of an Event that is not here: the master may have it. */
static void
patch_unknown_event(struct local *l, const char *path, json_t *body)
{
	struct local_change c = { .path = path,
		.content_type = fcgi_param(l->r->c, "CONTENT_TYPE"),
		.now = body,
		.treeless = 1,
		.code = 200 };

	if (!json_is_object(body)) {
		answer_bad(l->r, "the patch is no JSON object");
		return;
	}
	c.answer = json_pack("{s:s,s:s,s:{s:s,s:s,s:s}}", "kind", "Event",
	    "apiVersion", *l->r->p.group == '\0' ? "v1" : "events.k8s.io/v1",
	    "metadata", "name", l->r->p.name, "namespace", l->r->p.ns,
	    "resourceVersion", "1");
	json_object_update_missing(c.answer, body);
	local_keep(l, &c);
	json_decref(c.answer);
}

/* --- the object as it is --- */

static struct feed_handle *
find(struct request *r, const struct feed_object **f)
{
	feeds_follow_all(r->edge, &r->p);
	return feeds_find_object(r->edge, &r->p, f);
}

json_t *
local_stored(struct local *l)
{
	struct request *r = l->r;
	const struct feed_object *f;
	struct feed_handle *h;
	struct buf b = { 0 };
	enum recent newer;
	json_t *o = NULL;

	h = find(r, &f);
	newer = recent_find(r->edge, &r->p, &o);
	if (newer == RECENT_THERE)
		return o;
	if (newer == RECENT_GONE) {
		object_not_found(r);
		return NULL;
	}
	if (h != NULL && feed_read(&h->feed, f, &b) == 0) {
		uids_map(r->edge, &b);
		o = json_loadb(b.data, b.len, 0, NULL);
	}
	buf_free(&b);
	if (o != NULL)
		return o;
	if (h == NULL && (h = feeds_find(r)) != NULL && !feeds_ended(h))
		object_not_found(r);
	else
		answer_cut_off(r, "what you write to is not cached here");
	return NULL;
}

int
local_admit(const struct local *l, const json_t *was, const json_t *now)
{
	struct status s = { .code = 403 };
	struct request *r = l->r;
	struct buf why = { 0 };
	int rc = 0;

	if (who_is_kubelet(r) && nodes_restrict(r, was, now, &why) == -1) {
		rc = -1;
		s.code = errno == EPERM ? 403 : errno == ENOENT ? 404 : 500;
		s.message = why.data;
		s.name = *r->p.name != '\0' ? r->p.name : NULL;
		s.group = *r->p.group != '\0' ? r->p.group : NULL;
		s.kind = r->p.resource;
		answer_status(r, &s);
	}
	buf_free(&why);
	return rc;
}

/* now is what was becomes: its rules, then its keeping. */
static void
change(struct local *l, const json_t *was, json_t *now)
{
	struct request *r = l->r;
	char path[APIPATH_MAX];
	struct local_change c = { .path = path,
		.was = was,
		.now = now,
		.code = 200 };
	const struct feed_object *f;

	if (object_conflicts(r, was, now) || object_is_other(r, was, now))
		return;
	object_keep_identity(now, was);
	json_object_set(json_object_get(now, "metadata"), "resourceVersion",
	    json_object_get(json_object_get(was, "metadata"),
		"resourceVersion"));
	object_separate(now, was, &r->p);
	if (local_admit(l, was, now) == -1)
		return;
	if (json_equal(was, now))
		local_answer(l, 200, was);
	else if (local_path(&r->p, r->p.name, path, sizeof(path)) == -1)
		answer_bad(r, "the name is too long");
	else {
		/* the tree may have to learn of it */
		c.type = find(r, &f) != NULL ? FEED_MODIFIED : FEED_ADDED;
		local_keep(l, &c);
	}
}

static void
replace(struct local *l, json_t *o)
{
	const char *name = object_metadata(o, "name");
	json_t *was;

	if (name != NULL && strcmp(name, l->r->p.name) != 0) {
		char text[700];

		snprintf(text, sizeof(text),
		    "the name of the object (%.250s) does not match the name "
		    "on the URL (%.250s)",
		    name, l->r->p.name);
		answer_bad(l->r, text);
		return;
	}
	if ((was = local_stored(l)) == NULL)
		return;
	change(l, was, o);
	json_decref(was);
}

static void
patch(struct local *l)
{
	struct request *r = l->r;
	const struct patch_schema *schema = patch_schema_path(&r->p);
	const char *text = l->body.len > 0 ? l->body.data : "";
	const char *content_type = fcgi_param(r->c, "CONTENT_TYPE");
	const struct feed_object *f;
	char path[APIPATH_MAX];
	struct patch_error e;
	enum patch_type type;
	json_t *was, *now;

	if (patch_type_parse(&type, content_type == NULL ? "" : content_type,
		schema, &e) == -1) {
		object_refuse_patch(r, &e);
		return;
	}
	if (local_is_event(&r->p) && l->policy == POLICY_QUEUE &&
	    find(r, &f) == NULL &&
	    local_path(&r->p, r->p.name, path, sizeof(path)) == 0) {
		now = json_loadb(text, l->body.len, 0, NULL);
		patch_unknown_event(l, path, now);
		json_decref(now);
		return;
	}
	if ((was = local_stored(l)) == NULL)
		return;
	now = patch_apply(type, schema, was, text, l->body.len, &e);
	if (now == NULL)
		object_refuse_patch(r, &e);
	else if (!json_is_object(now))
		answer_error(r, 422, "the patched object is no object");
	else
		change(l, was, now);
	json_decref(now);
	json_decref(was);
}

/* --- requests --- */

static int
is_json(const struct request *r)
{
	const char *type = fcgi_param(r->c, "CONTENT_TYPE");

	return type == NULL || *type == '\0' || strstr(type, "json") != NULL;
}

void
local_act(struct local *l)
{
	json_t *o;

	l->fate = LOCAL_ANSWERED;
	l->r->unsure = l->late;
	uids_map(l->r->edge, &l->body);
	if (l->too_large) {
		answer_error(l->r, 413, "Request entity too large: limit is %d",
		    BODY_MAX);
		return;
	}
	if (l->verb == POLICY_PATCH) {
		patch(l);
		return;
	}
	if (l->body.len > 0 && !is_json(l->r)) {
		answer_error(l->r, 415,
		    "the master is out of reach, and of the media types of "
		    "bodies only application/json can be taken meanwhile: set "
		    "contentType of kubelet's kubeconfig or configuration "
		    "(--kube-api-content-type), or of kube-proxy's "
		    "clientConnection, to it");
		return;
	}
	o = l->body.len == 0 ? NULL
			     : json_loadb(l->body.data, l->body.len, 0, NULL);
	if (l->verb == POLICY_DELETE && (l->body.len == 0 || o != NULL))
		local_delete(l, o);
	else if (!json_is_object(o))
		answer_bad(l->r, "the body is no JSON object");
	else if (l->verb == POLICY_CREATE)
		local_create(l, o);
	else
		replace(l, o);
	json_decref(o);
}

int
local_waits(struct request *r)
{
	char path[APIPATH_MAX];

	return *r->p.name != '\0' && !r->edge->standalone &&
	    local_outbox(r->edge) != NULL &&
	    local_path(&r->p, r->p.name, path, sizeof(path)) == 0 &&
	    outbox_waits(local_outbox(r->edge), path) == 1;
}

/* A creation, and something waits: what it names is known from its body. */
static int
is_unnamed(struct request *r)
{
	return r->edge->master_up && *r->p.name == '\0' &&
	    !local_is_event(&r->p) && local_outbox(r->edge) != NULL &&
	    !outbox_is_idle(local_outbox(r->edge));
}

/* 1 if this write is not the master's now. */
static int
is_ours(struct request *r, enum policy policy)
{
	if (policy == POLICY_REFUSE)
		return 0;
	if (!r->edge->master_up)
		return 1;
	/* behind what waits for it, or the order is lost */
	return policy == POLICY_QUEUE && (local_waits(r) || is_unnamed(r));
}

static struct local *
new_local(struct request *r, unsigned verb, enum policy policy)
{
	const char *query = strchrnul(r->uri, '?');
	struct local *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->r = r;
	l->verb = verb;
	l->policy = policy;
	l->dry = strstr(query, "dryRun=All") != NULL;
	return l;
}

static void
own(struct request *r, struct local *l)
{
	r->own = l;
	r->owner = OWNER_LOCAL;
	fcgi_pause(r->c, 0);
}

int
local_start(struct request *r)
{
	unsigned verb = policy_verb(r->method, &r->p);
	enum policy policy;
	struct local *l;

	if (verb == 0)
		return -1;
	policy = policy_find(&r->edge->policies, &r->p, verb);
	if (!is_ours(r, policy))
		return -1;
	if (may_start(r, request_other) != MAY_YES)
		return 0;
	if ((l = new_local(r, verb, policy)) == NULL)
		return -1;
	l->unnamed = is_unnamed(r);
	own(r, l);
	return 0;
}

static void
take(struct local *l, const char *p, size_t n)
{
	if (l->too_large || l->body.len + n > BODY_MAX ||
	    buf_add(&l->body, p, n) == -1)
		l->too_large = 1;
}

/* 1 if something waits for the object that is to be created. */
static int
name_waits(const struct local *l)
{
	struct outbox *o = local_outbox(l->r->edge);
	json_t *body = json_loadb(l->body.data, l->body.len, 0, NULL);
	const char *name = object_metadata(body, "name");
	char path[APIPATH_MAX];
	int yes;

	yes = name != NULL && o != NULL &&
	    local_path(&l->r->p, name, path, sizeof(path)) == 0 &&
	    outbox_waits(o, path) == 1;
	json_decref(body);
	return yes;
}

/* It is the master's after all. Takes l. */
static void
hand_on(struct request *r, struct local *l)
{
	r->own = NULL;
	r->owner = OWNER_NONE;
	pass_start(r, local_shadow(r));
	if (r->owner == OWNER_PASS) {
		local_shadow_body(r, l->body.data, l->body.len);
		pass_body(r, l->body.data, l->body.len);
		if (r->owner == OWNER_PASS)
			pass_body(r, NULL, 0);
	}
	local_free(l);
}

void
local_body(struct request *r, const char *p, size_t n)
{
	struct local *l = r->own;

	if (n > 0) {
		/* the rest of what is too large is read, so that the answer is */
		take(l, p, n);
		return;
	}
	if (l->unnamed && !l->too_large && l->body.len > 0 && !name_waits(l))
		hand_on(r, l);
	else
		local_wait(l);
}

void
local_close(struct request *r)
{
	struct local *l = r->own;

	r->own = NULL;
	r->owner = OWNER_NONE;
	local_leave(l);
}

/* --- what the master was asked, and did not answer --- */

static void
late(struct request *r)
{
	struct local *l = r->shadow;

	r->shadow = NULL;
	r->fell_back = 1;
	if (may_now(r) != MAY_YES) {
		local_free(l);
		return;
	}
	l->late = 1;
	own(r, l);
	if (r->c->body_ended || !r->has_body)
		local_body(r, NULL, 0);
}

void (*local_shadow(struct request *r))(struct request *)
{
	unsigned verb = policy_verb(r->method, &r->p);
	enum policy policy;

	if (verb == 0)
		return NULL;
	policy = policy_find(&r->edge->policies, &r->p, verb);
	if (policy == POLICY_REFUSE ||
	    (r->shadow = new_local(r, verb, policy)) == NULL)
		return NULL;
	return late;
}

void
local_shadow_body(struct request *r, const char *p, size_t n)
{
	if (r->shadow != NULL && n > 0)
		take(r->shadow, p, n);
}

void
local_shadow_free(struct request *r)
{
	if (r->shadow == NULL)
		return;
	local_free(r->shadow);
	r->shadow = NULL;
}
