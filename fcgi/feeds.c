/*
 * The feeds that are open, found by what a request asks for and kept current
 * by inotify. A feed is opened when the first request needs it.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"
#include "resource.h"
#include "watch.h"

#define USED_EVERY_S 60

int
feeds_init(struct edge *e)
{
	return (e->feeds = calloc(1, sizeof(struct feeds))) == NULL ? -1 : 0;
}

static void
handle_free(struct feed_handle *h)
{
	struct watcher *w;
	struct waiter *q;

	LIST_REMOVE(h, next);
	/* whoever is still here must list again */
	while ((w = LIST_FIRST(&h->watchers)) != NULL)
		watch_expire(w);
	while ((q = LIST_FIRST(&h->waiters)) != NULL) {
		struct request *r = q->r;

		wait_close(q);
		request_read(r);
	}
	list_forget(h);
	feeds_table_free(h);
	inotify_rm_watch(h->edge->inotify, h->dir_wd);
	if (h->file_wd != -1)
		inotify_rm_watch(h->edge->inotify, h->file_wd);
	feed_line_free(&h->line);
	feed_line_free(&h->previous);
	feed_free(&h->feed);
	free(h);
}

void
feeds_free(struct edge *e)
{
	while (e->feeds != NULL && !LIST_EMPTY(e->feeds))
		handle_free(LIST_FIRST(e->feeds));
	free(e->feeds);
	e->feeds = NULL;
}

static int
watch_files(struct feed_handle *h)
{
	char path[640];

	snprintf(path, sizeof(path), "%s/journal", h->feed.dir);
	h->file_wd = inotify_add_watch(h->edge->inotify, path, IN_MODIFY);
	return h->file_wd == -1 ? -1 : 0;
}

/* 1 if its objects are kept in part: nobody may take them for whole ones. */
static int
is_part(const char *dir)
{
	struct feed_query q;
	int fd, yes = 0;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (feed_read_query(&q, fd) == 0) {
		yes = q.keep.n > 0;
		feed_query_free(&q);
	}
	close(fd);
	return yes;
}

