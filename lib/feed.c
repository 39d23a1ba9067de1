/*
 * The reader's side of a feed: journal in, sorted index out.
 *
 * The journal alone is read; objects/ is a view for people. Only whole lines
 * count, and a PREVIOUS line only together with the event behind it, so that
 * a position never falls between the two.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"

#define CHUNK (64 * 1024)

struct feed_file *
feed_file_ref(struct feed_file *f)
{
	f->refs++;
	return f;
}

void
feed_file_unref(struct feed_file *f)
{
	if (f == NULL || --f->refs > 0)
		return;
	close(f->fd);
	free(f);
}

static struct feed_file *
file_open(int dirfd)
{
	struct feed_file *file;

	if ((file = malloc(sizeof(*file))) == NULL)
		return NULL;
	file->refs = 1;
	file->fd = openat(dirfd, "journal", O_RDONLY | O_CLOEXEC);
	if (file->fd == -1) {
		free(file);
		return NULL;
	}
	return file;
}

/* --- the index --- */

static size_t
lower_bound(const struct feed *f, const char *key)
{
	size_t lo = 0, hi = f->nobjects, mid;

	/* a snapshot comes sorted */
	if (hi > 0 && strcmp(f->objects[hi - 1]->meta.key, key) < 0)
		return hi;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(f->objects[mid]->meta.key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t
feed_lower_bound(const struct feed *f, const char *key)
{
	return lower_bound(f, key);
}

static void
object_free(struct feed_object *o)
{
	if (o == NULL)
		return;
	meta_free(&o->meta);
	free(o);
}

static int
grow(void **p, size_t *cap, size_t n, size_t size)
{
	size_t want;
	void *q;

	if (n < *cap)
		return 0;
	want = *cap == 0 ? 8 : *cap + *cap / 2;
	if ((q = reallocarray(*p, want, size)) == NULL)
		return -1;
	*p = q;
	*cap = want;
	return 0;
}

static int
object_put(struct feed *f, struct feed_line *l)
{
	struct feed_object *o;
	size_t i;

	i = lower_bound(f, l->meta.key);
	if (i < f->nobjects &&
	    strcmp(f->objects[i]->meta.key, l->meta.key) == 0) {
		o = f->objects[i];
		f->live_bytes -= o->len;
		meta_free(&o->meta);
	} else {
		if (grow((void **)&f->objects, &f->cap_objects, f->nobjects,
			sizeof(*f->objects)) == -1 ||
		    (o = calloc(1, sizeof(*o))) == NULL)
			return -1;
		memmove(f->objects + i + 1, f->objects + i,
		    (f->nobjects - i) * sizeof(*f->objects));
		f->objects[i] = o;
		f->nobjects++;
	}
	o->meta = l->meta;
	memset(&l->meta, 0, sizeof(l->meta));
	o->off = l->off + (l->object - l->text.data);
	o->len = (uint32_t)l->object_len;
	f->live_bytes += o->len;
	return 0;
}

static void
object_remove(struct feed *f, const char *key)
{
	size_t i;

	i = lower_bound(f, key);
	if (i == f->nobjects || strcmp(f->objects[i]->meta.key, key) != 0)
		return;
	f->live_bytes -= f->objects[i]->len;
	object_free(f->objects[i]);
	f->nobjects--;
	memmove(f->objects + i, f->objects + i + 1,
	    (f->nobjects - i) * sizeof(*f->objects));
}

static int
event_add(struct feed *f, uint64_t rv, off_t off)
{
	if (grow((void **)&f->events, &f->cap_events, f->nevents,
		sizeof(*f->events)) == -1)
		return -1;
	f->events[f->nevents].rv = rv;
	f->events[f->nevents++].off = off;
	f->rv = rv;
	return 0;
}

/* --- taking the journal in --- */

struct base {
	char id[17], continues[17];
	uint64_t rv;
	size_t count;
	off_t tail;
	char kind[128], api_version[128];
	struct project keep;
};

static int
base_string(const json_t *o, const char *name, char *out, size_t len)
{
	const char *s;

	s = json_string_value(json_object_get(o, name));
	if (s == NULL || strlen(s) >= len) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(out, s, strlen(s) + 1);
	return 0;
}

static int
base_keep(const json_t *o, struct project *keep)
{
	const char *s = json_string_value(json_object_get(o, "fields"));

	return project_parse(keep, s == NULL ? "" : s);
}

/* What b has then is to be freed, where it is not used. */
static int
base_parse(struct base *b, const struct feed_line *l)
{
	char rv[32];
	json_t *o;
	int rc = -1;

	memset(b, 0, sizeof(*b));
	if (l->type != FEED_BASE) {
		errno = EBADMSG;
		return -1;
	}
	if ((o = json_loadb(l->object, l->object_len, 0, NULL)) == NULL) {
		errno = EBADMSG;
		return -1;
	}
	if (base_string(o, "id", b->id, sizeof(b->id)) == 0 &&
	    base_string(o, "continues", b->continues, sizeof(b->continues)) ==
		0 &&
	    base_string(o, "resourceVersion", rv, sizeof(rv)) == 0 &&
	    base_string(o, "kind", b->kind, sizeof(b->kind)) == 0 &&
	    base_string(o, "apiVersion", b->api_version,
		sizeof(b->api_version)) == 0)
		rc = meta_parse_rv(rv, &b->rv);
	if (rc == 0)
		rc = base_keep(o, &b->keep);
	b->count = (size_t)json_integer_value(json_object_get(o, "count"));
	b->tail = (off_t)json_integer_value(json_object_get(o, "tail"));
	json_decref(o);
	if (rc == -1)
		errno = EBADMSG;
	return rc;
}

/* What b owns becomes f's. */
static void
base_use(struct feed *f, const struct base *b)
{
	project_free(&f->keep);
	f->keep = b->keep;
	memcpy(f->id, b->id, sizeof(f->id));
	memcpy(f->kind, b->kind, sizeof(f->kind));
	memcpy(f->api_version, b->api_version, sizeof(f->api_version));
	f->base_rv = f->rv = b->rv;
	f->snapshot = b->count;
}

/* A line of the snapshot. */
static int
take_snapshot(struct feed *f, struct feed_line *l)
{
	if (l->type != FEED_ADDED || l->rv > f->base_rv) {
		errno = EBADMSG;
		return -1;
	}
	if (object_put(f, l) == -1)
		return -1;
	if (--f->snapshot == 0)
		f->live = l->next;
	return 0;
}

/* A line behind the snapshot. */
static int
take_event(struct feed *f, struct feed_line *l)
{
	off_t off = l->off;

	if (l->type == FEED_PREVIOUS) {
		f->previous = l->off;
		return 0;
	}
	if (f->previous != 0)
		off = f->previous;
	f->previous = 0;
	if (l->type == FEED_BASE || l->rv < f->rv) {
		errno = EBADMSG;
		return -1;
	}
	if (event_add(f, l->rv, off) == -1)
		return -1;
	if (l->type == FEED_DELETED)
		object_remove(f, l->meta.key);
	else if (l->type != FEED_BOOKMARK)
		return object_put(f, l);
	return 0;
}

static int
take_base(struct feed *f, const struct feed_line *l)
{
	struct base b;

	if (base_parse(&b, l) == -1)
		return -1;
	base_use(f, &b);
	f->live = l->next;
	return 0;
}

static int
take_line(struct feed *f, struct feed_line *l, off_t off, const char *text,
    size_t len)
{
	int rc;

	l->text.len = 0;
	if (buf_add(&l->text, text, len) == -1)
		return -1;
	l->off = off;
	l->next = off + (off_t)len;
	if ((rc = feed_line_parse(l, f->r)) == 0) {
		if (off == 0)
			rc = take_base(f, l);
		else if (f->snapshot > 0)
			rc = take_snapshot(f, l);
		else
			rc = take_event(f, l);
	}
	return rc;
}

/* A line that does not parse: skipped when salvaging. */
static int
skip_line(struct feed *f, off_t off)
{
	if (off == 0)
		return -1;
	if (f->bad_lines++ == 0)
		f->bad_from = off;
	if (f->snapshot > 0)
		f->snapshot--;
	return 0;
}

/* All whole lines in b, which stands at off; the bytes taken, or -1. */
static ssize_t
take_lines(struct feed *f, struct feed_line *l, const struct buf *b, off_t off,
    int salvage)
{
	size_t used = 0, taken = 0, n;
	const char *nl;

	while ((nl = memchr(b->data + used, '\n', b->len - used)) != NULL) {
		n = (size_t)(nl + 1 - (b->data + used));
		if (take_line(f, l, off + (off_t)used, b->data + used, n) ==
			-1 &&
		    (errno != EBADMSG || !salvage ||
			skip_line(f, off + (off_t)used) == -1))
			return -1;
		used += n;
		/* a PREVIOUS waits in the buffer for its event */
		if (f->previous == 0)
			taken = used;
	}
	if (f->previous != 0)
		f->previous = 0;
	return (ssize_t)taken;
}

/*
 * Take in what is behind f->end, at most to until (0: the end of the file).
 * 1 if anything came, 0 if not, -1 with errno.
 */
static int
take(struct feed *f, off_t until, int salvage)
{
	struct feed_line l = { 0 };
	struct buf b = { 0 };
	off_t before = f->end, pos = f->end;
	ssize_t n = 0, used;
	size_t want;

	for (;;) {
		want = b.len > CHUNK ? b.len : CHUNK;
		if (until != 0 && (off_t)want > until - pos)
			want = (size_t)(until - pos);
		if (want == 0 || (n = buf_reserve(&b, want)) == -1 ||
		    (n = pread(f->file->fd, b.data + b.len, want, pos)) <= 0)
			break;
		pos += n;
		b.len += (size_t)n;
		if ((n = used = take_lines(f, &l, &b, f->end, salvage)) == -1)
			break;
		f->end += used;
		buf_drain(&b, (size_t)used);
		if (b.len > FEED_LINE_MAX) {
			errno = EBADMSG;
			n = -1;
			break;
		}
	}
	feed_line_free(&l);
	buf_free(&b);
	if (n == -1)
		return -1;
	return f->end > before;
}

static void
forget(struct feed *f)
{
	while (f->nobjects > 0)
		object_free(f->objects[--f->nobjects]);
	f->nevents = 0;
	f->end = f->live = f->live_bytes = f->previous = 0;
	f->snapshot = 0;
	f->bad_lines = 0;
}

static int
load(struct feed *f, const char *dir, off_t until, int salvage)
{
	memset(f, 0, sizeof(*f));
	f->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dirfd == -1)
		return -1;
	if (snprintf(f->dir, sizeof(f->dir), "%s", dir) >=
	    (int)sizeof(f->dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (feed_read_query(&f->q, f->dirfd) == -1)
		return -1;
	f->r = resource_find(f->q.p.group, f->q.p.resource);
	if ((f->file = file_open(f->dirfd)) == NULL) {
		if (errno == ENOENT)
			errno = EAGAIN;
		return -1;
	}
	if (take(f, until, salvage) == -1)
		return -1;
	if (f->end == 0 || f->snapshot > 0) {
		errno = EBADMSG;
		if (!salvage || f->end == 0)
			return -1;
		f->bad_lines++;
	}
	return 0;
}

int
feed_open(struct feed *f, const char *dir)
{
	return load(f, dir, 0, 0);
}

int
feed_salvage(struct feed *f, const char *dir, off_t until)
{
	return load(f, dir, until, 1);
}

void
feed_free(struct feed *f)
{
	forget(f);
	free(f->objects);
	free(f->events);
	feed_file_unref(f->file);
	feed_query_free(&f->q);
	project_free(&f->keep);
	if (f->dirfd > 0)
		close(f->dirfd);
	memset(f, 0, sizeof(*f));
	f->dirfd = -1;
}

/* The journal was replaced by `next`: move to it. */
static int
move(struct feed *f, struct feed_file *next)
{
	struct feed_line l = { 0 };
	struct feed_file *old = f->file;
	off_t old_end = f->end;
	struct stat st;
	struct base b;
	int rc = -1, continues;

	if (fstat(next->fd, &st) == -1 ||
	    feed_line_read(&l, next, 0, st.st_size, NULL) == -1 ||
	    base_parse(&b, &l) == -1)
		goto out;
	project_free(&b.keep);
	continues = strcmp(b.continues, f->id) == 0;
	forget(f);
	f->file = next;
	rc = take(f, 0, 0);
	if (rc != -1 && (f->end == 0 || f->snapshot > 0)) {
		errno = EBADMSG;
		rc = -1;
	}
	if (rc == -1) {
		f->file = old;
		goto out;
	}
	feed_file_unref(old);
	f->shift = f->live + b.tail - old_end;
	f->shift_from = old_end - b.tail;
	rc = continues ? FEED_SWAPPED : FEED_RESET;
out:
	feed_line_free(&l);
	return rc;
}

int
feed_follow(struct feed *f)
{
	struct feed_file *next;
	struct stat now, mine;
	int grew, rc;

	if ((grew = take(f, 0, 0)) == -1)
		return -1;
	if (fstatat(f->dirfd, "journal", &now, 0) == -1)
		return errno == ENOENT ? FEED_GONE : -1;
	if (fstat(f->file->fd, &mine) == -1)
		return -1;
	if (now.st_ino == mine.st_ino && now.st_dev == mine.st_dev)
		return grew ? FEED_GREW : FEED_SAME;
	/* replaced: what the old one got before that is still ours */
	if (take(f, 0, 0) == -1)
		return -1;
	if ((next = file_open(f->dirfd)) == NULL)
		return errno == ENOENT ? FEED_GONE : -1;
	if ((rc = move(f, next)) == -1) {
		int saved = errno;
		feed_file_unref(next);
		errno = saved;
	}
	return rc;
}

/* --- looking up --- */

const struct feed_object *
feed_get(const struct feed *f, const char *ns, const char *name)
{
	char key[512];
	size_t i;
	int n;

	n = *ns == '\0' ? snprintf(key, sizeof(key), "%s", name)
			: snprintf(key, sizeof(key), "%s/%s", ns, name);
	if (n >= (int)sizeof(key))
		return NULL;
	i = lower_bound(f, key);
	if (i == f->nobjects || strcmp(f->objects[i]->meta.key, key) != 0)
		return NULL;
	return f->objects[i];
}

int
feed_read(const struct feed *f, const struct feed_object *o, struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	if (buf_reserve(b, o->len) == -1)
		return -1;
	while (done < o->len) {
		n = pread(f->file->fd, b->data + b->len + done, o->len - done,
		    o->off + (off_t)done);
		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return -1;
		}
		done += (size_t)n;
	}
	b->len += done;
	b->data[b->len] = '\0';
	return 0;
}

off_t
feed_position(const struct feed *f, uint64_t rv)
{
	size_t lo = 0, hi = f->nevents, mid;

	if (rv < f->base_rv) {
		errno = ESTALE;
		return -1;
	}
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (f->events[mid].rv <= rv)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->nevents ? f->events[lo].off : f->end;
}
