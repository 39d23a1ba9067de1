/*
 * What counts of a Node, a Lease and an EdgeNode, out of their bytes: ten
 * thousand Leases change in ten seconds, and none needs to be taken apart.
 */
#include <string.h>

#include "edgenode_read.h"
#include "edgenode_time.h"
#include "human.h"

static uint64_t
hash_of(struct span s)
{
	return s.n == 0 ? 0 : edgenode_hash(EDGENODE_HASH, s.p, s.n);
}

/* What stands in a string; nothing for anything else. */
static struct span
text_of(struct span s)
{
	static const struct span none = { NULL, 0 };

	return s.n >= 2 && *s.p == '"' ? span_inner(s) : none;
}

/* A member whose name may have dots. */
static struct span
member(struct span o, const char *name)
{
	struct span value = { NULL, 0 };

	if (o.n == 0 || span_member(o, name, &value, NULL) == -1)
		value.n = 0;
	return value;
}

/* 0 if there is none. */
static long long
time_of(struct span s)
{
	long long us;

	return s.n > 0 && human_time(s, &us) == 0 ? us : 0;
}

static enum edgenode_truth
truth_of(struct span s)
{
	if (span_is(s, "True"))
		return EDGENODE_TRUE;
	if (span_is(s, "False"))
		return EDGENODE_FALSE;
	return s.n == 0 ? EDGENODE_ABSENT : EDGENODE_UNKNOWN;
}

/* -1 with *bad if it is no duration, -1 without if there is none. */
static long long
duration_of(struct span s, uint64_t *bad)
{
	struct span text = text_of(s);
	long long us;

	*bad = 0;
	if (s.n == 0)
		return -1;
	if (edgenode_duration(text.p, text.n, &us) == 0)
		return us;
	*bad = hash_of(s) >> 1 | 1; /* as a state file has it */
	return -1;
}

static struct span
condition(struct span object, const char *type)
{
	static const struct span none = { NULL, 0 };
	struct span at = span_at(object, "status.conditions"), c;

	while (span_next(&at, NULL, &c) == 0)
		if (span_is(member(c, "type"), type))
			return c;
	return none;
}

static int
has_taint(struct span object)
{
	struct span at = span_at(object, "spec.taints"), t;

	while (span_next(&at, NULL, &t) == 0)
		if (span_is(member(t, "key"), EDGENODE_TAINT))
			return 1;
	return 0;
}

/* The controller of nodes, not the kubelet, made it so. */
static int
has_unknown(struct span object)
{
	struct span at = span_at(object, "status.conditions"), c;

	while (span_next(&at, NULL, &c) == 0)
		if (span_is(member(c, "status"), "Unknown") &&
		    span_is(member(c, "reason"), "NodeStatusUnknown"))
			return 1;
	return 0;
}

void
edgenode_read_node(struct edgenode_node *n, struct span object)
{
	struct span ready = condition(object, "Ready");
	struct span notes = span_at(object, "metadata.annotations");
	unsigned selected = n->selected;

	memset(n, 0, sizeof(*n));
	n->selected = selected;
	n->uid = hash_of(text_of(span_at(object, "metadata.uid")));
	n->ready = truth_of(member(ready, "status"));
	n->ready_us = time_of(member(ready, "lastTransitionTime"));
	n->max_us =
	    duration_of(member(notes, EDGENODE_MAX_AUTONOMY), &n->bad_max);
	n->tainted = has_taint(object) != 0;
	n->unknown = has_unknown(object) != 0;
	n->patched = n->ready == EDGENODE_TRUE &&
	    span_is(member(ready, "reason"), "EdgeControllerReady");
	n->leaving = span_at(object, "metadata.deletionTimestamp").n > 0;
}

/* Who renewed it, and when, from an annotation. */
static void
take_renewed_by(struct edgenode_lease *l, struct span note,
    const char *controller)
{
	struct span text = text_of(note);
	const char *blank;
	size_t n;

	if (text.n == 0 || (blank = memrchr(text.p, ' ', text.n)) == NULL)
		return;
	n = (size_t)(blank - text.p);
	l->by_us =
	    n == strlen(controller) && memcmp(text.p, controller, n) == 0;
	text.n -= n + 1;
	text.p = blank + 1;
	l->renewed_us = time_of(text);
}

void
edgenode_read_lease(struct edgenode_lease *l, struct span object,
    const char *name, const char *controller)
{
	struct span notes = span_at(object, "metadata.annotations");

	memset(l, 0, sizeof(*l));
	l->there = 1;
	l->held = span_is(span_at(object, "spec.holderIdentity"), name) != 0;
	l->renew_us = time_of(span_at(object, "spec.renewTime"));
	take_renewed_by(l, member(notes, EDGENODE_RENEWED_BY), controller);
	l->since_us = time_of(member(notes, EDGENODE_SINCE));
	l->heartbeat_us = time_of(member(notes, EDGENODE_HEARTBEAT));
}

static uint64_t
add(uint64_t h, struct span s)
{
	s = text_of(s);
	if (s.n > 0)
		h = edgenode_hash(h, s.p, s.n);
	return edgenode_hash(h, "", 1);
}

/* As edgenode_said(), of what is shown. */
static uint64_t
said(struct span object, struct span ready, struct span autonomous)
{
	struct span status = member(object, "status");
	uint64_t h = EDGENODE_HASH;

	h = add(h, member(status, "phase"));
	h = add(h, member(ready, "status"));
	h = add(h, member(ready, "reason"));
	h = add(h, member(ready, "message"));
	h = add(h, member(autonomous, "status"));
	h = add(h, member(autonomous, "reason"));
	h = add(h, member(autonomous, "message"));
	h = add(h, member(status, "lastHeartbeatTime"));
	h = add(h, member(status, "takenOverSince"));
	return h == 0 ? 1 : h;
}

static struct edgenode_turn
turn_of(struct span c)
{
	long long us = time_of(member(c, "lastTransitionTime"));

	return (struct edgenode_turn) { us - us % EDGENODE_SECOND,
		truth_of(member(c, "status")) };
}

static uint64_t
owner(struct span object)
{
	struct span at = span_at(object, "metadata.ownerReferences"), o;

	while (span_next(&at, NULL, &o) == 0)
		if (span_is(member(o, "kind"), "Node"))
			return hash_of(text_of(member(o, "uid")));
	return 0;
}

void
edgenode_read_shown(struct edgenode_shown *s, struct span object,
    const char *controller)
{
	struct span ready = condition(object, "Ready"),
		    autonomous = condition(object, "Autonomous"), why;

	memset(s, 0, sizeof(*s));
	s->there = 1;
	s->owner = owner(object);
	s->said = said(object, ready, autonomous);
	s->turned[EDGENODE_READY] = turn_of(ready);
	s->turned[EDGENODE_AUTONOMOUS] = turn_of(autonomous);
	why = member(ready, "reason");
	s->dead = span_is(why, "KubeletStopped") != 0;
	s->lost = span_is(why, "PeersCannotReach") != 0;
	s->released = s->dead || s->lost || span_is(why, "AutonomyExceeded");
	s->by_us =
	    span_is(span_at(object, "status.observedBy"), controller) != 0;
	s->heartbeat_us = time_of(span_at(object, "status.lastHeartbeatTime"));
	s->report_us = time_of(span_at(object, "status.report.time"));
	s->max_us =
	    duration_of(span_at(object, "spec.maxAutonomy"), &s->bad_max);
}
