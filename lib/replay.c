/*
 * The rules by which accepted writes come to the master. Each begins by
 * looking at what the master has, or ends so where it was done before, so
 * that doing one twice does no harm.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "apipath.h"
#include "difference.h"
#include "patch.h"
#include "replay.h"

#define TRIES_MAX 6
#define JSON "application/json"
#define MERGE "application/merge-patch+json"

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text != NULL ? text : "";
}

static const json_t *
part(const struct replay *r, const char *member)
{
	return json_object_get(r->entry, member);
}

static int
is(const struct replay *r, const char *member, const char *text)
{
	return strcmp(text_of(r->entry, member), text) == 0;
}

static const char *
meta_of(const json_t *object, const char *member)
{
	return text_of(json_object_get(object, "metadata"), member);
}

void
replay_init(struct replay *r, const json_t *entry)
{
	memset(r, 0, sizeof(*r));
	r->entry = entry;
}

void
replay_free(struct replay *r)
{
	buf_free(&r->path);
	json_decref(r->request);
	memset(r, 0, sizeof(*r));
}

/* --- requests --- */

static enum replay_verdict
later(struct replay *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
	return REPLAY_LATER;
}

static enum replay_verdict
no_memory(struct replay *r)
{
	return later(r, strerror(ENOMEM));
}

static enum replay_verdict
done(struct replay *r, const char *note)
{
	snprintf(r->why, sizeof(r->why), "%s", note);
	return REPLAY_DONE;
}

static enum replay_verdict
failed(struct replay *r, int conflict, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
	r->conflict = conflict;
	return REPLAY_FAILED;
}

/* A path as it stands in a request. */
static int
encode(struct buf *b, const char *path)
{
	int rc = 0;

	for (; rc == 0 && *path != '\0'; path++)
		if (isalnum((unsigned char)*path) ||
		    strchr("/-._~:", *path) != NULL)
			rc = buf_add(b, path, 1);
		else
			rc = buf_printf(b, "%%%02X", (unsigned char)*path);
	return rc;
}

/* sub: "" for none; NULL: the collection. request is taken. */
static enum replay_verdict
ask(struct replay *r, enum replay_step step, const char *method,
    const char *sub, json_t *request, const char *type)
{
	char collection[APIPATH_MAX + 32];
	const char *path = text_of(r->entry, "path");
	struct apipath p;

	json_decref(r->request);
	r->request = request;
	r->step = step;
	r->method = method;
	r->type = type;
	r->path.len = 0;
	if (type != NULL && request == NULL)
		return no_memory(r);
	if (sub == NULL) {
		if (apipath_parse(&p, path) == -1 ||
		    apipath_collection(&p, collection, sizeof(collection)) ==
			-1)
			return failed(r, 0, "path: no collection");
		path = collection;
	}
	if (encode(&r->path, path) == -1 ||
	    (sub != NULL && *sub != '\0' &&
		(buf_puts(&r->path, "/") == -1 || encode(&r->path, sub) == -1)))
		return no_memory(r);
	return REPLAY_ASK;
}

static enum replay_verdict
get(struct replay *r, enum replay_step step)
{
	const char *sub = text_of(r->entry, "subresource");

	/* of a status it is the object that is looked at */
	if (is(r, "kind", "status") || is(r, "kind", "delete"))
		sub = "";
	return ask(r, step, "GET", sub, NULL, NULL);
}

static enum replay_verdict
post(struct replay *r)
{
	return ask(r, REPLAY_POST, "POST", NULL,
	    difference_bare(part(r, "body")), JSON);
}

/* A patch that holds for the state that was looked at, and no other. */
static enum replay_verdict
change(struct replay *r, json_t *patch, const json_t *master, const char *type)
{
	json_t *m = json_object_get(patch, "metadata");

	if (m == NULL && json_is_object(patch)) {
		m = json_object();
		(void)json_object_set_new(patch, "metadata", m);
	}
	if (m != NULL &&
	    (json_object_set_new(m, "uid",
		 json_string(meta_of(master, "uid"))) == -1 ||
		json_object_set_new(m, "resourceVersion",
		    json_string(meta_of(master, "resourceVersion"))) == -1)) {
		json_decref(patch);
		return no_memory(r);
	}
	return ask(r, REPLAY_CHANGE, "PATCH", text_of(r->entry, "subresource"),
	    patch, type);
}

