/* What is decided for a node. */
#include <string.h>

#include "edgenode_pods.h"
#include "edgenode_round.h"
#include "edgenode_say.h"
#include "tap.h"

#define S EDGENODE_SECOND
#define BEGIN 1764230400 /* 2025-11-27T08:00:00Z */

static struct edgenode_options o = { .name = "ctl",
	.takeover_us = 20 * S,
	.renew_us = 15 * S,
	.retry_us = 5 * S,
	.show = 1 };
static struct edgenode n;
static struct edgenode_clock now;
static int in_doubt; /* o.proved stays as it is */

/* The monotonic clock begins anywhere. The tree is what the master has. */
static void
at(long long s)
{
	now.at = (5 + s) * S;
	now.us = (BEGIN + s) * S;
	o.proved = now.at;
}

/* What the tree shows: a Lease of that time, ours or the kubelet's. */
static void
lease(long long renew_s, int ours)
{
	n.lease.there = n.lease.held = 1;
	n.lease.renew_us = (BEGIN + renew_s) * S;
	if (ours) {
		n.lease.renewed_us = n.lease.renew_us;
		if (n.lease.since_us == 0)
			n.lease.since_us = now.us;
		if (n.lease.heartbeat_us == 0)
			n.lease.heartbeat_us = n.seen.us;
	}
	edgenode_see_lease(&n, &now);
	edgenode_stir(&n, EDGENODE_TRY_RENEW, &now);
}

/* The EdgeNode says what it is to say. */
static void
show(void)
{
	struct edgenode_says s;
	enum edgenode_truth to;
	int i;

	edgenode_say(&s, &n);
	n.shown.there = 1;
	n.shown.said = edgenode_said(&s);
	n.shown.owner = n.node.uid;
	n.shown.by_us = 1;
	for (i = 0; i < EDGENODE_CONDITIONS; i++) {
		to = edgenode_truth(&s, i);
		if (n.shown.turned[i].to != to)
			n.shown.turned[i] =
			    (struct edgenode_turn) { now.us, to };
	}
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
}

static void
report(long long s)
{
	at(s);
	n.shown.report_us = now.us;
	edgenode_see_report(&n, &o, &now);
}

static void
begin(void)
{
	static char name[] = "a";

	memset(&n, 0, sizeof(n));
	n.name = name;
	n.node = (struct edgenode_node) { .uid = 1,
		.max_us = -1,
		.selected = 1,
		.ready = EDGENODE_TRUE };
	n.shown.max_us = -1;
	at(0);
	lease(-3600, 0);
	edgenode_decide(&n, &o, &now);
	show();
	edgenode_see_report(&n, &o, &now);
	edgenode_decide(&n, &o, &now);
}

static void
wants(long long s, enum edgenode_state state, unsigned want, const char *name)
{
	long long proved = o.proved;
	unsigned got;

	at(s);
	if (in_doubt)
		o.proved = proved;
	got = edgenode_decide(&n, &o, &now);
	if (!ok(got == want && n.state == state, "%s", name))
		printf("# got %#x %s, wanted %#x %s\n", got,
		    edgenode_state_name(n.state), want,
		    edgenode_state_name(state));
}

static void
take_over(void)
{
	begin();
	at(20);
	edgenode_decide(&n, &o, &now);
	lease(20, 1);
	edgenode_decide(&n, &o, &now);
	n.node.tainted = 1;
	show();
	edgenode_decide(&n, &o, &now);
}

static void
test_takeover(void)
{
	begin();
	is_int(n.due, (5 + 20) * S,
	    "a healthy node is looked at when it is late");
	wants(19, EDGENODE_HEALTHY, 0, "not before");
	wants(20, EDGENODE_TAKING, EDGENODE_RENEW, "its Lease first");
	wants(24, EDGENODE_TAKING, 0, "once");
	wants(25, EDGENODE_TAKING, EDGENODE_RENEW,
	    "and again when nothing comes");
	at(26);
	lease(25, 1);
	wants(26, EDGENODE_TAKEN,
	    EDGENODE_PUT_TAINT | EDGENODE_SHOW | EDGENODE_TELL_CUT_OFF,
	    "the rest when that is seen");
	wants(30, EDGENODE_TAKEN, 0, "all is under way");
	n.node.tainted = 1;
	show();
	wants(40, EDGENODE_TAKEN, 0, "all is done");
	wants(41, EDGENODE_TAKEN, EDGENODE_RENEW, "renewed after 15 seconds");
	lease(41, 1);
	wants(55, EDGENODE_TAKEN, 0, "not earlier");
	n.shown.said = 5;
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
	wants(55, EDGENODE_TAKEN, EDGENODE_SHOW, "written by hand: restored");
	n.shown.there = 0;
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
	wants(56, EDGENODE_TAKEN,
	    EDGENODE_RENEW | EDGENODE_CREATE | EDGENODE_SHOW,
	    "deleted by hand: made again");
}

