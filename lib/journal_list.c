/*
 * A list of the master becomes a journal, or the difference to one.
 *
 * Items are staged in an unlinked file while they come, so that a list that
 * is cut in the middle leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "snapshot.h"

int
journal_list_begin(struct journal *j)
{
	static const char name[] = "stage.new";

	journal_list_abort(j);
	j->stage_fd = openat(j->lockfd, name,
	    O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (j->stage_fd == -1)
		return -1;
	return unlinkat(j->lockfd, name, 0);
}

void
journal_list_abort(struct journal *j)
{
	while (j->nitems > 0)
		free(j->items[--j->nitems].key);
	if (j->stage_fd != -1)
		close(j->stage_fd);
	j->stage_fd = -1;
	j->stage_len = 0;
}

static struct journal_item *
new_item(struct journal *j)
{
	struct journal_item *p;
	size_t want;

	if (j->nitems == j->cap_items) {
		want = j->cap_items == 0 ? 16 : j->cap_items * 2;
		if ((p = reallocarray(j->items, want, sizeof(*p))) == NULL)
			return NULL;
		j->items = p;
		j->cap_items = want;
	}
	return &j->items[j->nitems];
}

int
journal_list_item(struct journal *j, const char *object, size_t len,
    const char *kind, const char *api_version)
{
	struct journal_item *item;
	struct meta m = { 0 };
	struct buf b = { 0 }, part = { 0 };
	json_t *o = NULL;
	int rc = -1, saved;

	if (journal_cut(&j->feed.q.keep, &part, &object, &len) == -1)
		goto out;
	if (journal_normalize(&b, object, len, kind, api_version) == -1)
		goto out;
	if ((o = json_loadb(b.data, b.len, 0, NULL)) == NULL) {
		errno = EBADMSG;
		goto out;
	}
	if (meta_load(&m, o, NULL) == -1 || (item = new_item(j)) == NULL)
		goto out;
	if (write(j->stage_fd, b.data, b.len) != (ssize_t)b.len) {
		if (errno == 0)
			errno = ENOSPC;
		goto out;
	}
	item->rv = m.rv;
	item->off = j->stage_len;
	item->len = (uint32_t)b.len;
	j->stage_len += (off_t)b.len;
	if ((item->key = strdup(m.key)) == NULL)
		goto out;
	j->nitems++;
	rc = 0;
out:
	saved = errno;
	json_decref(o);
	meta_free(&m);
	buf_free(&part);
	buf_free(&b);
	errno = saved;
	return rc;
}

static int
read_item(const struct journal *j, const struct journal_item *item,
    struct buf *b)
{
	b->len = 0;
	if (buf_reserve(b, item->len) == -1)
		return -1;
	if (pread(j->stage_fd, b->data, item->len, item->off) !=
	    (ssize_t)item->len) {
		errno = EIO;
		return -1;
	}
	b->len = item->len;
	b->data[b->len] = '\0';
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct journal_item *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The list as a journal of its own. */
static int
write_new(struct journal *j, uint64_t rv, const char *kind,
    const char *api_version)
{
	struct snapshot_base sb = { "", rv, j->nitems, 0, kind, api_version,
		project_text(&j->feed.q.keep) };
	struct snapshot s;
	struct buf b = { 0 };
	size_t i;

	if (snapshot_begin(&s, j->lockfd, &sb) == -1)
		return -1;
	for (i = 0; i < j->nitems; i++)
		if (read_item(j, &j->items[i], &b) == -1 ||
		    snapshot_add(&s, b.data, b.len) == -1) {
			snapshot_abort(&s);
			buf_free(&b);
			return -1;
		}
	buf_free(&b);
	return snapshot_commit(&s);
}

/* Take the new journal in, and have every file of objects/ set right. */
static int
reopen(struct journal *j)
{
	char dir[sizeof(j->feed.dir)];
	size_t i;
	int saved;

	for (i = 0; i < j->feed.nobjects; i++)
		if (journal_touch(j, j->feed.objects[i]->meta.key) == -1)
			return -1;
	memcpy(dir, j->feed.dir, sizeof(dir));
	feed_free(&j->feed);
	if (feed_open(&j->feed, dir) == -1) {
		saved = errno;
		j->synced = 0;
		memcpy(j->feed.dir, dir, sizeof(dir));
		errno = saved;
		return -1;
	}
	/* files that nobody knows of: from before the journal was lost */
	if (!j->synced && faccessat(j->lockfd, "objects", F_OK, 0) == 0 &&
	    journal_mend(j, NULL) == -1)
		return -1;
	for (i = 0; i < j->feed.nobjects; i++)
		if (journal_touch(j, j->feed.objects[i]->meta.key) == -1)
			return -1;
	j->synced = 1;
	return 0;
}

