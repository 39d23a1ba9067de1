/*
 * ote-watch-sync: keep feeds of a master in the cache tree.
 *
 * Feeds come from three places: etc/feeds.conf, what is in the tree already,
 * and wishes that ote-edge-server (or a person) leaves in wishes/. Each is a
 * struct source; this file decides which there are, when they try, when they
 * are flushed, and when they are dropped.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"
#include "atomic.h"
#include "daemon.h"
#include "masters.h"
#include "ready.h"
#include "source_set.h"
#include "walk.h"

#define FEED_AGE_S 86400
#define SWEEP_S 60
#define SECONDS_MAX 1000000000

struct sync {
	struct source_set set;
	struct event_base *base;
	struct kubeconfig kubeconfig;
	struct event *sync_timer, *sweep_timer, *wait_timer;
	int sync_armed, ready, once;
	long feed_age;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-watch-sync [-1hnv] [-d data] [-k kubeconfig] "
	      "[-l lb] [-c feeds.conf]\n"
	      "                      [-g feed_age] [-w sync_timeout]\n",
	    out);
}

static void
told(void *arg, const char *text)
{
	(void)arg;
	warnx("%s", text);
}

/* --- when to flush, when we are ready --- */

static void
arm_sync(struct sync *sync)
{
	struct timeval second = { 1, 0 };

	if (sync->sync_armed)
		return;
	sync->sync_armed = 1;
	event_add(sync->sync_timer, &second);
}

static void
on_sync(evutil_socket_t fd, short what, void *arg)
{
	struct sync *sync = arg;
	size_t i;
	int more = 0, rc;

	(void)fd;
	(void)what;
	sync->sync_armed = 0;
	for (i = 0; i < sync->set.n; i++) {
		struct journal *j = &sync->set.sources[i]->j;

		if (!j->dirty && j->npending == 0)
			continue;
		if ((rc = journal_sync(j)) == -1 || journal_compact(j, 0) == -1)
			warn("%s", j->feed.dir);
		more |= rc != 0;
	}
	if (more)
		arm_sync(sync);
	else
		/* lists leave holes */
		malloc_trim(0);
}

/* 1 if it is there with the fields that are wanted, or will not be. */
static int
settled(const struct source *s)
{
	const struct feed *f = &s->j.feed;

	return f->q.code != 0 ||
	    (s->j.synced &&
		strcmp(project_text(&f->keep), project_text(&f->q.keep)) == 0);
}

/* With -1 what was here already is listed again. */
static int
is_due(const struct sync *sync, const struct source *s)
{
	return s->required &&
	    (!settled(s) || (sync->once && s->relist && s->j.feed.q.code == 0));
}

static void
check_ready(struct sync *sync, int late)
{
	size_t i, n = 0;

	if (sync->ready)
		return;
	for (i = 0; i < sync->set.n; i++)
		if (is_due(sync, sync->set.sources[i]))
			n++;
	if (n > 0 && !late)
		return;
	if (n > 0)
		warnx("%zu feeds not synced yet, going on", n);
	sync->ready = 1;
	ready_notify();
	if (sync->once)
		event_base_loopbreak(sync->base);
}

static void
on_wait(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check_ready(arg, 1);
}

/* --- feeds --- */

static void
wish_done(struct sync *sync, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "wishes/%s", name);
	if (unlinkat(sync->set.datafd, path, 0) == -1 && errno != ENOENT)
		warn("%s/%s", sync->set.data, path);
}

static void
feed_changed(struct source *s)
{
	struct sync *sync = s->owner;

	if (s->j.dirty || s->j.npending > 0)
		arm_sync(sync);
	if (s->wish[0] != '\0' && settled(s)) {
		wish_done(sync, s->wish);
		s->wish[0] = '\0';
	}
	check_ready(sync, 0);
}

/* NULL with errno. */
static struct source *
add_source(struct sync *sync, const struct feed_query *q)
{
	struct source *s;

	if ((s = source_set_add(&sync->set, q)) != NULL && s->j.npending > 0)
		arm_sync(sync);
	return s;
}

