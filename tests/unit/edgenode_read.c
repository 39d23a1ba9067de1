/* What is read of a node, and what is remembered of it. */
#include <string.h>

#include "edgenode_memory.h"
#include "edgenode_read.h"
#include "tap.h"

#define S EDGENODE_SECOND
#define BEGIN 1764230400 /* 2025-11-27T08:00:00Z */

static char who[] = "a";
static struct edgenode n = { .name = who };
static struct edgenode_clock now;

static struct span
text(const char *s)
{
	return (struct span) { s, strlen(s) };
}

static void
lasts(const char *s, long long want)
{
	long long us = -1;
	int rc = edgenode_duration(s, strlen(s), &us);

	ok(rc == (want < 0 ? -1 : 0) && (rc == -1 || us == want), "'%s': %lld",
	    s, us);
}

static void
test_times(void)
{
	lasts("0", 0);
	lasts("0s", 0);
	lasts("1ns", 1);
	lasts("20s", 20 * S);
	lasts("1h30m", 5400 * S);
	lasts("1.5h", 5400 * S);
	lasts("+.5s", S / 2);
	lasts("1h1ms1us", 3600 * S + 1001);
	lasts("292y", -1);
	lasts("3000000h", -1);
	lasts("", -1);
	lasts("s", -1);
	lasts("5", -1);
	lasts("-1s", -1);
	lasts("1s ", -1);
	lasts("1.1.1s", -1);
	lasts("soon", -1);
}

static void
test_read(void)
{
	struct edgenode_lease l;
	struct edgenode_node node = { .selected = 1 };

	edgenode_read_lease(&l,
	    text("{\"metadata\":{\"annotations\":{"
		 "\"edgenode.ote.baidu.com/renewed-by\":"
		 "\"me 2025-11-27T08:00:00.000001Z\"}},"
		 "\"spec\":{\"holderIdentity\":\"a\","
		 "\"renewTime\":"
		 "\"2025-11-27T08:00:00.000001Z\"}}"),
	    "a", "me");
	ok(l.held && edgenode_is_ours(&l) && l.by_us &&
		l.renew_us == BEGIN * S + 1,
	    "a Lease of ours");
	edgenode_read_lease(&l, text("{\"spec\":{\"holderIdentity\":7}}"), "a",
	    "me");
	ok(l.there && !l.held && !edgenode_is_ours(&l), "an odd one");
	edgenode_read_node(&node, text("{}"));
	ok(node.selected && node.max_us == -1 && node.bad_max == 0,
	    "an empty Node");
	edgenode_read_node(&node,
	    text("{\"metadata\":{\"annotations\":{"
		 "\"edgenode.ote.baidu.com/max-autonomy\":5}}}"));
	ok(node.max_us == -1 && node.bad_max != 0, "a number is no duration");
}

/* A file that was kept when node a had been heard of 9 s ago. */
static void
kept(const char *boot, struct edgenode_memory_age *a, long long passed)
{
	char head[128];

	now.at = 900 * S;
	now.us = BEGIN * S;
	snprintf(head, sizeof(head), "%s %lld %lld", boot, now.at - passed * S,
	    now.us - 100 * S);
	is_int(edgenode_memory_head(a, &now, head), 0, "a first line");
	memset(&n.seen, 0, sizeof(n.seen));
}

static void
recalls(const struct edgenode_memory_age *a, long long seconds,
    const char *name)
{
	struct edgenode *rows[] = { &n };
	struct edgenode_table t = { .rows = rows, .n = 1 };
	char line[128];

	snprintf(line, sizeof(line), "7 %lld %lld 0 1 0 -1 0 0 0 0 0 0 0 3 a",
	    a->kept_at - 9 * S, (BEGIN - 50) * S);
	edgenode_memory_line(&t, a, &now, line);
	is_int((now.at - n.seen.at) / S, seconds, name);
	ok(n.seen.lease && n.seen.heard && !n.seen.report &&
		n.seen.renew_us == 7 && n.seen.pods == 3 &&
		n.seen.us == (BEGIN - 50) * S,
	    "and the rest");
}

static void
test_memory(void)
{
	struct edgenode *rows[] = { &n };
	struct edgenode_table t = { .rows = rows, .n = 1 };
	struct edgenode_memory_age age;
	char line[128];

	now.boot = "one";
	kept("one", &age, 5);
	recalls(&age, 14, "what was seen grows old, by no clock that is set");
	kept("one", &age, -5);
	recalls(&age, 9, "a time to come is now");
	kept("two", &age, 5);
	recalls(&age, 9, "of another boot: as old as it was");
	kept("two", &age, -3600);
	recalls(&age, 9, "which may have been longer");
	now.boot = NULL;
	kept("one", &age, 5);
	recalls(&age, 109, "a time that was given counts as it is");
	now.boot = "one";
	kept("-", &age, 5);
	recalls(&age, 9, "but not afterwards");
	snprintf(line, sizeof(line), "7 8 9 a");
	memset(&n.seen, 0, sizeof(n.seen));
	edgenode_memory_line(&t, &age, &now, line);
	ok(!n.seen.lease, "no line");
	is_int(edgenode_memory_head(&age, &now, line), -1, "no first line");
	now.boot = NULL;
}

int
main(void)
{
	test_times();
	test_read();
	test_memory();
	return done_testing();
}
