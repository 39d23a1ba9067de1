/*
 * The bodies of actions. Each begins with the object as the tree has it, and
 * says by its resourceVersion that it is about no other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "edgenode_say.h"
#include "edgenode_table.h"
#include "edgenode_write.h"

#define COMPONENT "ote-edge-controller"

/* The row's object; NULL with errno. */
static const struct feed_object *
find(const struct edgenode_writer *w, const struct edgenode *n,
    enum edgenode_kind kind)
{
	static const char *const ns[EDGENODE_KINDS] = { "", EDGENODE_LEASES,
		EDGENODE_NAMESPACE };
	const struct feed_object *o = NULL;

	if (w->tree->feeds[kind].open)
		o = feed_get(&w->tree->feeds[kind].feed, ns[kind], n->name);
	if (o == NULL)
		errno = ENOENT;
	return o;
}

/* A new reference; NULL with errno. */
static json_t *
load(const struct edgenode_writer *w, const struct edgenode *n,
    enum edgenode_kind kind)
{
	const struct feed_object *o = find(w, n, kind);
	struct buf b = { 0 };
	json_t *json = NULL;

	if (o == NULL)
		return NULL;
	if (feed_read(&w->tree->feeds[kind].feed, o, &b) == 0 &&
	    (json = json_loadb(b.data, b.len, JSON_ALLOW_NUL, NULL)) == NULL)
		errno = ENOENT;
	buf_free(&b);
	return json;
}

static json_t *
time_json(long long us)
{
	char text[CLOCK_TEXT_LEN];

	return clock_second(us, text) == -1 ? json_null() : json_string(text);
}

static json_t *
text_or_null(const char *text)
{
	return *text == '\0' ? json_null() : json_string(text);
}

/* --- the Lease --- */

/* The annotations, which are made if there are none. Borrowed. */
static json_t *
annotations(json_t *object)
{
	json_t *meta = json_object_get(object, "metadata");
	json_t *notes = json_object_get(meta, "annotations");

	if (json_is_object(notes))
		return notes;
	if (json_object_set_new(meta, "annotations", json_object()) == -1)
		return NULL;
	return json_object_get(meta, "annotations");
}

/* What is kept from the takeover on. */
static int
mark_takeover(const struct edgenode_writer *w, const struct edgenode *n,
    json_t *notes)
{
	long long heartbeat = edgenode_heartbeat(n, &w->now);

	return json_object_set_new(notes, EDGENODE_SINCE,
		   time_json(w->now.us)) == -1 ||
		json_object_set_new(notes, EDGENODE_HEARTBEAT,
		    time_json(heartbeat)) == -1
	    ? -1
	    : 0;
}

json_t *
edgenode_body_renew(const struct edgenode_writer *w, const struct edgenode *n)
{
	char at[CLOCK_TEXT_LEN];
	json_t *lease, *notes;

	errno = ENOENT;
	if (clock_micro(n->asked_us, at) == -1 ||
	    (lease = load(w, n, EDGENODE_LEASE_FEED)) == NULL)
		return NULL;
	notes = annotations(lease);
	if (json_object_set_new(json_object_get(lease, "spec"), "renewTime",
		json_string(at)) == 0 &&
	    json_object_set_new(notes, EDGENODE_RENEWED_BY,
		json_sprintf("%s %s", w->name, at)) == 0 &&
	    (edgenode_is_ours(&n->lease) || mark_takeover(w, n, notes) == 0))
		return lease;
	json_decref(lease);
	errno = ENOMEM;
	return NULL;
}

json_t *
edgenode_body_forget(const struct edgenode_writer *w, const struct edgenode *n)
{
	json_t *lease = load(w, n, EDGENODE_LEASE_FEED), *notes;

	if (lease == NULL)
		return NULL;
	notes = annotations(lease);
	json_object_del(notes, EDGENODE_RENEWED_BY);
	json_object_del(notes, EDGENODE_SINCE);
	json_object_del(notes, EDGENODE_HEARTBEAT);
	if (json_object_size(notes) == 0)
		json_object_del(json_object_get(lease, "metadata"),
		    "annotations");
	return lease;
}

/* --- the Node --- */