static enum replay_verdict
remove_object(struct replay *r, const char *uid)
{
	json_t *o = json_object(), *v;
	const char *key;
	int bad = o == NULL;

	json_object_foreach((json_t *)(uintptr_t)part(r, "options"), key, v) {
		if (strcmp(key, "dryRun") != 0)
			bad |= json_object_set(o, key, v);
	}
	bad |= json_object_set_new(o, "kind", json_string("DeleteOptions"));
	bad |= json_object_set_new(o, "apiVersion", json_string("v1"));
	/* a resourceVersion in it would be one of ours */
	bad |= json_object_set_new(o, "preconditions",
	    json_pack("{s:s}", "uid", uid));
	if (bad) {
		json_decref(o);
		return no_memory(r);
	}
	return ask(r, REPLAY_REMOVE, "DELETE", "", o, JSON);
}

/* --- what the master has --- */

/* The state behind kind status: it, and the metadata that may go with it. */
static json_t *
status_part(const json_t *object)
{
	json_t *out = json_object(), *meta = json_object();
	const json_t *m = json_object_get(object, "metadata");
	static const char *const members[] = { "labels", "annotations",
		"finalizers", "ownerReferences" };
	json_t *v;
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(*members); i++)
		if ((v = json_object_get(m, members[i])) != NULL)
			(void)json_object_set(meta, members[i], v);
	if (json_object_size(meta) > 0)
		(void)json_object_set(out, "metadata", meta);
	if ((v = json_object_get(object, "status")) != NULL)
		(void)json_object_set(out, "status", v);
	json_decref(meta);
	return out;
}

/*
 * Whether the conditions that we did not change are ours as well: of nodes and
 * pods, as kubelet has them, or who is the hub itself. Others speak for
 * theirs only, and so do all where several wrote the same status.
 */
static int
heals(const struct replay *r)
{
	const json_t *user = part(r, "user");

	return is(r, "apiVersion", "v1") &&
	    (is(r, "resource", "nodes") || is(r, "resource", "pods")) &&
	    !json_is_true(part(r, "apart")) &&
	    (!json_is_object(user) ||
		strncmp(text_of(user, "username"), "system:node:", 12) == 0);
}

/*
 * The patch that brings our status to the master's object; NULL where there
 * is nothing to bring. 0, or -1 with errno.
 */
static int
diff_status(const struct replay *r, const json_t *master, json_t **patch)
{
	json_t *before = status_part(part(r, "before"));
	json_t *ours = status_part(part(r, "body"));
	json_t *theirs = status_part(master), *target;
	int rc = -1;

	if (part(r, "before") == NULL) {
		(void)json_object_del(ours, "metadata");
		(void)json_object_del(theirs, "metadata");
	}
	target = difference_target(before, ours, theirs, heals(r));
	*patch = NULL;
	if (target != NULL)
		rc = difference_patch(theirs, target, patch);
	json_decref(before);
	json_decref(ours);
	json_decref(theirs);
	json_decref(target);
	return rc;
}

static enum replay_verdict
on_status(struct replay *r, const json_t *master)
{
	json_t *patch;

	if (diff_status(r, master, &patch) == -1)
		return no_memory(r);
	return patch == NULL ? done(r, "") : change(r, patch, master, MERGE);
}

/* Without the status, which has a way of its own. */
static json_t *
spec_of(const json_t *object)
{
	json_t *bare = difference_bare(object);

	(void)json_object_del(bare, "status");
	return bare;
}

/* Whether whole has all of part; exactly: and nothing else. */
static int
has(const json_t *whole, const json_t *object, int exactly)
{
	json_t *a = spec_of(whole), *b = spec_of(object);
	int rc;

	rc = a != NULL && b != NULL &&
	    (exactly ? json_equal(a, b) : difference_covers(a, b));
	json_decref(a);
	json_decref(b);
	return rc;
}

