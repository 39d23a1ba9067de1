/*
 * ote-edge-controller: what is to be done for nodes that are cut off.
 *
 * It reads the feeds of nodes, Leases and EdgeNodes in a tree of
 * ote-watch-sync(8), and prints actions for ote-apply(8). It asks nobody and
 * is told no results: what has become of an action it sees in the tree.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "edgenode_memory.h"
#include "edgenode_metrics.h"
#include "edgenode_pods.h"
#include "edgenode_round.h"
#include "edgenode_tree.h"
#include "human.h"
#include "ready.h"

#define SECOND EDGENODE_SECOND
#define AUTONOMY EDGENODE_PREFIX "autonomy=true"
#define SAVE_AFTER (5 * SECOND)
#define PATIENCE (10 * SECOND) /* with EdgeNodes that are not synced yet */
#define CHUNK (256 * 1024)
/* nodes for which more than their Lease is written in a round */
#define BUDGET 1000

struct controller {
	struct edgenode_tree tree;
	struct edgenode_table table;
	struct edgenode_pods pods;
	struct edgenode_round round;
	struct edgenode_writer w;
	struct edgenode_metrics metrics;
	struct edgenode_options o;
	struct selector selector;
	const char *metrics_file, *memory_file;
	char name[128], boot[64];
	long long fixed, interval, begun, next_save;
	char told[EDGENODE_KINDS][512]; /* of each feed, the last time */
	int all, once, verbose, looked, failed;
};

static volatile sig_atomic_t ended;

static void
usage(FILE *out)
{
	fputs("usage: ote-edge-controller [-1Ahnv] [-a takeover_after] "
	      "[-d data] [-i interval]\n"
	      "                           [-l selector] [-M max_autonomy] "
	      "[-m metrics_file]\n"
	      "                           [-N name] [-P peers] [-s state_file] "
	      "[-t time]\n"
	      "                           [-w feeds_file]\n",
	    out);
}

static void
on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

/* --- the clock --- */

static long long
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

static struct edgenode_clock
now(const struct controller *c)
{
	struct edgenode_clock t = { c->fixed, c->fixed, NULL };

	if (c->fixed == 0) {
		t.at = read_clock(CLOCK_BOOTTIME);
		t.us = read_clock(CLOCK_REALTIME);
		t.boot = c->boot;
	}
	return t;
}

static void
read_boot(struct controller *c)
{
	struct buf b = { 0 };

	if (buf_read_file(&b, AT_FDCWD, "/proc/sys/kernel/random/boot_id",
		sizeof(c->boot)) == 0 &&
	    b.len > 1 && strpbrk(b.data, " \n") == b.data + b.len - 1)
		snprintf(c->boot, sizeof(c->boot), "%.*s", (int)b.len - 1,
		    b.data);
	else
		snprintf(c->boot, sizeof(c->boot), "process-%d", (int)getpid());
	buf_free(&b);
}

/* --- output --- */

static void
flush(struct controller *c)
{
	struct buf *b = &c->w.out;
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(STDOUT_FILENO, b->data + done, b->len - done);
		if (n == -1 && errno != EINTR)
			err(111, "write");
		if (n == -1 && ended)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	b->len = 0;
}

static void
tell(const struct controller *c, const struct edgenode *n)
{
	if (c->verbose && n->state != n->was && n->was != EDGENODE_NEW)
		warnx("%s: %s, was %s", n->name, edgenode_state_name(n->state),
		    edgenode_state_name(n->was));
}

/* What is wrong with a feed, once. */
static void
tell_feeds(struct controller *c)
{
	static const char *const names[EDGENODE_KINDS] = { "nodes", "leases",
		"edgenodes" };
	const struct edgenode_feed *f;
	const char *more;
	int i;

	for (i = 0; i < EDGENODE_KINDS; i++) {
		f = &c->tree.feeds[i];
		more = i == EDGENODE_SHOWN ? ": EdgeNodes are left out"
					   : ": nothing is done";
		if (strcmp(c->told[i], f->why) == 0)
			continue;
		if (f->why[0] == '\0')
			warnx("%s: synced", names[i]);
		else if (f->code == 404 && i == EDGENODE_SHOWN)
			warnx("%s: no CustomResourceDefinition (%s)%s",
			    names[i], f->why, more);
		else
			warnx("%s: %s%s", names[i], f->why, more);
		memcpy(c->told[i], f->why, sizeof(c->told[i]));
	}
}

/* --- a round --- */

static int
is_good(const struct controller *c, enum edgenode_kind kind)
{
	return c->tree.feeds[kind].open && c->tree.feeds[kind].code == 0;
}

/* Nothing is decided on the half of what there is to know. */
static int
may_decide(const struct controller *c)
{
	const struct edgenode_feed *shown = &c->tree.feeds[EDGENODE_SHOWN];

	if (!is_good(c, EDGENODE_NODES) || !is_good(c, EDGENODE_LEASE_FEED))
		return 0;
	return c->looked || c->once || shown->open || shown->code != 0 ||
	    c->w.now.at - c->begun >= PATIENCE;
}

