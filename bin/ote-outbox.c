/*
 * ote-outbox: bring accepted writes to the master.
 *
 * lib/outbox_pass.h makes a pass over what waits; this file decides when: a
 * while after the master came back, when something new waits, and again and
 * again, ever later, while the master is in trouble.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "daemon.h"
#include "masters.h"
#include "outbox_pass.h"
#include "ready.h"
#include "replay.h"

#define BACKOFF_MS 1000
#define BACKOFF_MAX_MS 60000
#define TELL_MS 1000
#define SOON_MS 100
#define FRESH_S 10
#define IDLE_MS 10000
#define PASSES 3 /* of -1 */

struct tool {
	struct event_base *base;
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct outbox_dirs dirs;
	struct outbox_pass pass;
	struct behalf_rules rules;
	struct event *timer, *tell_timer, *idle_timer;
	const char *data;
	int datafd, inotify, run_wd, new_wd;
	int once, was_up, telling;
	int ends; /* when nothing waits */
	long jitter_s;
	long long began, backoff; /* ms */
	char told[128];		  /* what data/run/outbox has */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-outbox [-1ehInv] [-a mode] [-d data] "
	      "[-i identities] [-j jitter]\n"
	      "                  [-k kubeconfig] [-l lb] [-r rate]\n",
	    out);
}

static void
arm(struct event *timer, long long ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(timer, &tv);
}

/* --- data/run/outbox --- */

static void
tell(struct tool *t)
{
	struct outbox_list l;
	struct buf b = { 0 };
	char text[sizeof(t->told)];
	unsigned long long dropped = 0;

	if (outbox_list(&l, t->dirs.newfd, NULL, NULL) == -1)
		return;
	if (buf_read_file(&b, t->dirs.fd, "dropped", 64) == 0 && b.len > 0)
		dropped = strtoull(b.data, NULL, 10);
	buf_free(&b);
	snprintf(text, sizeof(text),
	    "waiting %zu\nfailed %zu\ndropped %llu\noldest %llu\n", l.n,
	    outbox_failed(&t->dirs), dropped,
	    l.n > 0 ? (unsigned long long)l.slots[0].time / 1000000 : 0);
	outbox_list_free(&l);
	if (strcmp(text, t->told) == 0)
		return;
	if (atomic_write(t->datafd, "run/outbox", text, strlen(text), 0) == -1)
		warn("%s/run/outbox", t->data);
	else
		memcpy(t->told, text, sizeof(text));
}

static void
tell_soon(void *arg)
{
	struct tool *t = arg;

	if (t->telling || t->once)
		return;
	t->telling = 1;
	arm(t->tell_timer, TELL_MS);
}

static void
on_tell(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;

	(void)fd;
	(void)what;
	t->telling = 0;
	tell(t);
}

/* --- when --- */

static void
plan(struct tool *t, long long ms)
{
	if (!t->pass.running && !evtimer_pending(t->timer, NULL))
		arm(t->timer, ms);
}

static long long
jitter(const struct tool *t)
{
	return t->jitter_s == 0
	    ? 0
	    : (long long)arc4random_uniform((uint32_t)t->jitter_s * 1000);
}

/* How long to leave the master alone. */
static long long
backoff(struct tool *t)
{
	long long ms;

	t->backoff = t->backoff == 0 ? BACKOFF_MS : t->backoff * 2;
	if (t->backoff > BACKOFF_MAX_MS)
		t->backoff = BACKOFF_MAX_MS;
	ms = t->backoff / 2 +
	    (long long)arc4random_uniform((uint32_t)t->backoff);
	if (t->pass.retry_after_ms > ms)
		ms = t->pass.retry_after_ms + arc4random_uniform(BACKOFF_MS);
	return ms;
}

static void
ended(void *arg)
{
	struct tool *t = arg;
	const struct outbox_pass *p = &t->pass;

	if (p->done + p->failed + p->left > 0)
		warnx("replayed %zu, failed %zu, left %zu, in %.1f s", p->done,
		    p->failed, p->left,
		    (double)(monotonic_ms() - t->began) / 1000);
	if (p->trouble)
		warnx("the master is in trouble: %s", p->why);
	tell(t);
	if (t->once) {
		event_base_loopbreak(t->base);
		return;
	}
	if (p->left > 0)
		plan(t, backoff(t));
	else {
		t->backoff = 0;
		if (p->again)
			plan(t, SOON_MS);
	}
}

static void
begin(struct tool *t)
{
	t->began = monotonic_ms();
	if (outbox_pass_begin(&t->pass) == -1)
		err(111, "%s/outbox/new", t->data);
}

static void
on_pass(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;

	(void)fd;
	(void)what;
	if (masters_reachable(t->data))
		begin(t);
	else
		t->was_up = 0;
}