static const char *
string_at(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

json_t *
edgenode_body_taint(const struct edgenode_writer *w, const struct edgenode *n,
    int put)
{
	json_t *node = load(w, n, EDGENODE_NODES), *taints, *t, *out;
	size_t i;

	if (node == NULL)
		return NULL;
	taints = json_object_get(json_object_get(node, "spec"), "taints");
	out = json_array();
	json_array_foreach(taints, i, t)
		if (strcmp(string_at(t, "key"), EDGENODE_TAINT) != 0)
			json_array_append(out, t);
	if (put)
		json_array_append_new(out,
		    json_pack("{s:s, s:s, s:o}", "key", EDGENODE_TAINT,
			"effect", "NoSchedule", "timeAdded",
			time_json(w->now.us)));
	out = json_pack("{s:{s:s}, s:{s:o}}", "metadata", "resourceVersion",
	    string_at(json_object_get(node, "metadata"), "resourceVersion"),
	    "spec", "taints", out);
	json_decref(node);
	errno = ENOMEM;
	return out;
}

/* What the kubelet last said was good, as far as anybody knows. */
static json_t *
good(const struct edgenode_writer *w, const char *type)
{
	int ready = strcmp(type, "Ready") == 0;

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "type", type,
	    "status", ready ? "True" : "False", "reason", "EdgeControllerReady",
	    "message", "the node is cut off; its Lease is renewed in its place",
	    "lastHeartbeatTime", time_json(w->now.us), "lastTransitionTime",
	    time_json(w->now.us));
}

json_t *
edgenode_body_ready(const struct edgenode_writer *w, const struct edgenode *n)
{
	json_t *node = load(w, n, EDGENODE_NODES), *conditions, *c, *out;
	size_t i;

	if (node == NULL)
		return NULL;
	conditions =
	    json_object_get(json_object_get(node, "status"), "conditions");
	out = json_array();
	json_array_foreach(conditions, i, c)
		if (strcmp(string_at(c, "status"), "Unknown") == 0 &&
		    strcmp(string_at(c, "reason"), "NodeStatusUnknown") == 0)
			json_array_append_new(out,
			    good(w, string_at(c, "type")));
	json_decref(node);
	errno = ENOMEM;
	return json_pack("{s:{s:o}}", "status", "conditions", out);
}

/* --- the EdgeNode --- */

static json_t *
owners(const struct feed_object *node)
{
	return json_pack("[{s:s, s:s, s:s, s:s}]", "apiVersion", "v1", "kind",
	    "Node", "name", node->meta.name, "uid", node->meta.uid);
}

json_t *
edgenode_body_own(const struct edgenode_writer *w, const struct edgenode *n)
{
	const struct feed_object *node = find(w, n, EDGENODE_NODES);

	if (node == NULL)
		return NULL;
	errno = ENOMEM;
	return json_pack("{s:{s:o}}", "metadata", "ownerReferences",
	    owners(node));
}

json_t *
edgenode_body_create(const struct edgenode_writer *w, const struct edgenode *n)
{
	const struct feed_object *node = find(w, n, EDGENODE_NODES);

	if (node == NULL)
		return NULL;
	errno = ENOMEM;
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:o}, s:{}}", "apiVersion",
	    "ote.baidu.com/v1", "kind", "EdgeNode", "metadata", "name", n->name,
	    "namespace", EDGENODE_NAMESPACE, "ownerReferences", owners(node),
	    "spec");
}

/* It keeps its lastTransitionTime as long as it keeps its status. */
static json_t *
condition(const struct edgenode_writer *w, const struct edgenode *n,
    const struct edgenode_says *s, enum edgenode_condition which,
    const char *const say[4])
{
	const struct edgenode_turn *turned = &n->turned[which];
	long long at = w->now.us;

	if (turned->us != 0 && turned->to == edgenode_truth(s, which))
		at = turned->us;
	else if (n->state == EDGENODE_TAKEN && n->lease.since_us != 0)
		at = n->lease.since_us;
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", say[0], "status",
	    say[1], "reason", say[2], "message", say[3], "lastTransitionTime",
	    time_json(at));
}