/* As long as nobody gives in. */
static void
edit(long long s)
{
	at(s);
	n.shown.by_us = 0;
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
}

static void
test_edits(void)
{
	long long turned;

	begin();
	turned = n.turned[EDGENODE_READY].us;
	is_int(turned, BEGIN * S, "when a condition turned is kept in mind");
	n.shown.turned[EDGENODE_READY].us -= 60 * S;
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
	wants(1, EDGENODE_HEALTHY, EDGENODE_SHOW, "a time is edited: restored");
	is_int(n.turned[EDGENODE_READY].us, turned, "as it was");
	n.shown.turned[EDGENODE_READY].us = turned;
	edgenode_stir(&n, EDGENODE_TRY_SHOW, &now);
	wants(2, EDGENODE_HEALTHY, 0, "which is all");
	edit(16);
	wants(16, EDGENODE_HEALTHY, EDGENODE_SHOW, "who wrote it, too");
	n.shown.by_us = 1;
	edit(17);
	wants(17, EDGENODE_HEALTHY, 0, "one that insists");
	at(19);
	lease(-3590, 0);
	wants(38, EDGENODE_HEALTHY, 0, "is waited for");
	at(38);
	lease(-3580, 0);
	wants(46, EDGENODE_HEALTHY, EDGENODE_SHOW, "twice as long");
	edit(50);
	lease(-3570, 0);
	n.shown.said = 5;
	wants(50, EDGENODE_HEALTHY, 0, "what is written is not written twice");
	edit(51);
	wants(51, EDGENODE_HEALTHY, EDGENODE_SHOW,
	    "what only this one can know is written at once");
}

static void
test_return(void)
{
	take_over();
	at(30);
	lease(-3590, 0);
	wants(30, EDGENODE_HEALTHY,
	    EDGENODE_FORGET | EDGENODE_DROP_TAINT | EDGENODE_SHOW |
		EDGENODE_TELL_CONNECTED,
	    "back, by a clock an hour late");
	n.node.tainted = 0;
	n.lease.since_us = n.lease.renewed_us = 0;
	show();
	wants(31, EDGENODE_HEALTHY, 0, "and nothing is left");
	lease(-4000, 0);
	wants(45, EDGENODE_HEALTHY, 0,
	    "a clock that was set back beats as well");
}

static void
test_line(void)
{
	begin();
	in_doubt = 1;
	wants(20, EDGENODE_LATE, 0, "no heartbeat, and nothing proves why");
	o.probe = 1;
	wants(21, EDGENODE_LATE, EDGENODE_RENEW, "it may be asked for");
	wants(25, EDGENODE_LATE, 0, "once");
	o.proved = (5 + 19) * S;
	wants(25, EDGENODE_LATE, 0, "what was proved before it was late");
	o.probe = 0;
	o.proved = (5 + 20) * S;
	wants(25, EDGENODE_TAKING, 0, "is not what was proved after");
	wants(26, EDGENODE_TAKING, EDGENODE_RENEW,
	    "and then there is no doubt");
	at(28);
	lease(26, 1);
	is_int(n.lease.renew_us, n.asked_us, "a renewal that is seen");
	n.seen.renew_us = 0;
	is_int(edgenode_see_lease(&n, &now), (5 + 26) * S,
	    "proves the line as of when it was asked for");
	n.asked_us--;
	n.seen.renew_us = 0;
	is_int(edgenode_see_lease(&n, &now), 0, "one of another does not");

	begin();
	o.proved = 0;
	n.node.max_us = S;
	wants(100, EDGENODE_LATE, 0, "its time is over, if it is not us");
	o.probe = 1;
	wants(101, EDGENODE_LATE, 0, "which is not tried out by its Lease");
	o.probe = 0;
	n.node.unknown = 1;
	wants(102, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "until the master says that it is not");

	in_doubt = 0;
	take_over();
	in_doubt = 1;
	n.node.max_us = 60 * S;
	o.proved = (5 + 39) * S;
	wants(60, EDGENODE_LATE, 0, "taken, and over while the line is cut");
	o.proved = (5 + 40) * S;
	wants(60, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "and while it is not");
	show();
	wants(200, EDGENODE_RELEASED, 0, "for good");
	in_doubt = 0;
}