static int
conf_line(struct sync *sync, char *line)
{
	struct feed_query q;
	struct source *s = NULL;
	int rc;

	rc = feed_query_line(&q, line);
	if (rc == 1 && sync->base != NULL) {
		if ((s = add_source(sync, &q)) == NULL)
			rc = -1;
		else
			s->required = 1;
	}
	feed_query_free(&q);
	return rc == -1 ? -1 : 0;
}

/* 0; exits 100 on a bad line when checking, tells it else. */
static void
read_conf(struct sync *sync, const char *path)
{
	char *line = NULL;
	size_t cap = 0;
	int number = 0;
	FILE *in;

	if ((in = fopen(path, "re")) == NULL)
		err(100, "%s", path);
	while (getline(&line, &cap, in) != -1) {
		number++;
		if (conf_line(sync, line) == 0)
			continue;
		if (errno == EINVAL)
			errx(100,
			    "%s:%d: not `path [labelSelector=...] "
			    "[fieldSelector=...] [fields=...]'",
			    path, number);
		err(111, "%s:%d", path, number);
	}
	free(line);
	fclose(in);
}

/* A feed that the tree has already. */
static int
take_feed(void *arg, const char *dir)
{
	struct sync *sync = arg;
	struct feed_query q;
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (feed_read_query(&q, fd) == 0) {
		if (add_source(sync, &q) == NULL)
			warn("%s", dir);
		feed_query_free(&q);
	} else
		warnx("%s: no feed can be read here", dir);
	close(fd);
	return 0;
}

/* --- wishes --- */

static void
take_wish(struct sync *sync, const char *name)
{
	struct buf b = { 0 };
	struct feed_query q = { 0 };
	struct source *s;
	char file[512];

	if (name[0] == '.' || strlen(name) >= sizeof(s->wish))
		return;
	snprintf(file, sizeof(file), "wishes/%s", name);
	if (buf_read_file(&b, sync->set.datafd, file, 64 * 1024) == -1)
		return;
	if (feed_query_wish(&q, b.data, b.len) == -1) {
		warnx("%s/%s: no wish, removed", sync->set.data, file);
		wish_done(sync, name);
	} else if ((s = add_source(sync, &q)) == NULL) {
		warn("%s/%s", sync->set.data, file);
		wish_done(sync, name);
	} else if (settled(s) && s->j.feed.q.code == 0)
		wish_done(sync, name);
	else if (s->wish[0] == '\0') {
		memcpy(s->wish, name, strlen(name) + 1);
		if (sync->set.up_now)
			source_nudge(s);
	}
	feed_query_free(&q);
	buf_free(&b);
}

static void
scan_wishes(struct sync *sync)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/wishes", sync->set.data);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		take_wish(sync, e->d_name);
	closedir(d);
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	struct sync *sync = arg;
	char text[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	ssize_t n, off;

	(void)what;
	if ((n = read(fd, text, sizeof(text))) <= 0)
		return;
	for (off = 0; off < n; off += (ssize_t)(sizeof(*e) + e->len)) {
		e = (const struct inotify_event *)(void *)(text + off);
		if (e->mask & IN_Q_OVERFLOW) {
			scan_wishes(sync);
			source_set_up(&sync->set,
			    masters_reachable(sync->set.data));
		} else if (e->len > 0 && strcmp(e->name, "masters") == 0)
			source_set_up(&sync->set,
			    masters_reachable(sync->set.data));
		else if (e->len > 0 && strcmp(e->name, "discovery") == 0)
			source_set_retry(&sync->set);
		else if (e->len > 0)
			take_wish(sync, e->name);
	}
}

/* --- once a minute: what is unused, what has waited too long --- */

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct sync *sync = arg;

	(void)fd;
	(void)what;
	source_set_sweep(&sync->set, sync->feed_age);
}

/* --- start and end --- */

static void
open_data(struct sync *sync)
{
	if (mkdir(sync->set.data, 0700) == -1 && errno != EEXIST)
		err(100, "%s: cannot make it", sync->set.data);
	sync->set.datafd =
	    open(sync->set.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sync->set.datafd == -1)
		err(100, "%s", sync->set.data);
	if (atomic_mkdirs(sync->set.datafd, "cache") == -1 ||
	    atomic_mkdirs(sync->set.datafd, "wishes") == -1 ||
	    atomic_mkdirs(sync->set.datafd, "run") == -1)
		err(100, "%s: cannot write there", sync->set.data);
}

