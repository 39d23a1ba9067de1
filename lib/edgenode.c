/*
 * What is to be done for a node.
 *
 * It is taken over in two steps: its Lease is renewed first, with the
 * resourceVersion that was seen, and only when the tree shows that renewal is
 * the rest written. That makes the API alone know who is taken over.
 *
 * That no heartbeat has come says nothing as long as the tree may be what is
 * late. It is believed only as of when a renewal of ours was asked for that the
 * tree shows by now (proved), or if the master itself calls the node Unknown.
 */
#include <string.h>

#include "edgenode.h"
#include "edgenode_say.h"

#define INSIST_MAX 12			 /* then every 17 hours */
#define LATEST_US (60 * EDGENODE_SECOND) /* decide again, come what may */

const char *
edgenode_state_name(enum edgenode_state s)
{
	static const char *const names[EDGENODE_STATES] = { "new", "ignored",
		"silent", "healthy", "late", "taking", "taken", "released" };

	return names[s];
}

/* --- what was seen --- */

int
edgenode_is_ours(const struct edgenode_lease *l)
{
	return l->there && l->renew_us != 0 && l->renew_us == l->renewed_us;
}

/* A renewal of ours. The return is that of edgenode_see_lease(). */
static long long
see_renewal(struct edgenode *n, int first, const struct edgenode_clock *now)
{
	struct edgenode_seen *s = &n->seen;

	/* found at the first look: for how long it is good is unknown */
	s->renewed_at = first ? 0 : now->at;
	if (first) {
		s->at = now->at;
		s->us = now->us;
	}
	return n->lease.renew_us == n->asked_us ? n->asked_at : 0;
}

long long
edgenode_see_lease(struct edgenode *n, const struct edgenode_clock *now)
{
	struct edgenode_seen *s = &n->seen;
	const struct edgenode_lease *l = &n->lease;
	int first = !s->lease;

	n->due = 0;
	if (!l->there) {
		s->lease = 0;
		return 0;
	}
	if (!first && l->renew_us == s->renew_us)
		return 0;
	s->lease = 1;
	s->renew_us = l->renew_us;
	if (edgenode_is_ours(l))
		return see_renewal(n, first, now);
	s->at = now->at;
	s->us = now->us;
	s->renewed_at = s->report_first = s->report_last = s->lost_from = 0;
	if (!first) {
		s->heard = 1;
		s->dead = s->lost = 0;
	}
	return 0;
}

/*
 * Two reports that are further apart than a takeover takes, and no heartbeat
 * between them: the link is there, the kubelet is not.
 */
void
edgenode_see_report(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	struct edgenode_seen *s = &n->seen;
	int first = !s->report;

	n->due = 0;
	s->report = 1;
	if (first && n->shown.dead && !s->heard)
		s->dead = 1;
	if (first && n->shown.lost && !s->heard)
		s->lost = 1;
	if (n->shown.report_us == s->report_us)
		return;
	s->report_us = n->shown.report_us;
	if (first || s->report_us == 0)
		return;
	s->reported_at = now->at;
	if (s->report_first == 0)
		s->report_first = now->at;
	s->report_last = now->at;
	if (s->report_last - s->report_first >= o->takeover_us)
		s->dead = 1;
}

void
edgenode_stir(struct edgenode *n, enum edgenode_try what,
    const struct edgenode_clock *now)
{
	long long soon = now->at + EDGENODE_SECOND;

	n->due = 0;
	if (n->tries[what].after > soon)
		n->tries[what].after = soon;
}

/* --- how it is --- */