/* The last state of an object, said to have ended at rv, as DELETED. */
static int
delete_at(struct journal *j, const char *key, uint64_t rv)
{
	const struct feed_object *o;
	struct buf b = { 0 };
	char text[24], *out = NULL;
	json_t *object = NULL;
	int rc = -1;

	o = j->feed.objects[feed_lower_bound(&j->feed, key)];
	snprintf(text, sizeof(text), "%" PRIu64, rv);
	if (feed_read(&j->feed, o, &b) == -1)
		goto out;
	if ((object = json_loadb(b.data, b.len, 0, NULL)) == NULL ||
	    json_object_set_new(json_object_get(object, "metadata"),
		"resourceVersion", json_string(text)) == -1 ||
	    (out = json_dumps(object, JSON_COMPACT)) == NULL) {
		errno = ENOMEM;
		goto out;
	}
	rc = journal_event(j, FEED_DELETED, out, strlen(out));
out:
	free(out);
	json_decref(object);
	buf_free(&b);
	return rc == -1 ? -1 : 0;
}

static const struct journal_item *
find_item(const struct journal *j, const char *key)
{
	struct journal_item want = { .key = (char *)(uintptr_t)key };

	if (j->nitems == 0)
		return NULL;
	return bsearch(&want, j->items, j->nitems, sizeof(want), by_key);
}

/*
 * 1 if the listed object is o. A local event may have given its object the
 * very resourceVersion that the master has since given to another state.
 */
static int
is_same(const struct journal *j, const struct feed_object *o,
    const struct journal_item *item)
{
	struct buf a = { 0 }, b = { 0 };
	json_t *x = NULL, *y = NULL;
	int same;

	if (o->meta.rv != item->rv)
		return 0;
	if (j->nlocal == 0)
		return 1;
	same = feed_read(&j->feed, o, &a) == 0 && read_item(j, item, &b) == 0;
	if (same && (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)) {
		x = json_loadb(a.data, a.len, 0, NULL);
		y = json_loadb(b.data, b.len, 0, NULL);
		same = x != NULL && y != NULL && json_equal(x, y);
	}
	json_decref(x);
	json_decref(y);
	buf_free(&a);
	buf_free(&b);
	return same;
}

/*
 * 1 if the list follows from our state by events newer than it; 0 if it
 * tells another past, so that watches cannot be brought from here to there.
 */
static int
continues(const struct journal *j, uint64_t rv)
{
	const struct feed_object *o;
	size_t i, old;

	if (rv < j->feed.rv)
		return 0;
	for (i = 0; i < j->nitems; i++) {
		if (j->items[i].rv > j->feed.rv)
			continue;
		old = feed_lower_bound(&j->feed, j->items[i].key);
		if (old == j->feed.nobjects)
			return 0;
		o = j->feed.objects[old];
		if (strcmp(o->meta.key, j->items[i].key) != 0 ||
		    !is_same(j, o, &j->items[i]))
			return 0;
	}
	return 1;
}

/* 1 if the listed object is not the one that we have under that name. */
static int
replaced(const struct journal *j, const char *key, const struct buf *b)
{
	const struct feed_object *o;
	struct meta m = { 0 };
	json_t *object;
	size_t i;
	int yes = 0;

	i = feed_lower_bound(&j->feed, key);
	if (i == j->feed.nobjects ||
	    strcmp((o = j->feed.objects[i])->meta.key, key) != 0)
		return 0;
	object = json_loadb(b->data, b->len, 0, NULL);
	if (object != NULL && meta_load(&m, object, NULL) == 0)
		yes = strcmp(m.uid, o->meta.uid) != 0;
	meta_free(&m);
	json_decref(object);
	return yes;
}

/* What happened between our state and the list: one change an object. */
struct change {
	uint64_t rv;
	const struct journal_item *item; /* NULL: deleted */
	char *key;			 /* of the deleted one, owned */
};

static int
change_by_rv(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->rv < y->rv ? -1 : x->rv > y->rv;
}

/*
 * Each deletion had a resourceVersion of its own between our state and the
 * list, which the list does not tell: take the highest ones that no listed
 * object has, so that a watch may end and resume between any two of them.
 * c[0..n) are the listed ones, sorted by rv; c[n..n+gone) get theirs.
 */