static void
look_first(struct controller *c)
{
	c->looked = 1;
	if (c->memory_file != NULL &&
	    edgenode_memory_load(&c->table, &c->w.now, c->memory_file) == -1 &&
	    errno != ENOENT)
		warn("%s", c->memory_file);
	signal(SIGPIPE, SIG_IGN);
	ready_notify();
}

/* Bring the table up to date. 0, or -1 with errno: all of it again. */
static int
read_tree(struct controller *c)
{
	struct edgenode_feed *f = c->tree.feeds;
	const struct edgenode_clock *t = &c->w.now;
	int again = c->failed, rc = 0;

	c->o.show = is_good(c, EDGENODE_SHOWN);
	if (again || f[EDGENODE_NODES].changed || !c->looked)
		rc |= edgenode_table_nodes(&c->table, &f[EDGENODE_NODES].feed,
		    c->all ? NULL : &c->selector, t);
	if (!c->looked)
		look_first(c);
	again |= c->table.fresh;
	c->table.fresh = 0;
	if (again || f[EDGENODE_LEASE_FEED].changed)
		rc |= edgenode_table_leases(&c->table,
		    &f[EDGENODE_LEASE_FEED].feed, &c->o, t);
	if (again || f[EDGENODE_SHOWN].changed)
		rc |= edgenode_table_shown(&c->table,
		    c->o.show ? &f[EDGENODE_SHOWN].feed : NULL, &c->o, t);
	return rc;
}

/* Of what is wanted that which is in mask. 0, or -1 with errno. */
static int
write_wanted(struct controller *c, unsigned mask)
{
	struct edgenode *n;
	int rc = 0;
	size_t i;

	for (i = 0; i < c->table.n; i++) {
		n = c->table.rows[i];
		if ((n->want & mask) == 0)
			continue;
		if (edgenode_write(&c->w, n, n->want & mask) == -1)
			rc = -1;
		if (c->w.out.len > CHUNK)
			flush(c);
	}
	return rc;
}

/* Renewals cannot wait, so they are written first. */
static int
decide(struct controller *c)
{
	struct edgenode *n;
	int rc = 0;
	size_t i;

	edgenode_round(&c->round, &c->table, &c->o, &c->w.now);
	for (i = 0; i < c->table.n; i++) {
		n = c->table.rows[i];
		tell(c, n);
		edgenode_metrics_count(&c->metrics, n->want);
	}
	if (write_wanted(c, EDGENODE_RENEW) == -1 ||
	    write_wanted(c, ~(unsigned)EDGENODE_RENEW) == -1)
		rc = -1;
	if (edgenode_pods_step(&c->pods, &c->table, &c->w) == -1)
		rc = -1;
	return rc;
}

static void
save(struct controller *c, int due)
{
	if (!due && c->w.now.at < c->next_save)
		return;
	c->next_save = c->w.now.at + SAVE_AFTER;
	if (c->metrics_file != NULL &&
	    edgenode_metrics_save(&c->metrics, &c->table, &c->o, &c->w,
		c->metrics_file) == -1)
		warn("%s", c->metrics_file);
	if (c->memory_file != NULL && c->looked &&
	    edgenode_memory_save(&c->table, &c->w.now, c->memory_file) == -1)
		warn("%s", c->memory_file);
}

/* 0; -1 if there is something that could not be read. */
static int
look(struct controller *c)
{
	long long begun = read_clock(CLOCK_MONOTONIC);

	c->w.now = now(c);
	edgenode_tree_follow(&c->tree);
	tell_feeds(c);
	if (!may_decide(c)) {
		c->failed = 1;
		save(c, 0);
		return -1;
	}
	c->failed = read_tree(c) != 0;
	if (c->failed || decide(c) == -1) {
		warn("%s", c->tree.data);
		c->failed = 1;
	}
	flush(c);
	c->metrics.rounds++;
	c->metrics.round_us = read_clock(CLOCK_MONOTONIC) - begun;
	save(c, c->once);
	return c->failed ? -1 : 0;
}

/* Until the next round, or nobody reads any more. */
static void
rest(long long us)
{
	struct pollfd p = { STDOUT_FILENO, 0, 0 };

	if (us > 0 && poll(&p, 1, (int)(us / 1000)) == -1 && errno != EINTR)
		err(111, "poll");
	if (p.revents & POLLERR)
		errx(111, "nobody reads the actions any more");
}

static void
run(struct controller *c)
{
	const struct sigaction end = { .sa_handler = on_signal };
	long long next = read_clock(CLOCK_MONOTONIC), at;

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	while (!ended) {
		look(c);
		at = read_clock(CLOCK_MONOTONIC);
		next += c->interval;
		if (next < at)
			next = at;
		rest(next - at);
	}
	save(c, 1);
}

/* --- options --- */