/* What is as new as this process was queued while the master is up. */
static long long
first_wait(const struct tool *t)
{
	struct outbox_list l;
	long long age = FRESH_S;

	if (outbox_list(&l, t->dirs.newfd, NULL, NULL) == -1)
		return jitter(t);
	if (l.n > 0)
		age = (long long)time(NULL) -
		    (long long)(l.slots[0].time / 1000000);
	outbox_list_free(&l);
	return age < FRESH_S && age > -FRESH_S ? SOON_MS : jitter(t);
}

/* --- what happens --- */

static void
count(void *arg, const char *name, int replaced)
{
	(void)name;
	(void)replaced;
	++*(size_t *)arg;
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;
	struct outbox_list l;
	size_t others = 0;

	(void)fd;
	(void)what;
	arm(t->idle_timer, IDLE_MS);
	if (t->pass.running ||
	    outbox_list(&l, t->dirs.newfd, count, &others) == -1)
		return;
	if (l.n + others == 0) {
		tell(t);
		event_base_loopbreak(t->base);
	}
	outbox_list_free(&l);
}

static void
on_masters(struct tool *t)
{
	int up = masters_reachable(t->data);

	if (up && !t->was_up) {
		t->backoff = 0;
		evtimer_del(t->timer);
		plan(t, jitter(t));
	}
	t->was_up = up;
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	char text[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	struct tool *t = arg;
	ssize_t n, off;

	(void)what;
	if ((n = read(fd, text, sizeof(text))) <= 0)
		return;
	for (off = 0; off < n; off += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const struct inotify_event *)(void *)(text + off);
		if (e->wd == t->run_wd && e->len > 0 &&
		    strcmp(e->name, "masters") == 0)
			on_masters(t);
		if (e->wd == t->run_wd)
			continue;
		tell_soon(t);
		if (e->wd == t->new_wd && (e->mask & IN_MOVED_TO)) {
			outbox_pass_heard(&t->pass, e->name);
			plan(t, SOON_MS);
		}
	}
}

/* --- what it would do --- */

static void
show(const json_t *e)
{
	static const char *const how[][3] = {
		{ "status", "", "patch if it differs" },
		{ "object", "create", "create" },
		{ "object", "", "patch if unchanged there" },
		{ "event", "create", "create" },
		{ "event", "", "patch, or create" },
		{ "delete", "", "delete if it is the same" },
	};
	const char *kind, *verb, *path, *sub, *time, *user;
	int attempts = 0;
	size_t i;

	if (json_unpack((json_t *)(uintptr_t)e, "{s:s s:s s:s s:s s?s s?i}",
		"kind", &kind, "verb", &verb, "path", &path, "time", &time,
		"subresource", &sub, "attempts", &attempts) == -1)
		return;
	sub = json_string_value(json_object_get(e, "subresource"));
	for (i = 0; strcmp(how[i][0], kind) != 0 ||
	     (how[i][1][0] != '\0' && strcmp(how[i][1], verb) != 0);
	     i++)
		;
	user = json_string_value(
	    json_object_get(json_object_get(e, "user"), "username"));
	printf("%s %s %s%s%s: %s", time, kind, path,
	    sub != NULL && *sub != '\0' ? "/" : "", sub != NULL ? sub : "",
	    how[i][2]);
	if (user != NULL)
		printf(", as %s", user);
	if (attempts > 0)
		printf(", %d attempts", attempts);
	putchar('\n');
}

static int
show_all(const struct tool *t)
{
	struct outbox_dirs d = { -1, -1, -1, -1 };
	char path[512], name[OUTBOX_NAME_LEN];
	struct outbox_list l;
	struct buf b = { 0 };
	json_t *e;
	size_t i;

	snprintf(path, sizeof(path), "%s/outbox/new", t->data);
	d.newfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d.newfd == -1 || outbox_list(&l, d.newfd, NULL, NULL) == -1) {
		warn("%s", path);
		return 100;
	}
	for (i = 0; i < l.n; i++) {
		outbox_name(&l.slots[i], name);
		b.len = 0;
		e = NULL;
		if (buf_read_file(&b, d.newfd, name, OUTBOX_TEXT_MAX) == 0)
			e = json_loadb(b.data, b.len, 0, NULL);
		if (e != NULL && outbox_check(e) == NULL)
			show(e);
		else
			warnx("%s: no whole entry", name);
		json_decref(e);
	}
	buf_free(&b);
	outbox_list_free(&l);
	close(d.newfd);
	return fflush(stdout) == EOF ? 111 : 0;
}

/* --- start --- */

static void
told(void *arg, const char *text)
{
	(void)arg;
	warnx("%s", text);
}