static void
watch_files(struct sync *sync)
{
	char path[512];
	int fd;

	if ((fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		err(111, "inotify");
	snprintf(path, sizeof(path), "%s/wishes", sync->set.data);
	if (inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE_WRITE) == -1)
		err(111, "%s", path);
	snprintf(path, sizeof(path), "%s/run", sync->set.data);
	if (inotify_add_watch(fd, path, IN_MOVED_TO) == -1)
		err(111, "%s", path);
	if (daemon_read(sync->base, fd, on_inotify, sync) == -1)
		errx(111, "no memory");
}

static void
arm_timers(struct sync *sync, long wait_s)
{
	struct timeval sweep = { SWEEP_S, 0 }, wait = { wait_s, 0 };

	if (sync->feed_age < SWEEP_S)
		sweep.tv_sec = 1;
	sync->sync_timer = evtimer_new(sync->base, on_sync, sync);
	sync->wait_timer = evtimer_new(sync->base, on_wait, sync);
	sync->sweep_timer =
	    event_new(sync->base, -1, EV_PERSIST, on_sweep, sync);
	if (sync->sync_timer == NULL || sync->wait_timer == NULL ||
	    sync->sweep_timer == NULL)
		errx(111, "no memory");
	event_add(sync->sweep_timer, &sweep);
	event_add(sync->wait_timer, &wait);
}

int
main(int argc, char **argv)
{
	static struct sync sync;
	const char *conf = NULL, *kubeconfig = NULL, *lb = NULL;
	struct apply *apply;
	char why[512], path[512];
	long wait_s = 60;
	int c, check = 0;

	umask(077);
	sync.set.data = "data";
	sync.feed_age = FEED_AGE_S;
	while ((c = getopt(argc, argv, "1c:d:g:hk:l:nvw:")) != -1) {
		switch (c) {
		case '1':
			sync.once = sync.set.anew = 1;
			break;
		case 'c':
			conf = optarg;
			break;
		case 'd':
			sync.set.data = optarg;
			break;
		case 'g':
			sync.feed_age = daemon_number(optarg, 0, SECONDS_MAX);
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
			sync.set.verbose++;
			break;
		case 'w':
			wait_s = daemon_number(optarg, 0, SECONDS_MAX);
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (sync.feed_age == -1 || wait_s == -1)
		errx(100, "-g, -w: give 0 to %d seconds", SECONDS_MAX);
	if (argc != optind || kubeconfig == NULL) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig_load(&sync.kubeconfig, kubeconfig, why, sizeof(why)) ==
	    -1)
		errx(100, "%s", why);
	if (check) {
		if (conf != NULL)
			read_conf(&sync, conf);
		return 0;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	(void)daemon_descriptors(4 * SOURCES_MAX + 64);
	open_data(&sync);
	if (upstream_init(&sync.set.up, &sync.kubeconfig, lb,
		"ote-watch-sync") == -1)
		err(111, "upstream");
	if ((sync.base = event_base_new()) == NULL ||
	    curlev_init(&sync.set.curlev, sync.base, source_done) == -1 ||
	    daemon_signals(sync.base) == -1)
		errx(111, "no memory");
	watch_files(&sync);
	arm_timers(&sync, wait_s);
	sync.set.told = told;
	sync.set.changed = feed_changed;
	sync.set.owner = &sync;
	sync.set.up_now = masters_reachable(sync.set.data);
	if (conf != NULL)
		read_conf(&sync, conf);
	if (walk_feeds(sync.set.data, NULL, NULL, NULL, take_feed, &sync) == -1)
		warn("%s/cache", sync.set.data);
	scan_wishes(&sync);
	snprintf(path, sizeof(path), "%s/run/sync.sock", sync.set.data);
	if ((apply = apply_listen(sync.base, &sync.set, path)) == NULL)
		err(111, "%s", path);
	check_ready(&sync, 0);
	if (!sync.once || !sync.ready)
		event_base_dispatch(sync.base);
	apply_free(apply);
	c = source_set_free(&sync.set);
	curlev_free(&sync.set.curlev);
	return sync.once && c > 0 ? 1 : 0;
}