/* Conditions of others stay. */
static json_t *
conditions(const struct edgenode_writer *w, const struct edgenode *n,
    const struct edgenode_says *s)
{
	const char *const ready[] = { "Ready", s->ready, s->reason,
		s->message };
	const char *const autonomous[] = { "Autonomous", s->autonomous,
		s->autonomous_reason, s->autonomous_message };
	json_t *shown = load(w, n, EDGENODE_SHOWN), *was, *c, *out;
	size_t i;

	was = json_object_get(json_object_get(shown, "status"), "conditions");
	out = json_array();
	json_array_append_new(out, condition(w, n, s, EDGENODE_READY, ready));
	json_array_append_new(out,
	    condition(w, n, s, EDGENODE_AUTONOMOUS, autonomous));
	json_array_foreach(was, i, c)
		if (strcmp(string_at(c, "type"), "Ready") != 0 &&
		    strcmp(string_at(c, "type"), "Autonomous") != 0)
			json_array_append(out, c);
	json_decref(shown);
	return out;
}

json_t *
edgenode_body_show(const struct edgenode_writer *w, const struct edgenode *n)
{
	struct edgenode_says s;
	json_t *out;

	edgenode_say(&s, n);
	out = json_pack("{s:{s:s, s:o, s:o, s:o, s:s}}", "status", "phase",
	    s.phase, "conditions", conditions(w, n, &s), "lastHeartbeatTime",
	    text_or_null(s.heartbeat), "takenOverSince", text_or_null(s.since),
	    "observedBy", w->name);
	errno = ENOMEM;
	return out;
}

/* --- Events --- */

struct words {
	const char *reason, *type;
	char message[1024];
};

static void
words_for(struct words *e, const struct edgenode *n, enum edgenode_want which)
{
	struct edgenode_says s;

	edgenode_say(&s, n);
	e->type = "Warning";
	snprintf(e->message, sizeof(e->message), "%s; %s", s.message,
	    s.autonomous_message);
	if (which == EDGENODE_TELL_CUT_OFF)
		e->reason = "EdgeNodeCutOff";
	else if (which == EDGENODE_TELL_LET_GO) {
		e->reason = "EdgeNodeLetGo";
		if (n->state == EDGENODE_IGNORED)
			snprintf(e->message, sizeof(e->message),
			    "left to the master: no longer selected");
	} else if (which == EDGENODE_TELL_BAD_MAX) {
		e->reason = "EdgeNodeBadMaxAutonomy";
		snprintf(e->message, sizeof(e->message),
		    "%s is no duration (as 90m or 1h30m), the default is used",
		    n->node.bad_max != 0 ? EDGENODE_MAX_AUTONOMY
					 : "spec.maxAutonomy of its EdgeNode");
	} else {
		e->reason = "EdgeNodeConnected";
		e->type = "Normal";
	}
}

/* A name is at most 253 bytes, and has no dot before a dot. */
static json_t *
event_name(const struct edgenode_writer *w, const struct edgenode *n)
{
	size_t len = strlen(n->name);

	if (len > 220)
		len = 220;
	while (len > 0 && strchr("-.", n->name[len - 1]) != NULL)
		len--;
	return json_sprintf("%.*s.%llx%04x", (int)len, n->name,
	    (unsigned long long)w->now.us, (unsigned)((w->id + 1) & 0xffff));
}

json_t *
edgenode_body_event(const struct edgenode_writer *w, const struct edgenode *n,
    enum edgenode_want which)
{
	const struct feed_object *node = find(w, n, EDGENODE_NODES);
	struct words e;

	if (node == NULL)
		return NULL;
	words_for(&e, n, which);
	errno = ENOMEM;
	return json_pack("{s:s, s:s, s:{s:o, s:s}, s:{s:s, s:s, s:s, s:s},"
			 " s:s, s:s, s:s, s:{s:s}, s:o, s:o, s:i, s:s, s:s}",
	    "apiVersion", "v1", "kind", "Event", "metadata", "name",
	    event_name(w, n), "namespace", "default", "involvedObject",
	    "apiVersion", "v1", "kind", "Node", "name", n->name, "uid",
	    node->meta.uid, "reason", e.reason, "message", e.message, "type",
	    e.type, "source", "component", COMPONENT, "firstTimestamp",
	    time_json(w->now.us), "lastTimestamp", time_json(w->now.us),
	    "count", 1, "reportingComponent", COMPONENT, "reportingInstance",
	    w->name);
}

/* --- pods --- */

json_t *
edgenode_body_pod(const struct edgenode_writer *w, const char *uid)
{
	errno = ENOMEM;
	return json_pack("{s:{s:s}, s:{s:[{s:s, s:s, s:o}]}}", "metadata",
	    "uid", uid, "status", "conditions", "type", "Ready", "status",
	    "True", "lastTransitionTime", time_json(w->now.us));
}