static void
watch(struct tool *t)
{
	static const char *const dirs[] = { "run", "outbox/new",
		"outbox/failed" };
	char path[512];
	int wd, i;

	if ((t->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		err(111, "inotify");
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", t->data, dirs[i]);
		wd = inotify_add_watch(t->inotify, path,
		    i == 0 ? IN_MOVED_TO
			   : IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
		if (wd == -1)
			err(111, "%s", path);
		if (i == 0)
			t->run_wd = wd;
		if (i == 1)
			t->new_wd = wd;
	}
	if (daemon_read(t->base, t->inotify, on_inotify, t) == -1)
		err(111, "inotify");
}

static void
open_all(struct tool *t, const char *lb)
{
	t->datafd = open(t->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->datafd == -1)
		err(100, "%s", t->data);
	if (atomic_mkdirs(t->datafd, "run") == -1)
		err(100, "%s/run", t->data);
	if (outbox_take_open(&t->dirs, t->datafd) == -1) {
		if (errno == EWOULDBLOCK)
			errx(111, "%s/outbox: another one replays it", t->data);
		err(111, "%s/outbox", t->data);
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (upstream_init(&t->up, &t->kubeconfig, lb, "ote-outbox") == -1)
		err(111, "upstream");
	if ((t->base = event_base_new()) == NULL ||
	    daemon_signals(t->base) == -1 ||
	    (t->timer = evtimer_new(t->base, on_pass, t)) == NULL ||
	    (t->tell_timer = evtimer_new(t->base, on_tell, t)) == NULL ||
	    (t->idle_timer = evtimer_new(t->base, on_idle, t)) == NULL)
		err(111, "libevent");
	t->pass.base = t->base;
	t->pass.up = &t->up;
	t->pass.dirs = &t->dirs;
	t->pass.told = told;
	t->pass.progress = tell_soon;
	t->pass.ended = ended;
	t->pass.arg = t;
	if (outbox_pass_init(&t->pass) == -1)
		err(111, "libcurl");
}

/* What is wrong with a key pair is told, and no reason not to start. */
static void
open_rules(struct tool *t, const char *dir, int impersonate)
{
	if (behalf_init(&t->rules, &t->kubeconfig, dir, impersonate) == -1)
		err(100, "%s", dir != NULL ? dir : "its own credential");
	if (identities_check(&t->rules.pairs, (long long)time(NULL), told,
		NULL) == -1)
		err(100, "%s", dir);
	t->pass.rules = &t->rules;
}

static int
is_webhook(const char *mode)
{
	if (strcmp(mode, "Webhook") == 0)
		return 1;
	if (strcmp(mode, "AlwaysAllow") != 0)
		errx(100, "-a %s: it is Webhook or AlwaysAllow", mode);
	return 0;
}

/* The exit code of -1. */
static int
run_once(struct tool *t)
{
	int i;

	if (!masters_reachable(t->data)) {
		warnx("no master is up");
		tell(t);
		return 1;
	}
	/* an entry that fails leaves an Event to be told */
	for (i = 0; i < PASSES && (i == 0 || t->pass.again); i++) {
		begin(t);
		if (t->pass.running)
			event_base_dispatch(t->base);
		if (t->pass.running || t->pass.left > 0)
			break;
	}
	return t->pass.running || t->pass.left > 0 ? 1 : 0;
}

static int
run(struct tool *t)
{
	watch(t);
	tell(t);
	t->was_up = masters_reachable(t->data);
	if (t->was_up)
		plan(t, first_wait(t));
	if (t->ends)
		arm(t->idle_timer, IDLE_MS);
	ready_notify();
	return event_base_dispatch(t->base) == -1 ? 111 : 0;
}

static long
number(const char *what, const char *text, long low, long high)
{
	long n = daemon_number(text, low, high);

	if (n == -1)
		errx(100, "%s %s: not a number from %ld to %ld", what, text,
		    low, high);
	return n;
}

int
main(int argc, char **argv)
{
	static struct tool t;
	const char *kubeconfig = NULL, *lb = NULL, *dir = NULL;
	char why[512];
	int c, would = 0, webhook = 0, impersonate = 0;

	umask(077);
	t.data = "data";
	t.jitter_s = 10;
	t.pass.rate = 10;
	while ((c = getopt(argc, argv, "1a:d:ehi:Ij:k:l:nr:v")) != -1) {
		switch (c) {
		case '1':
			t.once = 1;
			break;
		case 'a':
			webhook = is_webhook(optarg);
			break;
		case 'd':
			t.data = optarg;
			break;
		case 'e':
			t.ends = 1;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			dir = optarg;
			break;
		case 'I':
			impersonate = 1;
			break;
		case 'j':
			t.jitter_s = number("-j", optarg, 0, 3600);
			break;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'n':
			would = 1;
			break;
		case 'r':
			t.pass.rate = number("-r", optarg, 1, 10000);
			break;
		case 'v':
			t.pass.verbose++;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind || (kubeconfig == NULL && !would)) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig != NULL &&
	    kubeconfig_load(&t.kubeconfig, kubeconfig, why, sizeof(why)) == -1)
		errx(100, "%s", why);
	if (would)
		return show_all(&t);
	open_all(&t, lb);
	if (webhook)
		open_rules(&t, dir, impersonate);
	c = t.once ? run_once(&t) : run(&t);
	outbox_pass_free(&t.pass);
	upstream_free(&t.up);
	behalf_free(&t.rules);
	outbox_dirs_close(&t.dirs);
	return c;
}
