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

#include "atomic.h"
#include "daemon.h"
#include "masters.h"
#include "ready.h"
#include "source.h"
#include "walk.h"

#define FEEDS_MAX 1000
#define FEED_AGE_S 86400
#define SWEEP_S 60
#define SECONDS_MAX 1000000000

struct source_set {
	struct event_base *base;
	struct curlev curlev;
	struct kubeconfig kubeconfig;
	struct upstream up;
	const char *data;
	int datafd;
	struct source **sources;
	size_t n;
	struct event *sync_timer, *sweep_timer, *wait_timer;
	int sync_armed, ready, once, verbose, up_now;
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

/* --- masters --- */

static int
master_is_up(struct source_set *set)
{
	struct masters ms;
	char path[512];

	memset(&ms, 0, sizeof(ms));
	snprintf(path, sizeof(path), "%s/run/masters", set->data);
	if (masters_read(&ms, path) == -1)
		return 1;
	return masters_any_up(&ms);
}

static void
masters_changed(struct source_set *set)
{
	size_t i;
	int was = set->up_now;

	set->up_now = master_is_up(set);
	for (i = 0; i < set->n; i++) {
		if (set->up_now && !was)
			source_kick(set->sources[i]);
		else if (!set->up_now && was &&
		    set->sources[i]->state != SOURCE_WATCHING)
			source_pause(set->sources[i]);
	}
}

/* --- when to flush, when we are ready --- */

static void
arm_sync(struct source_set *set)
{
	struct timeval second = { 1, 0 };

	if (set->sync_armed)
		return;
	set->sync_armed = 1;
	event_add(set->sync_timer, &second);
}

static void
on_sync(evutil_socket_t fd, short what, void *arg)
{
	struct source_set *set = arg;
	size_t i;
	int more = 0, rc;

	(void)fd;
	(void)what;
	set->sync_armed = 0;
	for (i = 0; i < set->n; i++) {
		struct journal *j = &set->sources[i]->j;

		if (!j->dirty && j->npending == 0)
			continue;
		if ((rc = journal_sync(j)) == -1 || journal_compact(j, 0) == -1)
			warn("%s", j->feed.dir);
		more |= rc != 0;
	}
	if (more)
		arm_sync(set);
	else
		/* lists leave holes */
		malloc_trim(0);
}

static int
settled(const struct source *s)
{
	return s->j.synced || s->j.feed.q.code != 0;
}

static void
check_ready(struct source_set *set, int late)
{
	size_t i, n = 0;

	if (set->ready)
		return;
	for (i = 0; i < set->n; i++)
		if (set->sources[i]->required && !settled(set->sources[i]))
			n++;
	if (n > 0 && !late)
		return;
	if (n > 0)
		warnx("%zu feeds not synced yet, going on", n);
	set->ready = 1;
	ready_notify();
	if (set->once)
		event_base_loopbreak(set->base);
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
wish_done(struct source_set *set, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "wishes/%s", name);
	if (unlinkat(set->datafd, path, 0) == -1 && errno != ENOENT)
		warn("%s/%s", set->data, path);
}

static void
feed_changed(struct source *s)
{
	struct source_set *set = s->owner;

	if (s->j.dirty || s->j.npending > 0)
		arm_sync(set);
	if (s->wish[0] != '\0' && settled(s)) {
		wish_done(set, s->wish);
		s->wish[0] = '\0';
	}
	check_ready(set, 0);
}

static struct source *
find_source(struct source_set *set, const struct feed_query *q)
{
	const struct feed_query *have;
	size_t i;

	for (i = 0; i < set->n; i++) {
		have = &set->sources[i]->j.feed.q;
		if (strcmp(have->path, q->path) == 0 &&
		    strcmp(have->labels, q->labels) == 0 &&
		    strcmp(have->fields, q->fields) == 0)
			return set->sources[i];
	}
	return NULL;
}

/* The source for q, made if need be. NULL with errno. */
static struct source *
add_source(struct source_set *set, const struct feed_query *q)
{
	struct source *s, **p;

	if ((s = find_source(set, q)) != NULL)
		return s;
	if (set->n >= FEEDS_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	if ((p = reallocarray(set->sources, set->n + 1, sizeof(*p))) == NULL)
		return NULL;
	set->sources = p;
	if ((s = malloc(sizeof(*s))) == NULL)
		return NULL;
	if (source_open(s, &set->curlev, &set->up, set->datafd, set->data, q,
		told) == -1) {
		free(s);
		return NULL;
	}
	s->owner = set;
	s->changed = feed_changed;
	set->sources[set->n++] = s;
	if (set->up_now)
		source_kick(s);
	if (s->j.npending > 0)
		arm_sync(set);
	return s;
}

static void
drop_source(struct source_set *set, size_t i)
{
	struct source *s = set->sources[i];

	if (set->verbose)
		warnx("%s: unused, dropped", s->j.feed.dir);
	source_pause(s);
	if (journal_remove(&s->j) == -1)
		warn("%s", s->j.feed.dir);
	source_free(s);
	free(s);
	set->sources[i] = set->sources[--set->n];
}

static int
conf_line(struct source_set *set, char *line)
{
	struct feed_query q;
	struct source *s = NULL;
	int rc;

	rc = feed_query_line(&q, line);
	if (rc == 1 && set->base != NULL) {
		if ((s = add_source(set, &q)) == NULL)
			rc = -1;
		else
			s->required = 1;
	}
	feed_query_free(&q);
	return rc == -1 ? -1 : 0;
}

/* 0; exits 100 on a bad line when checking, tells it else. */
static void
read_conf(struct source_set *set, const char *path)
{
	char *line = NULL;
	size_t cap = 0;
	int number = 0;
	FILE *in;

	if ((in = fopen(path, "re")) == NULL)
		err(100, "%s", path);
	while (getline(&line, &cap, in) != -1) {
		number++;
		if (conf_line(set, line) == 0)
			continue;
		if (errno == EINVAL)
			errx(100,
			    "%s:%d: not `path [labelSelector=...] "
			    "[fieldSelector=...]'",
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
	struct source_set *set = arg;
	struct feed_query q;
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (feed_read_query(&q, fd) == 0) {
		if (add_source(set, &q) == NULL)
			warn("%s", dir);
		feed_query_free(&q);
	} else
		warnx("%s: no feed can be read here", dir);
	close(fd);
	return 0;
}

/* --- wishes --- */

static void
take_wish(struct source_set *set, const char *name)
{
	struct buf b = { 0 };
	struct feed_query q = { 0 };
	struct source *s;
	char file[512];

	if (name[0] == '.' || strlen(name) >= sizeof(s->wish))
		return;
	snprintf(file, sizeof(file), "wishes/%s", name);
	if (buf_read_file(&b, set->datafd, file, 64 * 1024) == -1)
		return;
	if (feed_query_wish(&q, b.data, b.len) == -1) {
		warnx("%s/%s: no wish, removed", set->data, file);
		wish_done(set, name);
	} else if ((s = add_source(set, &q)) == NULL) {
		warn("%s/%s", set->data, file);
		wish_done(set, name);
	} else if (settled(s))
		wish_done(set, name);
	else if (s->wish[0] == '\0')
		memcpy(s->wish, name, strlen(name) + 1);
	feed_query_free(&q);
	buf_free(&b);
}

static void
scan_wishes(struct source_set *set)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/wishes", set->data);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		take_wish(set, e->d_name);
	closedir(d);
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	struct source_set *set = arg;
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
			scan_wishes(set);
			masters_changed(set);
		} else if (e->len > 0 && strcmp(e->name, "masters") == 0)
			masters_changed(set);
		else if (e->len > 0)
			take_wish(set, e->name);
	}
}

/* --- once a minute: what is unused, what has waited too long --- */

static int
unused(struct source_set *set, const struct source *s)
{
	struct stat st;

	if (s->required || s->wish[0] != '\0')
		return 0;
	if (fstatat(s->j.lockfd, "used", &st, 0) == -1 &&
	    fstatat(s->j.lockfd, "feed", &st, 0) == -1)
		return 0;
	return time(NULL) - st.st_mtime > set->feed_age;
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct source_set *set = arg;
	size_t i;

	(void)fd;
	(void)what;
	/* cut off, nothing is dropped: nobody could bring it back */
	if (!set->up_now)
		return;
	for (i = set->n; i > 0; i--)
		if (set->sources[i - 1]->state == SOURCE_WATCHING ||
		    set->sources[i - 1]->j.feed.q.code != 0)
			if (unused(set, set->sources[i - 1]))
				drop_source(set, i - 1);
}

/* --- start and end --- */

static void
open_data(struct source_set *set)
{
	if (mkdir(set->data, 0700) == -1 && errno != EEXIST)
		err(100, "%s: cannot make it", set->data);
	set->datafd = open(set->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (set->datafd == -1)
		err(100, "%s", set->data);
	if (atomic_mkdirs(set->datafd, "cache") == -1 ||
	    atomic_mkdirs(set->datafd, "wishes") == -1 ||
	    atomic_mkdirs(set->datafd, "run") == -1)
		err(100, "%s: cannot write there", set->data);
}

static void
watch_files(struct source_set *set)
{
	char path[512];
	int fd;

	if ((fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		err(111, "inotify");
	snprintf(path, sizeof(path), "%s/wishes", set->data);
	if (inotify_add_watch(fd, path, IN_MOVED_TO | IN_CLOSE_WRITE) == -1)
		err(111, "%s", path);
	snprintf(path, sizeof(path), "%s/run", set->data);
	if (inotify_add_watch(fd, path, IN_MOVED_TO) == -1)
		err(111, "%s", path);
	if (daemon_read(set->base, fd, on_inotify, set) == -1)
		errx(111, "no memory");
}

static void
arm_timers(struct source_set *set, long wait_s)
{
	struct timeval sweep = { SWEEP_S, 0 }, wait = { wait_s, 0 };

	if (set->feed_age < SWEEP_S)
		sweep.tv_sec = 1;
	set->sync_timer = evtimer_new(set->base, on_sync, set);
	set->wait_timer = evtimer_new(set->base, on_wait, set);
	set->sweep_timer = event_new(set->base, -1, EV_PERSIST, on_sweep, set);
	if (set->sync_timer == NULL || set->wait_timer == NULL ||
	    set->sweep_timer == NULL)
		errx(111, "no memory");
	event_add(set->sweep_timer, &sweep);
	event_add(set->wait_timer, &wait);
}

/* Flush all; how many of the required feeds are not there. */
static int
finish(struct source_set *set)
{
	size_t i;
	int missing = 0, rc;

	for (i = 0; i < set->n; i++) {
		struct source *s = set->sources[i];

		while ((rc = journal_sync(&s->j)) == 1)
			;
		if (rc == -1)
			warn("%s", s->j.feed.dir);
		if (s->required && !s->j.synced)
			missing++;
		source_free(s);
		free(s);
	}
	free(set->sources);
	curlev_free(&set->curlev);
	return missing;
}

int
main(int argc, char **argv)
{
	static struct source_set set;
	const char *conf = NULL, *kubeconfig = NULL, *lb = NULL;
	char why[512];
	long wait_s = 60;
	int c, check = 0;

	umask(077);
	set.data = "data";
	set.feed_age = FEED_AGE_S;
	while ((c = getopt(argc, argv, "1c:d:g:hk:l:nvw:")) != -1) {
		switch (c) {
		case '1':
			set.once = 1;
			break;
		case 'c':
			conf = optarg;
			break;
		case 'd':
			set.data = optarg;
			break;
		case 'g':
			set.feed_age = daemon_number(optarg, 0, SECONDS_MAX);
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
			set.verbose++;
			break;
		case 'w':
			wait_s = daemon_number(optarg, 0, SECONDS_MAX);
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (set.feed_age == -1 || wait_s == -1)
		errx(100, "-g, -w: give 0 to %d seconds", SECONDS_MAX);
	if (argc != optind || kubeconfig == NULL) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig_load(&set.kubeconfig, kubeconfig, why, sizeof(why)) ==
	    -1)
		errx(100, "%s", why);
	if (check) {
		if (conf != NULL)
			read_conf(&set, conf);
		return 0;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	open_data(&set);
	if (upstream_init(&set.up, &set.kubeconfig, lb, "ote-watch-sync") == -1)
		err(111, "upstream");
	if ((set.base = event_base_new()) == NULL ||
	    curlev_init(&set.curlev, set.base, source_done) == -1 ||
	    daemon_signals(set.base) == -1)
		errx(111, "no memory");
	watch_files(&set);
	arm_timers(&set, wait_s);
	set.up_now = master_is_up(&set);
	if (conf != NULL)
		read_conf(&set, conf);
	if (walk_feeds(set.data, NULL, NULL, NULL, take_feed, &set) == -1)
		warn("%s/cache", set.data);
	scan_wishes(&set);
	check_ready(&set, 0);
	event_base_dispatch(set.base);
	c = finish(&set);
	return set.once && c > 0 ? 1 : 0;
}