/* A duration, or a number of seconds. Exits. */
static long long
duration(int option, const char *text, long long least)
{
	size_t n = strlen(text);
	long long us;
	char *end;

	us = strtoll(text, &end, 10) * SECOND;
	if (n > 0 && n < 10 && strspn(text, "0123456789") == n)
		return us;
	if (edgenode_duration(text, n, &us) == -1 || us < least)
		errx(100, "-%c %s: no duration (as 20s or 1h30m)", option,
		    text);
	return us;
}

static unsigned
peers(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > 100)
		errx(100, "-P %s: not a number from 0 to 100", text);
	return (unsigned)n;
}

static long long
point_in_time(const char *text)
{
	struct span s = { text, strlen(text) };
	long long us;

	if (human_time(s, &us) != 0 || us <= 0)
		errx(100, "-t %s: no time (as 2026-11-27T08:00:00Z)", text);
	return us;
}

static void
select_nodes(struct controller *c, const char *text)
{
	char why[512];

	selector_free(&c->selector);
	if (selector_parse_labels(&c->selector, text, why, sizeof(why)) == -1)
		errx(errno == ENOMEM ? 111 : 100, "-l: %s", why);
}

static void
set_up(struct controller *c)
{
	c->tree.data = "data";
	c->o.takeover_us = 20 * SECOND;
	c->o.renew_us = 15 * SECOND;
	c->o.retry_us = 5 * SECOND;
	c->interval = SECOND;
	select_nodes(c, AUTONOMY);
}

static int
check_name(const char *name)
{
	return *name != '\0' && strlen(name) < 128 &&
	    strpbrk(name, " \"\\\n\t") == NULL;
}

/* Those who select other nodes have other names. */
static void
name_it(struct controller *c)
{
	static const char base[] = "ote-edge-controller";
	char *text = selector_string_labels(&c->selector);

	if (text == NULL)
		err(111, NULL);
	if (c->all)
		snprintf(c->name, sizeof(c->name), "%s-all", base);
	else if (strcmp(text, AUTONOMY) == 0)
		snprintf(c->name, sizeof(c->name), "%s", base);
	else
		snprintf(c->name, sizeof(c->name), "%s-%08x", base,
		    (unsigned)edgenode_hash(EDGENODE_HASH, text, strlen(text)));
	free(text);
	c->o.name = c->w.name = c->name;
}

/* 1: there is nothing to do but to end with *status. */
static int
parse_option(struct controller *c, int option, int *status)
{
	switch (option) {
	case '1':
		c->once = 1;
		return 0;
	case 'A':
		c->all = 1;
		return 0;
	case 'a':
		c->o.takeover_us = duration(option, optarg, SECOND);
		return 0;
	case 'd':
		c->tree.data = optarg;
		return 0;
	case 'i':
		c->interval = duration(option, optarg, SECOND / 10);
		return 0;
	case 'l':
		select_nodes(c, optarg);
		return 0;
	case 'M':
		c->o.max_us = duration(option, optarg, 0);
		return 0;
	case 'm':
		c->metrics_file = optarg;
		return 0;
	case 'N':
		c->o.name = c->w.name = optarg;
		return 0;
	case 'P':
		c->o.peers = peers(optarg);
		return 0;
	case 's':
		c->memory_file = optarg;
		return 0;
	case 't':
		c->fixed = point_in_time(optarg);
		return 0;
	case 'w':
		c->pods.wanted = optarg;
		return 0;
	case 'v':
		c->verbose++;
		return 0;
	case 'h':
		usage(stdout);
		*status = 0;
		return 1;
	}
	usage(stderr);
	*status = 100;
	return 1;
}

static void
tear_down(struct controller *c)
{
	edgenode_pods_free(&c->pods);
	edgenode_table_free(&c->table);
	edgenode_tree_free(&c->tree);
	selector_free(&c->selector);
	buf_free(&c->w.out);
}

int
main(int argc, char **argv)
{
	static struct controller c;
	int check = 0, option, status = 0;

	set_up(&c);
	while (
	    (option = getopt(argc, argv, "1Aa:d:hi:l:M:m:nN:P:s:t:vw:")) != -1)
		if (option == 'n')
			check = 1;
		else if (parse_option(&c, option, &status))
			return status;
	if (argc != optind || (c.fixed != 0 && !c.once)) {
		usage(stderr);
		return 100;
	}
	if (c.o.name == NULL)
		name_it(&c);
	if (c.o.takeover_us < SECOND || c.interval < SECOND / 10 ||
	    c.interval > 60 * SECOND || !check_name(c.o.name))
		errx(100, "-a, -i, -N: out of range");
	if (check)
		return 0;
	c.w.tree = &c.tree;
	c.pods.data = c.tree.data;
	read_boot(&c);
	c.begun = now(&c).at;
	c.round.budget = c.once ? UINT_MAX : BUDGET;
	c.round.trusted = c.pods.once = c.once;
	if (c.once)
		status = look(&c) == -1 ? 111 : 0;
	else
		run(&c);
	tear_down(&c);
	return status;
}