long long
edgenode_heartbeat(const struct edgenode *n, const struct edgenode_clock *now)
{
	const struct edgenode_lease *l = &n->lease;
	long long us = n->seen.us;

	if (edgenode_is_ours(l)) {
		if (l->heartbeat_us != 0 || l->since_us != 0)
			us = l->heartbeat_us != 0 ? l->heartbeat_us
						  : l->since_us;
	} else if (!n->seen.heard) {
		/* nobody has seen it: the best that is known */
		if (n->shown.heartbeat_us != 0)
			us = n->shown.heartbeat_us;
		else if (n->node.unknown && n->node.ready_us != 0)
			us = n->node.ready_us;
	}
	return us > now->us ? now->us : us;
}

static void
look_at(struct edgenode *n, long long at)
{
	if (at < n->due)
		n->due = at;
}

/* Its time is over; if not, it is to be looked at then. */
static int
is_over(struct edgenode *n, const struct edgenode_clock *now)
{
	long long left;

	if (n->max_us <= 0)
		return 0;
	left = edgenode_heartbeat(n, now) + n->max_us - now->us;
	if (left > 0)
		look_at(n, now->at + left);
	return left <= 0;
}

/* No heartbeat for so long, or longer than the master waits before we came. */
static int
is_stale(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	if (!n->seen.heard && n->node.unknown)
		return 1;
	if (now->at - n->seen.at >= o->takeover_us)
		return 1;
	look_at(n, n->seen.at + o->takeover_us);
	return 0;
}

/* That there was no heartbeat for so long is no matter of our own line. */
static int
is_proved(const struct edgenode *n, const struct edgenode_options *o)
{
	return n->node.unknown ||
	    (o->proved != 0 && o->proved >= n->seen.at + o->takeover_us);
}

/* Nor is it that the kubelet has not come since our last renewal. */
static int
is_still_away(const struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	return n->state == EDGENODE_RELEASED || n->node.unknown ||
	    (o->proved != 0 &&
		o->proved + o->renew_us + o->retry_us >= now->at);
}

/* It is not, or no longer, to be stood in for. */
static int
is_given_up(const struct edgenode *n, const struct edgenode_options *o)
{
	return n->exceeded || n->seen.dead || (o->peers > 0 && n->seen.lost);
}

static enum edgenode_state
state_of(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	int ours = edgenode_is_ours(&n->lease), sure;

	if (!n->node.selected)
		return EDGENODE_IGNORED;
	if (!n->lease.there || !n->lease.held)
		return EDGENODE_SILENT;
	if (!ours && !is_stale(n, o, now))
		return EDGENODE_HEALTHY;
	n->exceeded = is_over(n, now);
	sure = ours ? is_still_away(n, o, now) : is_proved(n, o);
	if (is_given_up(n, o))
		return sure ? EDGENODE_RELEASED : EDGENODE_LATE;
	if (ours)
		return EDGENODE_TAKEN;
	return sure ? EDGENODE_TAKING : EDGENODE_LATE;
}

/* The annotation counts before the EdgeNode, and that before the option. */
static long long
autonomy(const struct edgenode *n, const struct edgenode_options *o)
{
	if (n->node.max_us >= 0)
		return n->node.max_us;
	return n->shown.max_us >= 0 && n->shown.there ? n->shown.max_us
						      : o->max_us;
}

/* What an Event was about before we were there, as far as it can be seen. */
static enum edgenode_state
told_before(const struct edgenode *n)
{
	if (n->shown.released)
		return EDGENODE_RELEASED;
	return n->node.tainted ? EDGENODE_TAKEN : EDGENODE_HEALTHY;
}

/*
 * It is called healthy only because we have just begun to look, and was not
 * before: that is left as it is until a heartbeat proves it.
 */
static int
is_unproven(const struct edgenode *n)
{
	return n->state == EDGENODE_HEALTHY && !n->seen.heard &&
	    n->lease.renewed_us == 0 && n->told != EDGENODE_HEALTHY;
}

/* --- what is to be done --- */