#define MANY 40

static unsigned
count(const struct edgenode_table *t, enum edgenode_state state, unsigned want)
{
	unsigned k = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		k += t->rows[i]->state == state && t->rows[i]->want == want;
	return k;
}

static void
test_probes(void)
{
	static struct edgenode many[MANY];
	struct edgenode *rows[MANY];
	struct edgenode_table t = { .rows = rows, .n = MANY };
	struct edgenode_round r = { .budget = 1000 };
	int i;

	for (i = 0; i < MANY; i++) {
		begin();
		many[i] = n;
		rows[i] = &many[i];
	}
	at(20);
	edgenode_round(&r, &t, &o, &now);
	is_int(count(&t, EDGENODE_LATE, EDGENODE_RENEW), 16,
	    "when all are late a few are tried");
	is_int(count(&t, EDGENODE_LATE, 0), MANY - 16, "the others wait");
	at(21);
	edgenode_round(&r, &t, &o, &now);
	is_int(count(&t, EDGENODE_LATE, 0), MANY, "no more for a while");
	at(25);
	edgenode_round(&r, &t, &o, &now);
	is_int(rows[16]->want + rows[31]->want, 2 * EDGENODE_RENEW,
	    "then the next ones");
	at(30);
	edgenode_round(&r, &t, &o, &now);
	is_int(rows[32]->want + rows[39]->want + rows[0]->want + rows[7]->want,
	    4 * EDGENODE_RENEW, "and round again");
	t.proved = (5 + 20) * S;
	at(31);
	edgenode_round(&r, &t, &o, &now);
	is_int(count(&t, EDGENODE_TAKING, EDGENODE_RENEW) +
		count(&t, EDGENODE_TAKING, 0),
	    MANY, "an answer is one for all");
}

static void
test_limits(void)
{
	take_over();
	n.node.max_us = 60 * S;
	n.due = 0;
	edgenode_decide(&n, &o, &now);
	is_int(n.seen.us, BEGIN * S, "the last heartbeat");
	wants(59, EDGENODE_TAKEN, EDGENODE_RENEW, "as long as it may");
	wants(60, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "then it is let go");
	show();
	wants(100, EDGENODE_RELEASED, 0, "for good");
	n.node.max_us = 1;
	n.seen.heard = 1;
	at(200);
	lease(-10, 0);
	wants(200, EDGENODE_HEALTHY,
	    EDGENODE_FORGET | EDGENODE_DROP_TAINT | EDGENODE_SHOW |
		EDGENODE_TELL_CONNECTED,
	    "until it is back");
	wants(220, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "with next to none it is not taken over");
	begin();
	o.max_us = 60 * S;
	n.node.max_us = 0;
	wants(3600, EDGENODE_TAKING, EDGENODE_RENEW, "0 is for ever");
	n.node.max_us = -1;
	n.shown.max_us = 0;
	wants(3610, EDGENODE_TAKING, EDGENODE_RENEW, "of an EdgeNode, too");
	n.shown.max_us = -1;
	wants(3620, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "whatever the limit of all others");
	o.max_us = 0;
	begin();
	n.node.bad_max = 7;
	wants(1, EDGENODE_HEALTHY, EDGENODE_TELL_BAD_MAX, "no duration");
	wants(2, EDGENODE_HEALTHY, 0, "told once");
}

static void
test_kubelet(void)
{
	take_over();
	report(30);
	report(49);
	wants(49, EDGENODE_TAKEN, EDGENODE_RENEW,
	    "a hub that has just come back");
	report(50);
	wants(50, EDGENODE_RELEASED, EDGENODE_SHOW | EDGENODE_TELL_LET_GO,
	    "and one whose kubelet does not come");
	at(60);
	lease(-1, 0);
	edgenode_decide(&n, &o, &now);
	ok(n.state == EDGENODE_HEALTHY && !n.seen.dead, "it lives again");
}