static int
is_patch_type(const char *type)
{
	return strstr(type, "patch") != NULL;
}

/* Bring what we made of before to the master, if it is still there so. */
static enum replay_verdict
on_object(struct replay *r, const json_t *master)
{
	const json_t *before = part(r, "before"), *body = part(r, "body");
	const char *type = text_of(r->entry, "contentType");
	json_t *a, *b, *patch = NULL;
	int raw = is_patch_type(type), exactly, rc;

	exactly = !json_is_true(part(r, "created"));
	if (raw ? json_is_object(body) && difference_covers(master, body)
		: has(master, body, exactly))
		return done(r, "");
	if (before == NULL ||
	    (!has(master, before, exactly) &&
		strcmp(meta_of(master, "resourceVersion"),
		    meta_of(before, "resourceVersion")) != 0))
		return failed(r, 1,
		    "Conflict: it was changed on the master meanwhile");
	if (raw)
		return change(r, json_deep_copy(body), master, type);
	a = difference_bare(before);
	b = difference_bare(body);
	rc = a == NULL || b == NULL ? -1 : difference_patch(a, b, &patch);
	json_decref(a);
	json_decref(b);
	if (rc == -1)
		return no_memory(r);
	return patch == NULL ? done(r, "") : change(r, patch, master, MERGE);
}

/* Bring an event to our state of it; master is NULL where it may not be read. */
static enum replay_verdict
change_event(struct replay *r, const json_t *master)
{
	const char *type = text_of(r->entry, "contentType");
	json_t *patch = NULL;

	if (is_patch_type(type))
		patch = json_deep_copy(part(r, "body"));
	else {
		type = MERGE;
		if (replay_event_patch(r->entry, master, &patch) == -1)
			return no_memory(r);
		if (patch == NULL)
			return done(r, "");
	}
	if (master != NULL)
		return change(r, patch, master, type);
	return ask(r, REPLAY_CHANGE, "PATCH", "", patch, type);
}

/* An event that both have: the later state of it. */
static enum replay_verdict
on_event(struct replay *r, const json_t *master)
{
	if (replay_event_count(part(r, "body")) <= replay_event_count(master))
		return done(r, "");
	return change_event(r, master);
}

static enum replay_verdict
gone(struct replay *r)
{
	if (is(r, "kind", "event") &&
	    (json_is_true(part(r, "apart")) ||
		is_patch_type(text_of(r->entry, "contentType"))))
		return done(r, "it is gone on the master, its repeat is void");
	if (is(r, "kind", "event"))
		return post(r);
	if (is(r, "kind", "status"))
		return done(r, "it is gone on the master, its status is void");
	return failed(r, 1, "Gone: it was deleted on the master meanwhile");
}

/* What exists already where we wanted to create. */
static enum replay_verdict
on_existing(struct replay *r, const json_t *master)
{
	json_t *target, *now, *patch = NULL;
	const json_t *before = part(r, "before"), *body = part(r, "body");
	int rc = -1;

	snprintf(r->uid, sizeof(r->uid), "%s", meta_of(master, "uid"));
	if (is(r, "kind", "event"))
		return on_event(r, master);
	if (*meta_of(master, "deletionTimestamp") != '\0')
		return later(r, "the one before it is being deleted");
	if (has(master, body, 0))
		return done(r, "");
	if (before == NULL || !has(master, before, 0))
		return failed(r, 1,
		    "AlreadyExists: the master has another one of that name");
	/* an earlier state of ours */
	now = difference_bare(master);
	target = difference_target(before, body, now, 0);
	if (now != NULL && target != NULL)
		rc = difference_patch(now, target, &patch);
	json_decref(now);
	json_decref(target);
	if (rc == -1)
		return no_memory(r);
	return patch == NULL ? done(r, "") : change(r, patch, master, MERGE);
}

static enum replay_verdict
on_found(struct replay *r, const json_t *master)
{
	const char *uid = text_of(r->entry, "uid"), *have;

	have = meta_of(master, "uid");
	if (*uid != '\0' ? strcmp(uid, have) != 0
			 : part(r, "before") == NULL ||
		    !has(master, part(r, "before"), 0))
		return done(r, "the master has another one of that name");
	return remove_object(r, have);
}

