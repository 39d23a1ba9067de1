/*
 * The writer's side of a feed: open, append, flush, compact.
 *
 * An event is one write(2) at the end of the journal; a write that fails is
 * taken back by ftruncate(2), so that the journal always ends where the index
 * does.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "journal.h"
#include "snapshot.h"
#include "view.h"

#define COMPACT_MIN (1024 * 1024)
#define COMPACT_TAIL (256 * 1024)
#define SYNC_FILES 500

/* --- the file `feed` --- */

static int
query_write(const struct journal *j, const struct feed_query *q)
{
	struct buf b = { 0 };
	int rc = -1;

	if (buf_puts(&b, "{\"path\":") == 0 && buf_json(&b, q->path) == 0 &&
	    buf_puts(&b, ",\"labelSelector\":") == 0 &&
	    buf_json(&b, q->labels) == 0 &&
	    buf_puts(&b, ",\"fieldSelector\":") == 0 &&
	    buf_json(&b, q->fields) == 0 &&
	    (q->keep.n == 0 ||
		(buf_puts(&b, ",\"fields\":") == 0 &&
		    buf_json(&b, project_text(&q->keep)) == 0)) &&
	    buf_printf(&b, ",\"code\":%d,\"error\":", q->code) == 0 &&
	    buf_json(&b, q->error) == 0 && buf_puts(&b, ",\"warning\":") == 0 &&
	    buf_json(&b, q->warning) == 0 && buf_puts(&b, "}\n") == 0)
		rc = atomic_write(j->lockfd, "feed", b.data, b.len, 1);
	buf_free(&b);
	return rc;
}

int
journal_refuse(struct journal *j, int code, const char *why)
{
	struct feed_query *q = &j->feed.q;

	if (q->code == code && strcmp(q->error, why) == 0)
		return 0;
	q->code = code;
	snprintf(q->error, sizeof(q->error), "%s", why);
	return query_write(j, q);
}

int
journal_warn(struct journal *j, const char *warning)
{
	struct feed_query *q = &j->feed.q;

	if (strcmp(q->warning, warning) == 0)
		return 0;
	snprintf(q->warning, sizeof(q->warning), "%s", warning);
	return query_write(j, q);
}

/* --- open and close --- */

