/*
 * What a crash, a full disk or bit rot left behind is set right when the
 * writer opens a feed: a torn tail is cut, a journal that does not parse is
 * rebuilt from what does and from objects/, objects/ is made equal to the
 * journal. What was rebuilt by guess is listed anew when the master is there.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "quarantine.h"
#include "snapshot.h"
#include "view.h"

static void
tell(struct journal *j, const char *what, const char *where)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s: %s%s", j->feed.dir, what, where);
	j->told(j->arg, text);
}

static void
bad_view(void *arg, const char *path)
{
	struct journal *j = arg;
	char what[512], where[512];

	if (quarantine_move(j->datafd, j->lockfd, j->feed.dir, path, where,
		sizeof(where)) == -1)
		snprintf(where, sizeof(where), "nowhere: %s", strerror(errno));
	snprintf(what, sizeof(what), "%s is not what it should be, moved to ",
	    path);
	tell(j, what, where);
}

/* Cut what stands behind the last whole line. */
static int
cut_tail(struct journal *j)
{
	struct stat st;
	int fd, rc = -1;

	if (fstat(j->feed.file->fd, &st) == -1)
		return -1;
	if (st.st_size == j->feed.end)
		return 0;
	tell(j, "torn end of the journal cut", "");
	fd = openat(j->lockfd, "journal", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, j->feed.end) == 0)
		rc = fdatasync(fd);
	close(fd);
	return rc;
}

/* --- a journal that does not parse --- */

struct salvage {
	struct feed *f; /* what could be read of the journal */
	struct journal *j;
	struct buf view; /* objects of the view, one behind the other */
	struct journal_item *items;
	size_t n, cap;
	uint64_t rv;
};

static int
add_item(struct salvage *s, const char *key, uint64_t rv, const char *p,
    size_t len)
{
	struct journal_item *q;
	size_t want;

	if (s->n == s->cap) {
		want = s->cap == 0 ? 16 : s->cap * 2;
		if ((q = reallocarray(s->items, want, sizeof(*q))) == NULL)
			return -1;
		s->items = q;
		s->cap = want;
	}
	s->items[s->n].rv = rv;
	s->items[s->n].off = (off_t)s->view.len;
	s->items[s->n].len = (uint32_t)len;
	if ((s->items[s->n].key = strdup(key)) == NULL)
		return -1;
	s->n++;
	if (rv > s->rv)
		s->rv = rv;
	return buf_add(&s->view, p, len);
}

/* An object of the view: the newer one of it and the journal's. */
static int
salvage_view(void *arg, const char *key, const char *p, size_t len)
{
	struct salvage *s = arg;
	const struct feed_object *o = NULL;
	struct meta m = { 0 };
	struct buf b = { 0 };
	json_t *object;
	size_t i;
	int rc = -1;

	i = feed_lower_bound(s->f, key);
	if (i < s->f->nobjects && strcmp(s->f->objects[i]->meta.key, key) == 0)
		o = s->f->objects[i];
	object = json_loadb(p, len, 0, NULL);
	if (object == NULL || meta_load(&m, object, NULL) == -1)
		goto out;
	if (o == NULL || m.rv > o->meta.rv)
		rc = add_item(s, key, m.rv, p, len);
	else if ((rc = feed_read(s->f, o, &b)) == 0)
		rc = add_item(s, key, o->meta.rv, b.data, b.len);
out:
	json_decref(object);
	meta_free(&m);
	buf_free(&b);
	return rc;
}

static int
by_key(const void *a, const void *b)
{
	const struct journal_item *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Objects of the journal that the view lacks: kept if newer than the break. */
static int
salvage_rest(struct salvage *s)
{
	struct feed_object *o;
	struct buf b = { 0 };
	size_t i, n = s->n;
	int rc = 0;

	for (i = 0; i < s->f->nobjects && rc == 0; i++) {
		struct journal_item want = { 0 };

		o = s->f->objects[i];
		want.key = (char *)(uintptr_t)o->meta.key;
		if ((n > 0 &&
			bsearch(&want, s->items, n, sizeof(want), by_key) !=
			    NULL) ||
		    (o->off < s->f->bad_from && n > 0))
			continue;
		b.len = 0;
		if ((rc = feed_read(s->f, o, &b)) == 0)
			rc =
			    add_item(s, o->meta.key, o->meta.rv, b.data, b.len);
	}
	buf_free(&b);
	return rc;
}

static int
salvage_write(struct salvage *s)
{
	struct snapshot_base sb = { "", s->rv, s->n, 0, s->f->kind,
		s->f->api_version, project_text(&s->f->keep) };
	struct snapshot snap;
	size_t i;

	if (s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), by_key);
	if (snapshot_begin(&snap, s->j->lockfd, &sb) == -1)
		return -1;
	for (i = 0; i < s->n; i++)
		if (snapshot_add(&snap, s->view.data + s->items[i].off,
			s->items[i].len) == -1) {
			snapshot_abort(&snap);
			return -1;
		}
	return snapshot_commit(&snap);
}

static void
salvage_free(struct salvage *s)
{
	while (s->n > 0)
		free(s->items[--s->n].key);
	free(s->items);
	buf_free(&s->view);
}

/* 0: rebuilt and open; -1 EAGAIN: nothing to rebuild from, not synced. */
static int
rebuild(struct journal *j, const char *dir)
{
	struct salvage s = { 0 };
	struct feed f = { 0 };
	char where[512];
	int rc = -1, saved;

	f.dirfd = -1;
	s.f = &f;
	s.j = j;
	rc = feed_salvage(&f, dir, 0);
	s.rv = f.rv;
	if (rc == 0 && f.kind[0] != '\0') {
		if ((rc = view_each(j->lockfd, salvage_view, &s)) == 0) {
			if (s.n > 0)
				qsort(s.items, s.n, sizeof(*s.items), by_key);
			rc = salvage_rest(&s);
		}
	}
	if (quarantine_move(j->datafd, j->lockfd, dir, "journal", where,
		sizeof(where)) == -1)
		rc = -1;
	else {
		snprintf(j->feed.dir, sizeof(j->feed.dir), "%s", dir);
		tell(j, "the journal does not parse, moved to ", where);
	}
	if (rc == 0 && (rc = journal_doubt(j)) == 0 &&
	    (rc = salvage_write(&s)) == 0) {
		feed_free(&j->feed);
		rc = feed_open(&j->feed, dir);
	} else {
		feed_free(&j->feed);
		feed_open(&j->feed, dir);
		errno = EAGAIN;
	}
	saved = errno;
	feed_free(&f);
	salvage_free(&s);
	errno = saved;
	return rc;
}

int
journal_mend(struct journal *j, const char *dir)
{
	if (dir != NULL)
		return rebuild(j, dir);
	if (cut_tail(j) == -1)
		return -1;
	return view_mend(&j->feed, bad_view, j);
}