static void
test_found(void)
{
	begin();
	n.seen.heard = 0;
	n.node.unknown = 1;
	n.node.ready_us = (BEGIN - 100) * S;
	n.due = 0;
	wants(1, EDGENODE_TAKING, EDGENODE_RENEW, "found Unknown");
	is_int(edgenode_heartbeat(&n, &now), (BEGIN - 100) * S,
	    "since the master says so");
	lease(2, 1);
	wants(2, EDGENODE_TAKEN,
	    EDGENODE_PUT_TAINT | EDGENODE_PATCH_READY | EDGENODE_SHOW |
		EDGENODE_TELL_CUT_OFF,
	    "it is made good");
	n.node.unknown = 0;
	n.node.patched = n.node.tainted = 1;
	show();
	wants(3, EDGENODE_TAKEN, 0, "and that is all");
	is_int(n.seen.good_at, (5 + 3) * S, "its pods are to be healed");
	n.seen.pods = EDGENODE_HEALED;
	n.due = 0;
	wants(9, EDGENODE_TAKEN, 0, "which is known");
	ok(n.seen.good_at == (5 + 3) * S && n.seen.pods == EDGENODE_HEALED,
	    "as long as it stays so");
	n.node.patched = 0;
	n.node.unknown = 1;
	n.due = 0;
	wants(100, EDGENODE_TAKEN, EDGENODE_RENEW | EDGENODE_PATCH_READY,
	    "Unknown again");
	ok(n.seen.good_at == 0 && n.seen.pods == 0,
	    "they are to be healed again");

	take_over();
	memset(&n.seen, 0, sizeof(n.seen));
	n.told = EDGENODE_NEW;
	at(25);
	lease(20, 1);
	wants(25, EDGENODE_TAKEN, EDGENODE_RENEW,
	    "a restart: one of ours goes on");
	memset(&n.seen, 0, sizeof(n.seen));
	n.told = EDGENODE_NEW;
	n.lease.renewed_us = n.lease.since_us = 0;
	lease(20, 0);
	wants(26, EDGENODE_HEALTHY, 0, "one that may be back is left as it is");
	lease(21, 0);
	wants(27, EDGENODE_HEALTHY,
	    EDGENODE_DROP_TAINT | EDGENODE_SHOW | EDGENODE_TELL_CONNECTED,
	    "until that is proved");
}

static void
test_others(void)
{
	take_over();
	n.node.selected = 0;
	n.shown.by_us = 1;
	n.lease.by_us = 1;
	wants(30, EDGENODE_IGNORED, EDGENODE_DROP_TAINT | EDGENODE_TELL_LET_GO,
	    "not selected any more");
	n.node.tainted = 0;
	n.due = 0;
	wants(31, EDGENODE_IGNORED, EDGENODE_FORGET, "then its Lease is left");
	n.lease.renewed_us = n.lease.since_us = n.lease.by_us = 0;
	wants(32, EDGENODE_IGNORED, EDGENODE_DELETE, "and then its EdgeNode");
	take_over();
	n.node.selected = n.mine = n.shown.by_us = 0;
	wants(30, EDGENODE_IGNORED, 0, "what another one selects");
	begin();
	n.lease.held = 0;
	wants(100, EDGENODE_SILENT, EDGENODE_SHOW, "held by another");
	show();
	n.lease.there = 0;
	edgenode_see_lease(&n, &now);
	wants(300, EDGENODE_SILENT, EDGENODE_SHOW, "no Lease");
	begin();
	n.node.leaving = 1;
	wants(100, EDGENODE_TAKING, 0, "a node that is being deleted");
	take_over();
	o.show = 0;
	n.shown.there = 0;
	n.node.tainted = 0;
	n.tries[EDGENODE_TRY_TAINT].count = 0;
	wants(31, EDGENODE_TAKEN, EDGENODE_PUT_TAINT, "without EdgeNodes");
	o.show = 1;
	o.urgent = 1;
	wants(36, EDGENODE_TAKEN, EDGENODE_RENEW, "in haste: the Lease alone");
	ok(n.due > now.at && n.due <= now.at + S, "the rest is not forgotten");
	o.urgent = 0;
}

int
main(void)
{
	test_takeover();
	test_edits();
	test_return();
	test_line();
	test_probes();
	test_limits();
	test_kubelet();
	test_found();
	test_others();
	return done_testing();
}
