/*
 * ote-discovery: keep what the master says of itself, before anybody asks.
 *
 * lib/remember.h does a pass; this file decides when there is one: twice a
 * minute, when the master comes back, and when a feed in the tree tells that
 * resources are defined anew.
 */
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "masters.h"
#include "ready.h"
#include "remember.h"
#include "walk.h"

#define PASS_MS 30000 /* at most between two */
#define JITTER_MS 6000
#define SETTLE_MS 1000 /* after a definition changed: it is being accepted */
#define FOLLOW_MS 5000 /* and the schemas come behind */

struct tool {
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct fetch fetch;
	struct remember remember;
	const char *data;
	int datafd, inotify, run_wd, wishes_wd, signals;
	long long next; /* ms, monotonic */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-discovery [-1hnv] [-d data] [-k kubeconfig] "
	      "[-l lb]\n",
	    out);
}

static int
is_stopped(const struct tool *t)
{
	struct pollfd p = { .fd = t->signals, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* --- when --- */

static void
plan(struct tool *t, long long in_ms)
{
	long long at = monotonic_ms() + in_ms;

	if (at < t->next)
		t->next = at;
}

static int
watch_definition(void *arg, const char *dir)
{
	struct tool *t = arg;

	char path[640];

	/* the objects, as journals grow by bookmarks too; both, if need be */
	snprintf(path, sizeof(path), "%s/objects/_", dir);
	if (inotify_add_watch(t->inotify, path,
		IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) == -1)
		(void)inotify_add_watch(t->inotify, dir,
		    IN_MODIFY | IN_MOVED_TO | IN_ONLYDIR);
	return 0;
}

/* Feeds of what defines resources; they may be new. */
static void
watch_definitions(struct tool *t)
{
	(void)walk_feeds(t->data, "apiextensions.k8s.io", "v1",
	    "customresourcedefinitions", watch_definition, t);
	(void)walk_feeds(t->data, "apiregistration.k8s.io", "v1", "apiservices",
	    watch_definition, t);
}

static void
on_file(struct tool *t, int wd, const char *name)
{
	if (wd == t->wishes_wd)
		/* a feed is new: its columns, or what it defines */
		plan(t, FOLLOW_MS);
	else if (wd != t->run_wd) {
		if (name[0] == '.')
			return;
		t->remember.touched = 1;
		plan(t, SETTLE_MS);
	} else if (strcmp(name, "masters") == 0 && masters_reachable(t->data)) {
		t->remember.full = 1;
		plan(t, (long long)arc4random_uniform(SETTLE_MS));
	}
}

static void
on_inotify(struct tool *t)
{
	char text[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	ssize_t n, off;

	if ((n = read(t->inotify, text, sizeof(text))) <= 0)
		return;
	for (off = 0; off < n; off += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const struct inotify_event *)(void *)(text + off);
		if (e->len == 0)
			continue;
		on_file(t, e->wd, e->name);
	}
}

/* Till the next pass is due. 0, or -1 at the end. */
static int
wait_next(struct tool *t)
{
	struct pollfd p[2] = { { .fd = t->signals, .events = POLLIN },
		{ .fd = t->inotify, .events = POLLIN } };
	long long ms;

	while ((ms = t->next - monotonic_ms()) > 0) {
		if (poll(p, 2, (int)ms) == -1 && errno != EINTR)
			err(111, "poll");
		if (p[0].revents != 0)
			return -1;
		if (p[1].revents != 0)
			on_inotify(t);
	}
	return is_stopped(t) ? -1 : 0;
}

static void
run(struct tool *t)
{
	int again;

	t->remember.full = 1;
	t->next = monotonic_ms() + (long long)arc4random_uniform(SETTLE_MS);
	ready_notify();
	while (wait_next(t) == 0) {
		again = t->remember.touched;
		t->next = monotonic_ms() + PASS_MS -
		    (long long)arc4random_uniform(JITTER_MS);
		if (!masters_reachable(t->data))
			continue;
		watch_definitions(t);
		(void)remember_pass(&t->remember);
		malloc_trim(0);
		if (again)
			plan(t, FOLLOW_MS);
	}
}

/* --- start --- */

static void
told(const char *text)
{
	warnx("%s", text);
}

static void
open_all(struct tool *t, const char *lb)
{
	char path[512];
	sigset_t set;

	if (mkdir(t->data, 0700) == -1 && errno != EEXIST)
		err(100, "%s: cannot make it", t->data);
	t->datafd = open(t->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->datafd == -1)
		err(100, "%s", t->data);
	if (atomic_mkdirs(t->datafd, "replies") == -1 ||
	    atomic_mkdirs(t->datafd, "wishes") == -1 ||
	    atomic_mkdirs(t->datafd, "run") == -1)
		err(100, "%s: cannot write there", t->data);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (t->signals = signalfd(-1, &set, SFD_CLOEXEC)) == -1)
		err(111, "signalfd");
	if ((t->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		err(111, "inotify");
	snprintf(path, sizeof(path), "%s/run", t->data);
	t->run_wd = inotify_add_watch(t->inotify, path, IN_MOVED_TO);
	if (t->run_wd == -1)
		err(111, "%s", path);
	snprintf(path, sizeof(path), "%s/wishes", t->data);
	t->wishes_wd = inotify_add_watch(t->inotify, path, IN_DELETE);
	if (t->wishes_wd == -1)
		err(111, "%s", path);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (upstream_init(&t->up, &t->kubeconfig, lb, "ote-discovery") == -1 ||
	    fetch_init(&t->fetch, &t->up, t->signals) == -1)
		err(111, "upstream");
	t->remember.fetch = &t->fetch;
	t->remember.data = t->data;
	t->remember.datafd = t->datafd;
	t->remember.told = told;
}

int
main(int argc, char **argv)
{
	static struct tool t;
	const char *kubeconfig = NULL, *lb = NULL;
	char why[512];
	int c, check = 0, once = 0;

	umask(077);
	t.data = "data";
	while ((c = getopt(argc, argv, "1d:hk:l:nv")) != -1) {
		switch (c) {
		case '1':
			once = 1;
			break;
		case 'd':
			t.data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'v':
			t.remember.verbose++;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind || kubeconfig == NULL) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig_load(&t.kubeconfig, kubeconfig, why, sizeof(why)) == -1)
		errx(100, "%s", why);
	if (check)
		return 0;
	open_all(&t, lb);
	if (once)
		c = remember_pass(&t.remember) == 0 ? 0 : 1;
	else {
		run(&t);
		c = 0;
	}
	remember_free(&t.remember);
	fetch_free(&t.fetch);
	upstream_free(&t.up);
	return c;
}