static int
make_dir(struct journal *j, const struct feed_query *q, char *dir, size_t len,
    const char *data)
{
	char rel[512], path[1024];
	struct stat st;

	if (apipath_feed_dir(&q->p, q->labels, q->fields, rel, sizeof(rel)) ==
	    -1)
		return -1;
	snprintf(path, sizeof(path), "cache/%s", rel);
	if (snprintf(dir, len, "%s/cache/%s", data, rel) >= (int)len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (atomic_mkdirs(j->datafd, path) == -1)
		return -1;
	j->lockfd = openat(j->datafd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->lockfd == -1 || flock(j->lockfd, LOCK_EX | LOCK_NB) == -1)
		return -1;
	if (fstatat(j->lockfd, "feed", &st, 0) == -1 || st.st_size == 0)
		return query_write(j, q);
	return 0;
}

int
journal_keep(struct journal *j, const struct project *want)
{
	struct project keep;

	if (strcmp(project_text(want), project_text(&j->feed.q.keep)) != 0) {
		if (project_parse(&keep, project_text(want)) == -1)
			return -1;
		project_free(&j->feed.q.keep);
		j->feed.q.keep = keep;
		if (query_write(j, &j->feed.q) == -1)
			return -1;
	}
	if (j->synced &&
	    strcmp(project_text(&j->feed.keep), project_text(want)) != 0)
		j->doubtful = 1;
	return 0;
}

int
journal_doubt(struct journal *j)
{
	j->doubtful = 1;
	return atomic_write(j->lockfd, "doubtful", "", 0, 1);
}

int
journal_open(struct journal *j, int datafd, const char *data,
    const struct feed_query *q, void (*told)(void *, const char *), void *arg)
{
	char dir[512];
	int saved;

	memset(j, 0, sizeof(*j));
	j->feed.dirfd = -1;
	j->datafd = datafd;
	j->lockfd = j->stage_fd = -1;
	j->told = told;
	j->arg = arg;
	if (make_dir(j, q, dir, sizeof(dir), data) == -1)
		goto fail;
	unlinkat(j->lockfd, "journal.new", 0);
	j->doubtful = faccessat(j->lockfd, "doubtful", F_OK, 0) == 0;
	if (journal_local_read(j) == -1)
		goto fail;
	if (feed_open(&j->feed, dir) == -1) {
		if (errno == EBADMSG && j->feed.q.labels == NULL) {
			/* the file `feed` itself */
			feed_free(&j->feed);
			if (query_write(j, q) == -1)
				goto fail;
			j->told(j->arg, "feed: did not parse, written anew");
			errno = feed_open(&j->feed, dir) == 0 ? 0 : errno;
		}
		if (errno == EBADMSG)
			errno = journal_mend(j, dir) == 0 ? 0 : errno;
		if (errno != 0 && errno != EAGAIN)
			goto fail;
		j->synced = j->feed.end > 0;
	} else
		j->synced = 1;
	if (journal_keep(j, &q->keep) == -1 ||
	    (j->synced && journal_mend(j, NULL) == -1))
		goto fail;
	return 0;
fail:
	saved = errno;
	journal_free(j);
	errno = saved;
	return -1;
}

void
journal_free(struct journal *j)
{
	journal_list_abort(j);
	while (j->npending > 0)
		free(j->pending[--j->npending]);
	free(j->pending);
	free(j->local);
	buf_free(&j->local_new);
	free(j->items);
	feed_free(&j->feed);
	if (j->lockfd != -1)
		close(j->lockfd);
	memset(j, 0, sizeof(*j));
	j->lockfd = j->stage_fd = -1;
}

/* --- events --- */

static int
add_line(struct buf *b, enum feed_type type, const char *object, size_t len)
{
	if (buf_printf(b,
		"{\"type\":\"%s\",\"object\":", feed_type_name(type)) == -1 ||
	    buf_add(b, object, len) == -1)
		return -1;
	return buf_puts(b, "}\n");
}

int
journal_touch(struct journal *j, const char *key)
{
	size_t want;
	char **p;

	if (j->feed.keep.n > 0 ||
	    (j->npending > 0 && strcmp(j->pending[j->npending - 1], key) == 0))
		return 0;
	if (j->npending == j->cap_pending) {
		want = j->cap_pending == 0 ? 16 : j->cap_pending * 2;
		if ((p = reallocarray(j->pending, want, sizeof(*p))) == NULL)
			return -1;
		j->pending = p;
		j->cap_pending = want;
	}
	if ((j->pending[j->npending] = strdup(key)) == NULL)
		return -1;
	j->npending++;
	return 0;
}

int
journal_append(struct journal *j, const struct buf *lines)
{
	ssize_t n = -1;
	int fd, saved = 0;

	fd = openat(j->lockfd, "journal", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = write(fd, lines->data, lines->len);
	if (n != (ssize_t)lines->len) {
		saved = n == -1 ? errno : ENOSPC;
		if (ftruncate(fd, j->feed.end) == -1)
			saved = errno;
	}
	if (close(fd) == -1 && saved == 0)
		saved = errno;
	if (saved != 0) {
		errno = saved;
		return -1;
	}
	j->dirty = 1;
	return feed_follow(&j->feed) == -1 ? -1 : 0;
}

static int
append_object(struct journal *j, enum feed_type type, const struct meta *m,
    const char *object, size_t len)
{
	const struct feed_object *old;
	struct buf b = { 0 }, was = { 0 };
	int rc = -1, had;

	old = feed_get(&j->feed, m->ns, m->name);
	had = old != NULL;
	if (type == FEED_DELETED && !had)
		return 0;
	if (type != FEED_DELETED)
		type = had ? FEED_MODIFIED : FEED_ADDED;
	if (had && type == FEED_MODIFIED &&
	    !meta_same_selectables(&old->meta, m) &&
	    (feed_read(&j->feed, old, &was) == -1 ||
		add_line(&b, FEED_PREVIOUS, was.data, was.len) == -1))
		goto out;
	if (add_line(&b, type, object, len) == -1 ||
	    journal_touch(j, m->key) == -1 || journal_append(j, &b) == -1)
		goto out;
	rc = 1;
out:
	buf_free(&was);
	buf_free(&b);
	return rc;
}

static int
append_bookmark(struct journal *j, const char *object, size_t len,
    const json_t *o)
{
	struct buf b = { 0 };
	const char *text;
	uint64_t rv;
	int rc = -1;

	text = json_string_value(
	    json_object_get(json_object_get(o, "metadata"), "resourceVersion"));
	if (text == NULL || meta_parse_rv(text, &rv) == -1) {
		errno = EBADMSG;
		return -1;
	}
	if (rv <= j->feed.rv) {
		/* nothing is new, but the master has spoken */
		(void)futimens(j->feed.file->fd, NULL);
		return 0;
	}
	if (add_line(&b, FEED_BOOKMARK, object, len) == 0 &&
	    journal_append(j, &b) == 0)
		rc = 1;
	buf_free(&b);
	return rc;
}

/* 1 if the object is one of this feed: its kind, and its namespace if it has. */
static int
is_ours(const struct journal *j, const json_t *o, const struct meta *m)
{
	const struct feed *f = &j->feed;
	const char *kind, *version;

	kind = json_string_value(json_object_get(o, "kind"));
	version = json_string_value(json_object_get(o, "apiVersion"));
	return kind != NULL && strcmp(kind, f->kind) == 0 && version != NULL &&
	    strcmp(version, f->api_version) == 0 &&
	    (*f->q.p.ns == '\0' || strcmp(m->ns, f->q.p.ns) == 0);
}

static int
put(struct journal *j, enum feed_type type, const char *object, size_t len,
    const json_t *o)
{
	struct meta m = { 0 };
	int rc = -1, saved;

	if (meta_load(&m, o, j->feed.r) == -1)
		return -1;
	if (m.rv == 0 || !is_ours(j, o, &m) ||
	    memchr(object, '\n', len) != NULL)
		errno = EBADMSG;
	else if (m.rv <= j->feed.rv)
		rc = 0;
	else
		rc = append_object(j, type, &m, object, len);
	saved = errno;
	meta_free(&m);
	errno = saved;
	return rc;
}

int
journal_put(struct journal *j, enum feed_type type, const char *object,
    size_t len, const json_t *o)
{
	if (j->feed.keep.n > 0)
		return journal_event(j, type, object, len);
	return put(j, type, object, len, o);
}

int
journal_event(struct journal *j, enum feed_type type, const char *object,
    size_t len)
{
	struct buf b = { 0 }, part = { 0 };
	json_t *o = NULL;
	int rc = -1, saved;

	if (type != FEED_BOOKMARK &&
	    journal_cut(&j->feed.keep, &part, &object, &len) == -1)
		goto out;
	if (journal_normalize(&b, object, len, NULL, NULL) == -1)
		goto out;
	if ((o = json_loadb(b.data, b.len, 0, NULL)) == NULL)
		errno = EBADMSG;
	else if (type == FEED_BOOKMARK)
		rc = append_bookmark(j, b.data, b.len, o);
	else
		rc = put(j, type, b.data, b.len, o);
out:
	saved = errno;
	json_decref(o);
	buf_free(&part);
	buf_free(&b);
	errno = saved;
	return rc;
}

/* --- flush and compact --- */

static int
sync_object(struct journal *j, const char *key)
{
	const struct feed_object *o;
	struct buf b = { 0 };
	size_t i;
	int rc;

	i = feed_lower_bound(&j->feed, key);
	if (j->feed.keep.n > 0 || i == j->feed.nobjects ||
	    strcmp(j->feed.objects[i]->meta.key, key) != 0)
		return view_remove(j->lockfd, key);
	o = j->feed.objects[i];
	if ((rc = feed_read(&j->feed, o, &b)) == 0)
		rc = view_put(j->lockfd, key, b.data, b.len);
	buf_free(&b);
	/* a name too long for a file has no file */
	return rc == -1 && errno == ENAMETOOLONG ? 0 : rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
journal_flush_begin(const struct journal *j)
{
	if (j->dirty)
		(void)sync_file_range(j->feed.file->fd, 0, 0,
		    SYNC_FILE_RANGE_WRITE);
}

int
journal_flush(struct journal *j)
{
	if (j->dirty && fdatasync(j->feed.file->fd) == -1)
		return -1;
	j->dirty = 0;
	return 0;
}

int
journal_sync(struct journal *j)
{
	size_t n = 0;
	char *key;

	if (journal_flush(j) == -1)
		return -1;
	if (j->npending > 1)
		qsort(j->pending, j->npending, sizeof(*j->pending), by_name);
	while (j->npending > 0 && n++ < SYNC_FILES) {
		key = j->pending[j->npending - 1];
		if ((j->npending == 1 ||
			strcmp(j->pending[j->npending - 2], key) != 0) &&
		    sync_object(j, key) == -1)
			return -1;
		free(key);
		j->npending--;
	}
	if (j->npending == 0) {
		free(j->pending);
		j->pending = NULL;
		j->cap_pending = 0;
	}
	return j->npending > 0;
}

/*
 * Where the tail that compaction keeps begins. Of parts it is short: no client
 * comes back to a watch of theirs.
 */
static off_t
tail_start(const struct feed *f)
{
	off_t keep = f->keep.n > 0 ? 0 : f->live_bytes / 2;
	size_t i;

	if (keep < COMPACT_TAIL)
		keep = COMPACT_TAIL;
	for (i = f->nevents; i > 0; i--)
		if (f->end - f->events[i - 1].off > keep)
			break;
	/* no cut between two lines of one rv */
	while (
	    i > 0 && i < f->nevents && f->events[i].rv == f->events[i - 1].rv)
		i++;
	return i < f->nevents ? f->events[i].off : f->end;
}

int
journal_compact(struct journal *j, int force)
{
	struct feed *f = &j->feed, base = { 0 };
	struct snapshot s;
	struct snapshot_base sb;
	struct buf b = { 0 };
	off_t from;
	size_t i;
	int rc = -1;

	if (!force &&
	    f->end < COMPACT_MIN + (f->keep.n > 0 ? 2 : 3) * f->live_bytes)
		return 0;
	if ((from = tail_start(f)) == f->live)
		return 0;
	base.dirfd = -1;
	if (feed_salvage(&base, f->dir, from) == -1)
		goto out;
	sb.continues = f->id;
	sb.rv = base.rv;
	sb.count = base.nobjects;
	sb.tail = f->end - from;
	sb.kind = f->kind;
	sb.api_version = f->api_version;
	sb.fields = project_text(&f->keep);
	if (snapshot_begin(&s, j->lockfd, &sb) == -1)
		goto out;
	for (i = 0; i < base.nobjects; i++) {
		b.len = 0;
		if (feed_read(&base, base.objects[i], &b) == -1 ||
		    snapshot_add(&s, b.data, b.len) == -1) {
			snapshot_abort(&s);
			goto out;
		}
	}
	if (snapshot_copy(&s, f->file->fd, from, f->end) == -1) {
		snapshot_abort(&s);
		goto out;
	}
	if (snapshot_commit(&s) == 0 && feed_follow(f) == FEED_SWAPPED)
		rc = 0;
out:
	buf_free(&b);
	feed_free(&base);
	return rc;
}

/* --- removal --- */

static int
remove_file(void *arg, const char *key, const char *p, size_t n)
{
	(void)p;
	(void)n;
	return view_remove(*(int *)arg, key);
}

int
journal_remove(struct journal *j)
{
	char path[512];

	/* first what readers go by, then the rest */
	if (unlinkat(j->lockfd, "journal", 0) == -1 && errno != ENOENT)
		return -1;
	if (view_each(j->lockfd, remove_file, &j->lockfd) == -1)
		return -1;
	unlinkat(j->lockfd, "objects", AT_REMOVEDIR);
	unlinkat(j->lockfd, "used", 0);
	unlinkat(j->lockfd, "doubtful", 0);
	unlinkat(j->lockfd, "local", 0);
	if (unlinkat(j->lockfd, "feed", 0) == -1 && errno != ENOENT)
		return -1;
	snprintf(path, sizeof(path), "%s", j->feed.dir);
	return rmdir(path);
}