static int
number_deletions(struct change *c, size_t n, size_t gone, uint64_t rv,
    uint64_t oldest)
{
	size_t used = n;

	while (gone > 0) {
		while (used > 0 && c[used - 1].rv > rv)
			used--;
		if (rv <= oldest) {
			errno = EBADMSG;
			return -1;
		}
		if (used == 0 || c[used - 1].rv != rv)
			c[n + --gone].rv = rv;
		rv--;
	}
	return 0;
}

static int
collect_changes(struct journal *j, uint64_t rv, struct change **out, size_t *n)
{
	struct change *c;
	size_t i, listed;

	*n = 0;
	if ((c = *out = calloc(j->nitems + j->feed.nobjects + 1, sizeof(*c))) ==
	    NULL)
		return -1;
	for (i = 0; i < j->nitems; i++)
		if (j->items[i].rv > j->feed.rv) {
			c[*n].rv = j->items[i].rv;
			c[(*n)++].item = &j->items[i];
		}
	listed = *n;
	qsort(c, listed, sizeof(*c), change_by_rv);
	for (i = 0; i < j->feed.nobjects; i++) {
		if (find_item(j, j->feed.objects[i]->meta.key) != NULL)
			continue;
		c[*n].key = strdup(j->feed.objects[i]->meta.key);
		if (c[(*n)++].key == NULL)
			return -1;
	}
	if (number_deletions(c, listed, *n - listed, rv, j->feed.rv) == -1)
		return -1;
	qsort(c, *n, sizeof(*c), change_by_rv);
	return 0;
}

static int
append_change(struct journal *j, const struct change *c, struct buf *b)
{
	int rc;

	if (c->item == NULL)
		return delete_at(j, c->key, c->rv);
	if (read_item(j, c->item, b) == -1)
		return -1;
	/* deleted and made again: the master would tell both */
	if (replaced(j, c->item->key, b) &&
	    delete_at(j, c->item->key, c->rv - 1) == -1)
		return -1;
	rc = journal_event(j, FEED_MODIFIED, b->data, b->len);
	return rc == -1 ? -1 : 0;
}

static int
append_bookmark(struct journal *j, uint64_t rv, const char *kind,
    const char *api_version)
{
	struct buf b = { 0 };
	int rc = -1;

	if (buf_puts(&b, "{\"kind\":") == 0 && buf_json(&b, kind) == 0 &&
	    buf_puts(&b, ",\"apiVersion\":") == 0 &&
	    buf_json(&b, api_version) == 0 &&
	    buf_printf(&b,
		",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"}}",
		rv) == 0)
		rc = journal_event(j, FEED_BOOKMARK, b.data, b.len);
	buf_free(&b);
	return rc == -1 ? -1 : 0;
}

/* The difference between our state and the list, as events. */
static int
append_difference(struct journal *j, uint64_t rv, const char *kind,
    const char *api_version)
{
	struct change *c = NULL;
	struct buf b = { 0 };
	size_t i, n = 0;
	int rc;

	rc = collect_changes(j, rv, &c, &n);
	for (i = 0; i < n && rc == 0; i++)
		rc = append_change(j, &c[i], &b);
	if (rc == 0)
		rc = append_bookmark(j, rv, kind, api_version);
	for (i = 0; i < n; i++)
		free(c[i].key);
	free(c);
	buf_free(&b);
	return rc;
}

int
journal_list_commit(struct journal *j, uint64_t rv, const char *kind,
    const char *api_version, int reset)
{
	int rc = -1, saved;

	if (j->nitems > 0)
		qsort(j->items, j->nitems, sizeof(*j->items), by_key);
	if (j->synced && !j->doubtful && !reset && continues(j, rv))
		rc = append_difference(j, rv, kind, api_version);
	else if (write_new(j, rv, kind, api_version) == 0 && reopen(j) == 0) {
		j->doubtful = 0;
		rc = 0;
		if (unlinkat(j->lockfd, "doubtful", 0) == -1 && errno != ENOENT)
			rc = -1;
	}
	if (rc == 0 && j->nlocal > 0)
		rc = journal_local_end(j);
	saved = errno;
	journal_list_abort(j);
	free(j->items);
	j->items = NULL;
	j->cap_items = 0;
	errno = saved;
	return rc;
}

int
journal_end(struct journal *j)
{
	if (!j->synced || j->feed.nobjects == 0)
		return 0;
	if (journal_list_begin(j) == -1)
		return -1;
	return journal_list_commit(j, j->feed.rv + j->feed.nobjects,
	    j->feed.kind, j->feed.api_version, 0);
}