/* If it is wanted, and not tried a moment ago. */
static int
may(struct edgenode *n, enum edgenode_try what, int wanted,
    const struct edgenode_options *o, const struct edgenode_clock *now)
{
	int count = n->tries[what].count;
	long long pause;

	if (!wanted) {
		n->tries[what].after = n->tries[what].count = 0;
		return 0;
	}
	if (count > 0 && now->at < n->tries[what].after) {
		look_at(n, n->tries[what].after);
		return 0;
	}
	/* a renewal cannot wait; all else is asked for less and less often */
	pause = o->retry_us;
	if (what != EDGENODE_TRY_RENEW)
		pause *= 3 << (count > 3 ? 3 : count);
	n->tries[what].after = now->at + pause;
	n->tries[what].count = count + 1;
	look_at(n, n->tries[what].after);
	return 1;
}

static int
is_marked(const struct edgenode_lease *l)
{
	return l->renewed_us != 0 || l->since_us != 0;
}

/*
 * It is not selected any more, and was not taken on by another controller: what
 * was done to it is undone, the EdgeNode last, as that tells by whom.
 */
static int
is_to_leave(const struct edgenode *n)
{
	return n->state == EDGENODE_IGNORED && n->mine &&
	    (n->lease.by_us || !is_marked(&n->lease));
}

static unsigned
lease_wants(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	long long next = n->seen.renewed_at + o->renew_us;
	int renew = n->state == EDGENODE_TAKING, forget;
	unsigned want = 0;

	if (n->state == EDGENODE_LATE) {
		renew = o->probe && !is_given_up(n, o);
		look_at(n, now->at + 1);
	} else if (n->state == EDGENODE_TAKEN) {
		renew = n->seen.renewed_at == 0 || now->at >= next;
		if (!renew)
			look_at(n, next);
	}
	/* while others are tried what was tried of this one is remembered */
	if ((renew || n->state != EDGENODE_LATE) &&
	    may(n, EDGENODE_TRY_RENEW, renew, o, now)) {
		want |= EDGENODE_RENEW;
		n->asked_at = now->at;
		n->asked_us = now->us > n->lease.renew_us
		    ? now->us
		    : n->lease.renew_us + 1;
	}
	forget = n->state == EDGENODE_HEALTHY
	    ? is_marked(&n->lease)
	    : is_to_leave(n) && n->lease.by_us && !n->node.tainted;
	if (may(n, EDGENODE_TRY_FORGET, forget, o, now))
		want |= EDGENODE_FORGET;
	return want;
}

/* From then on its pods are to be healed, see edgenode_pods.h. */
static void
see_patched(struct edgenode *n, int taken, const struct edgenode_clock *now)
{
	struct edgenode_seen *s = &n->seen;

	if (!taken || !n->node.patched)
		s->good_at = s->pods = n->pods_after = 0;
	else if (s->good_at == 0)
		s->good_at = now->at;
}

static unsigned
node_wants(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	int taken = n->state == EDGENODE_TAKEN, put, drop;
	unsigned want = 0;

	put = taken && !n->node.tainted;
	drop = n->node.tainted &&
	    (n->state == EDGENODE_HEALTHY || is_to_leave(n) ||
		n->state == EDGENODE_SILENT);
	if (may(n, EDGENODE_TRY_TAINT, put || drop, o, now))
		want |= put ? EDGENODE_PUT_TAINT : EDGENODE_DROP_TAINT;
	if (may(n, EDGENODE_TRY_READY, taken && n->node.unknown, o, now))
		want |= EDGENODE_PATCH_READY;
	see_patched(n, taken, now);
	return want;
}

/* Times there are not those that were seen when it turned. */
static int
is_misdated(struct edgenode *n, const struct edgenode_says *s)
{
	const struct edgenode_turn *shown = n->shown.turned;
	enum edgenode_truth to;
	int i, yes = 0;

	for (i = 0; i < EDGENODE_CONDITIONS; i++) {
		to = edgenode_truth(s, i);
		if (shown[i].to != to)
			continue;
		if (n->turned[i].to != to || n->turned[i].us == 0)
			n->turned[i] = shown[i];
		yes |= shown[i].us == 0 || n->turned[i].us != shown[i].us;
	}
	return yes;
}

