/*
 * The tree at a glance: each feed, how many objects it has and how old they
 * are, and what the data directory takes on the disk.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "glance_part.h"
#include "walk.h"

#define LOCAL_MAX (16 * 1024 * 1024)
#define ROOM_BYTES (100 * 1000 * 1000)

/* --- feeds --- */

struct feeds {
	struct glance *g;
	json_t *list;
	long long oldest; /* of what the master has last said, 0: nothing */
	long long objects;
};

/* How many objects were changed here; 0 if there is no file `local`. */
static long
local_lines(int dirfd)
{
	struct buf b = { 0 };
	long n = 0;
	size_t i;

	if (buf_read_file(&b, dirfd, "local", LOCAL_MAX) == -1)
		return errno == ENOENT ? 0 : -1;
	for (i = 0; i < b.len; i++)
		n += b.data[i] == '\n';
	buf_free(&b);
	return n;
}

static const char *
state_of(const struct feed *f, int error, long local)
{
	if (f->q.code == 404 || f->q.code == 405)
		return "gone";
	if (f->q.code != 0)
		return "refused";
	if (error != 0)
		return error == EAGAIN ? "waiting" : "damaged";
	return local > 0 ? "held" : "synced";
}

/*
 * When the master has last spoken in this feed: each event of its watch, and
 * it sends a bookmark every minute, changes the journal. While cut off so do
 * the events of this node, which say nothing about the master.
 */
static long long
as_of(const struct glance *g, const struct feed *f)
{
	struct stat st;

	if (f->file == NULL || fstat(f->file->fd, &st) == -1)
		return 0;
	if (!g->up && st.st_mtime > g->cut_since)
		return g->cut_since;
	return st.st_mtime;
}

static int
add_feed(struct feeds *fs, const struct feed *f, int error)
{
	struct glance *g = fs->g;
	const struct feed_query *q = &f->q;
	long long at = error == 0 ? as_of(g, f) : 0;
	long local = local_lines(f->dirfd);
	const char *state = state_of(f, error, local);
	const char *path = q->path[0] != '\0' ? q->path : f->dir;
	char rv[24];
	int bad;

	if (local == -1)
		return -1;
	bad = strcmp(state, "damaged") == 0 ||
	    (strcmp(state, "refused") == 0 &&
		(q->code == 401 || q->code == 403));
	if (bad &&
	    glance_why(g, "feed %s is %s%s%s", path, state,
		q->error[0] != '\0' ? ": " : "", q->error) == -1)
		return -1;
	if (at != 0 && (fs->oldest == 0 || at < fs->oldest))
		fs->oldest = at;
	fs->objects += (long long)f->nobjects;
	snprintf(rv, sizeof(rv), "%" PRIu64, f->rv);
	if (json_array_append_new(fs->list,
		json_pack("{s:o, s:o, s:o, s:s, s:s, s:I, s:s, s:I, s:I, s:I, "
			  "s:b, "
			  "s:i, s:o}",
		    "path", glance_text(path), "labelSelector",
		    glance_text(q->labels == NULL ? "" : q->labels),
		    "fieldSelector",
		    glance_text(q->fields == NULL ? "" : q->fields), "fields",
		    project_text(&f->keep), "state", state, "objects",
		    (json_int_t)f->nobjects, "resourceVersion", rv, "bytes",
		    (json_int_t)f->end, "asOf", (json_int_t)at, "local",
		    (json_int_t)local, "doubtful",
		    faccessat(f->dirfd, "doubtful", F_OK, 0) == 0, "code",
		    q->code, "error", glance_text(q->error))) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
each(void *arg, const char *dir)
{
	struct feeds *fs = arg;
	struct feed f;
	int rc = 0, error, saved;

	error = feed_open(&f, dir) == -1 ? errno : 0;
	if (error == ENOMEM)
		rc = -1;
	else if (error != ENOENT) /* not one that goes, or is being made */
		rc = add_feed(fs, &f, error);
	saved = errno;
	feed_free(&f);
	errno = saved;
	return rc;
}

int
glance_feeds(struct glance *g)
{
	struct feeds fs = { .g = g };
	long wishes;

	if ((fs.list = json_array()) == NULL)
		return -1;
	if (walk_feeds(g->data, NULL, NULL, NULL, each, &fs) == -1) {
		json_decref(fs.list);
		return -1;
	}
	if (glance_put(g, "feeds", fs.list) == -1 ||
	    (wishes = glance_count(g, "wishes")) == -1 ||
	    glance_put(g, "wishes", json_integer(wishes)) == -1 ||
	    glance_put(g, "objects", json_integer(fs.objects)) == -1)
		return -1;
	return glance_put(g, "cacheAge",
	    fs.oldest == 0	     ? json_null()
		: fs.oldest > g->now ? json_integer(0)
				     : json_integer(g->now - fs.oldest));
}

/* --- the disk --- */

enum { CACHE, OUTBOX, REPLIES, REST, PLACES };

/* Where in data a path is. */
static int
place(const char *path)
{
	static const char *const names[] = { "cache", "outbox", "replies" };
	size_t n;
	int i;

	for (i = 0; i < REST; i++) {
		n = strlen(names[i]);
		if (strncmp(path, names[i], n) == 0 &&
		    (path[n] == '/' || path[n] == '\0'))
			break;
	}
	return i;
}

static int
used(const char *data, long long bytes[PLACES])
{
	char *const roots[] = { (char *)(uintptr_t)data, NULL };
	size_t skip = strlen(data) + 1;
	FTSENT *e;
	FTS *t;
	int saved;

	/* without FTS_NOCHDIR it would leave the working directory */
	t = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (t == NULL)
		return -1;
	while ((errno = 0, e = fts_read(t)) != NULL)
		if (e->fts_info == FTS_D || e->fts_info == FTS_F)
			bytes[e->fts_pathlen < skip
				? REST
				: place(e->fts_path + skip)] +=
			    (long long)e->fts_statp->st_blocks * 512;
	saved = errno;
	fts_close(t);
	errno = saved;
	return saved == 0 ? 0 : -1;
}

int
glance_disk(struct glance *g)
{
	long long b[PLACES] = { 0 }, room;
	struct statvfs v;

	if (fstatvfs(g->datafd, &v) == -1 || used(g->data, b) == -1)
		return -1;
	room = (long long)v.f_bavail * (long long)v.f_frsize;
	if (room < ROOM_BYTES &&
	    glance_why(g, "%lld MB are left on the disk", room / 1000000) == -1)
		return -1;
	if (v.f_files > 0 && v.f_favail == 0 &&
	    glance_why(g, "no inodes are left on the disk") == -1)
		return -1;
	return glance_put(g, "disk",
	    json_pack("{s:I, s:I, s:I, s:I, s:I}", "used",
		(json_int_t)(b[CACHE] + b[OUTBOX] + b[REPLIES] + b[REST]),
		"cache", (json_int_t)b[CACHE], "outbox", (json_int_t)b[OUTBOX],
		"replies", (json_int_t)b[REPLIES], "available",
		(json_int_t)room));
}