static struct feed_handle *
handle_open(struct edge *e, const char *dir)
{
	struct feed_handle *h;
	int change;

	if (is_part(dir) || (h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->edge = e;
	h->feed.dirfd = -1;
	h->file_wd = -1;
	h->line.off = -1;
	/* watched first, so that nothing is missed in between */
	h->dir_wd = inotify_add_watch(e->inotify, dir,
	    IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR);
	if (h->dir_wd == -1 || feed_open(&h->feed, dir) == -1 ||
	    watch_files(h) == -1)
		goto fail;
	if ((change = feed_follow(&h->feed)) == -1 || change == FEED_GONE)
		goto fail;
	if (h->feed.keep.n > 0) {
		errno = EAGAIN;
		goto fail;
	}
	LIST_INSERT_HEAD(e->feeds, h, next);
	return h;
fail:
	if (errno == EBADMSG)
		warnx("%s: does not parse, not served", dir);
	if (h->dir_wd != -1)
		inotify_rm_watch(e->inotify, h->dir_wd);
	if (h->file_wd != -1)
		inotify_rm_watch(e->inotify, h->file_wd);
	feed_free(&h->feed);
	free(h);
	return NULL;
}

/* --- which feed has what a request asks for --- */

static int
same_resource(const struct feed_handle *h, const struct apipath *p)
{
	return strcmp(h->feed.q.p.resource, p->resource) == 0 &&
	    strcmp(h->feed.q.p.group, p->group) == 0 &&
	    strcmp(h->feed.q.p.version, p->version) == 0;
}

/*
 * A field selector implied by the request: its own, plus what its path says.
 */
static int
implied(const struct request *r, const struct selector_req *want)
{
	const char *value = want->nvalues == 1 ? want->values[0] : "";
	struct selector one = { 0 };

	if (want->op == SELECTOR_IN &&
	    strcmp(want->key, "metadata.name") == 0 && *r->p.name != '\0')
		return strcmp(value, r->p.name) == 0;
	if (want->op == SELECTOR_IN &&
	    strcmp(want->key, "metadata.namespace") == 0 && *r->p.ns != '\0')
		return strcmp(value, r->p.ns) == 0;
	one.reqs = (struct selector_req *)(uintptr_t)want;
	one.nreqs = 1;
	return selector_covers(&one, &r->q.field_sel);
}

/*
 * 1 if the feed selects by what the request does and our index does not know,
 * a custom resource's selectableFields.
 */
static int
has_foreign(const struct feed_query *q, const struct request *r)
{
	struct selector one = { .nreqs = 1 };
	size_t i;

	for (i = 0; i < r->q.field_sel.nreqs; i++) {
		one.reqs = &r->q.field_sel.reqs[i];
		if (!resource_field_known(NULL, one.reqs->key) &&
		    !selector_covers(&one, &q->field_sel))
			return 0;
	}
	return 1;
}

static int
covers(const struct feed_handle *h, const struct request *r)
{
	const struct feed_query *q = &h->feed.q;
	size_t i;

	if (!same_resource(h, &r->p))
		return 0;
	if (*q->p.ns != '\0' && strcmp(q->p.ns, r->p.ns) != 0)
		return 0;
	if (!selector_covers(&q->label_sel, &r->q.label_sel))
		return 0;
	for (i = 0; i < q->field_sel.nreqs; i++)
		if (!implied(r, &q->field_sel.reqs[i]))
			return 0;
	return !r->foreign || has_foreign(q, r);
}

static void
touch_used(struct feed_handle *h)
{
	long long now = (long long)time(NULL);

	if (now - h->used < USED_EVERY_S)
		return;
	h->used = now;
	(void)feed_touch(&h->feed);
}

static int
is_open(const struct edge *e, const char *dir)
{
	const struct feed_handle *h;

	LIST_FOREACH(h, e->feeds, next)
		if (strcmp(h->feed.dir, dir) == 0)
			return 1;
	return 0;
}

void
feeds_open(struct edge *e, const struct apipath *p)
{
	char top[512], dir[800];
	struct dirent *d;
	DIR *in;

	snprintf(top, sizeof(top), "%s/cache/%.100s/%.60s/%.120s", e->data,
	    *p->group == '\0' ? "core" : p->group, p->version, p->resource);
	if ((in = opendir(top)) == NULL)
		return;
	while ((d = readdir(in)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), "%s/%s", top, d->d_name);
		if (!is_open(e, dir))
			(void)handle_open(e, dir);
	}
	closedir(in);
}

static struct feed_handle *
find_open(const struct request *r)
{
	struct feed_handle *h, *best = NULL;

	LIST_FOREACH(h, r->edge->feeds, next)
		if (covers(h, r) &&
		    (best == NULL || h->feed.nobjects < best->feed.nobjects))
			best = h;
	return best;
}

struct feed_handle *
feeds_find(struct request *r)
{
	struct feed_handle *h;

	if ((h = find_open(r)) == NULL) {
		feeds_open(r->edge, &r->p);
		h = find_open(r);
	}
	if (h != NULL)
		touch_used(h);
	return h;
}

struct feed_handle *
feeds_find_object(struct edge *e, const struct apipath *p,
    const struct feed_object **o)
{
	struct feed_handle *h;

	LIST_FOREACH(h, e->feeds, next) {
		if (!same_resource(h, p))
			continue;
		if ((*o = feed_get(&h->feed, p->ns, p->name)) != NULL)
			return h;
	}
	return NULL;
}

struct feed_handle *
feeds_taking(struct edge *e, const struct apipath *p, const struct meta *m)
{
	struct feed_handle *h;

	feeds_open(e, p);
	LIST_FOREACH(h, e->feeds, next) {
		const struct feed_query *q = &h->feed.q;

		if (same_resource(h, p) && !feeds_ended(h) &&
		    (*q->p.ns == '\0' || strcmp(q->p.ns, m->ns) == 0) &&
		    selector_match(&q->label_sel, meta_label, m) &&
		    selector_match_fields(&q->field_sel, meta_field, m))
			return h;
	}
	return NULL;
}

void
feeds_follow_all(struct edge *e, const struct apipath *p)
{
	feeds_open(e, p);
	feeds_follow_open(e, p);
}

void
feeds_follow_open(struct edge *e, const struct apipath *p)
{
	struct feed_handle *h, *next;

	for (h = LIST_FIRST(e->feeds); h != NULL; h = next) {
		next = LIST_NEXT(h, next);
		if (same_resource(h, p))
			feeds_follow(h);
	}
}

const char *
feeds_warning(const struct feed_handle *h)
{
	return *h->feed.q.warning == '\0' ? NULL : h->feed.q.warning;
}

int
feeds_ended(const struct feed_handle *h)
{
	return h->feed.q.code == 404 || h->feed.q.code == 405;
}

int
feeds_match(const struct request *r, const struct meta *m)
{
	struct selector one = { .nreqs = 1 };
	size_t i;

	if (*r->p.ns != '\0' && strcmp(m->ns, r->p.ns) != 0)
		return 0;
	if (*r->p.name != '\0' && strcmp(m->name, r->p.name) != 0)
		return 0;
	if (!selector_match(&r->q.label_sel, meta_label, m))
		return 0;
	if (!r->foreign)
		return selector_match_fields(&r->q.field_sel, meta_field, m);
	for (i = 0; i < r->q.field_sel.nreqs; i++) {
		one.reqs = &r->q.field_sel.reqs[i];
		/* others were matched by the master: see covers() */
		if (resource_field_known(NULL, one.reqs->key) &&
		    !selector_match_fields(&one, meta_field, m))
			return 0;
	}
	return 1;
}

/* --- news --- */

static void
tell_watchers(struct feed_handle *h, enum feed_change change)
{
	struct watcher *w, *next;

	for (w = LIST_FIRST(&h->watchers); w != NULL; w = next) {
		next = LIST_NEXT(w, next);
		if (change == FEED_RESET)
			watch_expire(w);
		else if (change == FEED_SWAPPED)
			watch_shift(w, &h->feed);
	}
	for (w = LIST_FIRST(&h->watchers); w != NULL; w = next) {
		next = LIST_NEXT(w, next);
		watch_pump(w);
	}
}

void
feeds_follow(struct feed_handle *h)
{
	int change;

	/* those who watch read on in the old journal up to its end first */
	change = feed_follow(&h->feed);
	if (change == FEED_SAME)
		return;
	/* one that does not parse is opened anew by who asks next, if it can */
	if (change == -1)
		warn("%s: cannot be followed", h->feed.dir);
	if (change == FEED_GONE || change == -1 || h->feed.keep.n > 0) {
		handle_free(h);
		return;
	}
	list_forget(h);
	if (change == FEED_SWAPPED || change == FEED_RESET) {
		h->line.off = -1;
		inotify_rm_watch(h->edge->inotify, h->file_wd);
		if (watch_files(h) == -1)
			warn("%s: journal", h->feed.dir);
	}
	tell_watchers(h, (enum feed_change)change);
	wait_check(h);
}

/* The file `feed` is new: perhaps it came to an end. */
static void
refresh(struct feed_handle *h)
{
	struct watcher *w, *next;

	if (feed_refresh(&h->feed) == -1) {
		warn("%s: feed", h->feed.dir);
		return;
	}
	/* what was written before has been told: events come in order */
	if (!feeds_ended(h))
		return;
	for (w = LIST_FIRST(&h->watchers); w != NULL; w = next) {
		next = LIST_NEXT(w, next);
		watch_end(w);
	}
}

static struct feed_handle *
handle_of(const struct edge *e, int wd)
{
	struct feed_handle *h;

	LIST_FOREACH(h, e->feeds, next)
		if (h->file_wd == wd || h->dir_wd == wd)
			return h;
	return NULL;
}

void
feeds_changed(struct edge *e, int wd, uint32_t mask, const char *name)
{
	struct feed_handle *h;

	if ((h = handle_of(e, wd)) == NULL)
		return;
	if (h->file_wd == wd) {
		if (mask & IN_IGNORED)
			return;
	} else if ((mask & (IN_DELETE_SELF | IN_IGNORED)) == 0) {
		if (name == NULL ||
		    (strcmp(name, "feed") != 0 && strcmp(name, "journal") != 0))
			return;
		if (strcmp(name, "feed") == 0) {
			refresh(h);
			return;
		}
	}
	feeds_follow(h);
}