/*
 * What another may hold to be true as well, where two select the same node, is
 * written after pauses that only grow: a hand gives up before, and so do they.
 */
static int
may_insist(struct edgenode *n, const struct edgenode_clock *now)
{
	if (n->insists.count == 0 || now->at >= n->insists.after)
		return 1;
	look_at(n, n->insists.after);
	return 0;
}

static void
insist(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	int count = n->insists.count;

	n->insists.after = now->at + (o->retry_us * 3 << count);
	n->insists.count = count < INSIST_MAX ? count + 1 : count;
}

static unsigned
show_wants(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	struct edgenode_says s;
	unsigned want = 0;
	int odd = 0;

	if (!o->show)
		return 0;
	if (n->state == EDGENODE_IGNORED) {
		if (is_to_leave(n) && n->shown.there && n->shown.by_us &&
		    !n->node.tainted && !n->lease.by_us)
			want = EDGENODE_DELETE;
	} else if (n->state != EDGENODE_TAKING && n->state != EDGENODE_LATE) {
		edgenode_say(&s, n);
		odd = is_misdated(n, &s) || !n->shown.by_us;
		if (!n->shown.there)
			want = EDGENODE_CREATE | EDGENODE_SHOW;
		else if (n->shown.said != edgenode_said(&s))
			want = EDGENODE_SHOW;
		else if (odd && may_insist(n, now))
			want = EDGENODE_SHOW;
		if (n->shown.there && n->shown.owner != n->node.uid)
			want |= EDGENODE_OWN;
	}
	if (!may(n, EDGENODE_TRY_SHOW, want != 0, o, now))
		return 0;
	if (odd && n->shown.there)
		insist(n, o, now);
	return want;
}

static unsigned
event_wants(struct edgenode *n)
{
	enum edgenode_state was = n->told;
	uint64_t bad =
	    n->node.bad_max != 0 ? n->node.bad_max : n->shown.bad_max;
	unsigned want = 0;

	if (n->node.selected && bad != n->told_bad) {
		n->told_bad = bad;
		if (bad != 0)
			want = EDGENODE_TELL_BAD_MAX;
	}
	if (n->state == was || n->state == EDGENODE_TAKING ||
	    n->state == EDGENODE_LATE || n->state == EDGENODE_SILENT)
		return want;
	n->told = n->state;
	if (n->state == EDGENODE_TAKEN)
		return want | EDGENODE_TELL_CUT_OFF;
	if (n->state == EDGENODE_RELEASED ||
	    (is_to_leave(n) && was == EDGENODE_TAKEN))
		return want | EDGENODE_TELL_LET_GO;
	if (n->state == EDGENODE_HEALTHY &&
	    (was == EDGENODE_TAKEN || was == EDGENODE_RELEASED))
		return want | EDGENODE_TELL_CONNECTED;
	return want;
}

enum edgenode_state
edgenode_state_now(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	long long due = n->due;
	enum edgenode_state state;

	n->max_us = autonomy(n, o);
	state = state_of(n, o, now);
	n->due = due;
	return state;
}

unsigned
edgenode_decide(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now)
{
	unsigned want;

	n->due = now->at + LATEST_US;
	n->max_us = autonomy(n, o);
	if (n->told == EDGENODE_NEW)
		n->told = told_before(n);
	n->state = state_of(n, o, now);
	n->mine |= n->node.selected || n->lease.by_us || n->shown.by_us;
	if (is_unproven(n) || n->node.leaving)
		return 0;
	want = lease_wants(n, o, now);
	if (o->urgent) {
		look_at(n, now->at + 1);
		return want;
	}
	want |= node_wants(n, o, now);
	want |= show_wants(n, o, now);
	return want | event_wants(n);
}