/* --- answers --- */

static const char *
message_of(const json_t *status)
{
	const char *text = text_of(status, "message");

	return *text != '\0' ? text : "refused without a reason";
}

/* What says nothing about the write itself. */
static int
is_no_answer(int code, const json_t *answer)
{
	return code < 200 || code >= 500 || code == 401 || code == 408 ||
	    code == 429 || (code >= 300 && code < 400) || answer == NULL ||
	    (code >= 400 && strcmp(text_of(answer, "kind"), "Status") != 0);
}

static enum replay_verdict
again(struct replay *r, enum replay_step step, const json_t *answer)
{
	if (++r->tries >= TRIES_MAX)
		return later(r, message_of(answer));
	return step == REPLAY_POST ? post(r) : get(r, step);
}

static enum replay_verdict
on_good(struct replay *r, const json_t *answer)
{
	const char *uid = text_of(r->entry, "uid");

	switch (r->step) {
	case REPLAY_POST:
		snprintf(r->uid, sizeof(r->uid), "%s", meta_of(answer, "uid"));
		return done(r, "");
	case REPLAY_COMPARE:
		return on_existing(r, answer);
	case REPLAY_FIND:
		return on_found(r, answer);
	case REPLAY_GET:
		break;
	default:
		return done(r, "");
	}
	if (is(r, "kind", "event"))
		return on_event(r, answer);
	if (*uid != '\0' && is(r, "kind", "status") &&
	    strcmp(uid, meta_of(answer, "uid")) != 0)
		return done(r,
		    "it is another one on the master, "
		    "the status of the old one is void");
	if (*uid != '\0' && strcmp(uid, meta_of(answer, "uid")) != 0 &&
	    *meta_of(answer, "uid") != '\0')
		return failed(r, 1,
		    "Gone: it was deleted and created again on the master");
	return is(r, "kind", "status") ? on_status(r, answer)
				       : on_object(r, answer);
}

static enum replay_verdict
on_not_found(struct replay *r, const json_t *answer)
{
	switch (r->step) {
	case REPLAY_POST:
		return failed(r, 0, message_of(answer));
	case REPLAY_COMPARE:
		return again(r, REPLAY_POST, answer);
	case REPLAY_FIND:
	case REPLAY_REMOVE:
		return done(r, "");
	default:
		return gone(r);
	}
}

static enum replay_verdict
on_conflict(struct replay *r, const json_t *answer)
{
	switch (r->step) {
	case REPLAY_POST:
		if (strcmp(text_of(answer, "reason"), "AlreadyExists") == 0)
			return again(r, REPLAY_COMPARE, answer);
		return again(r, REPLAY_POST, answer);
	case REPLAY_REMOVE:
		return again(r, REPLAY_FIND, answer);
	case REPLAY_CHANGE:
		return again(r,
		    is(r, "verb", "create") ? REPLAY_COMPARE : REPLAY_GET,
		    answer);
	default:
		return later(r, message_of(answer));
	}
}

enum replay_verdict
replay_begin(struct replay *r)
{
	const char *uid = text_of(r->entry, "uid");

	if (is(r, "kind", "delete"))
		return *uid == '\0' ? get(r, REPLAY_FIND)
				    : remove_object(r, uid);
	return is(r, "verb", "create") ? post(r) : get(r, REPLAY_GET);
}

enum replay_verdict
replay_answer(struct replay *r, int code, const json_t *answer)
{
	char text[64];

	if (code == 0)
		return REPLAY_LATER;
	if (is_no_answer(code, answer)) {
		snprintf(text, sizeof(text), "the master answered %d", code);
		return later(r, text);
	}
	if (code < 300)
		return on_good(r, answer);
	if (code == 404 && strcmp(text_of(answer, "reason"), "NotFound") == 0)
		return on_not_found(r, answer);
	if (code == 409)
		return on_conflict(r, answer);
	if (code == 403 && is(r, "kind", "event") &&
	    (r->step == REPLAY_GET || r->step == REPLAY_COMPARE))
		return change_event(r, NULL);
	return failed(r, 0, message_of(answer));
}
