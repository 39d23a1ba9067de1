/*
 * Checks a feed on disk: names and modes, the file `feed`, the journal line by
 * line, and that objects/ is what the journal says. Nothing is changed.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "feed.h"

#define OBJECT_MAX (32 * 1024 * 1024)
#define LOOK_AGAIN_MS 50

struct check {
	const char *dir;
	int dirfd;
	struct buf *out;
	int n;
};

static int found(struct check *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* 0, or -1 with errno ENOMEM. */
static int
found(struct check *c, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->n++;
	return buf_printf(c->out, "%s: %s\n", c->dir, text);
}

enum check_entry
check_entry(const char *name)
{
	static const char *const ours[] = { "doubtful", "feed", "journal",
		"objects", "used" };
	static const char *const temps[] = { "journal.new", "object.new",
		"stage.new" };
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return CHECK_OURS;
	for (i = 0; i < sizeof(temps) / sizeof(temps[0]); i++)
		if (strcmp(name, temps[i]) == 0)
			return CHECK_TEMP;
	return strncmp(name, ".tmp.", 5) == 0 ? CHECK_TEMP : CHECK_FOREIGN;
}

/* --- names and modes --- */

/* 1 if path is what it should be, 0 if that was found or it is gone, -1. */
static int
check_mode(struct check *c, const char *path, mode_t type)
{
	mode_t want = type == S_IFDIR ? 0700 : 0600;
	struct stat st;

	if (fstatat(c->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if ((st.st_mode & S_IFMT) != type) {
		return found(c, "%s is no %s", path,
		    type == S_IFDIR ? "directory" : "regular file");
	}
	if ((st.st_mode & 07777) != want &&
	    found(c, "%s has mode %04o, not %04o", path, st.st_mode & 07777,
		want) == -1)
		return -1;
	return 1;
}

static int
check_one(void *arg, const char *name)
{
	struct check *c = arg;
	int rc;

	switch (check_entry(name)) {
	case CHECK_TEMP:
		return found(c, "%s was left by a write that broke off", name);
	case CHECK_FOREIGN:
		return found(c, "%s does not belong here", name);
	case CHECK_OURS:
		break;
	}
	rc = check_mode(c, name,
	    strcmp(name, "objects") == 0 ? S_IFDIR : S_IFREG);
	return rc == -1 ? -1 : 0;
}

/* Call each for the entries of dirfd/path, in the order of their names. */
static int
each_entry(int dirfd, const char *path, int (*each)(void *, const char *),
    void *arg)
{
	struct dirent **d;
	int i, n, rc = 0;

	n = scandirat(dirfd, path, &d, NULL, alphasort);
	if (n == -1)
		return errno == ENOENT ? 0 : -1;
	for (i = 0; i < n; i++) {
		if (rc == 0 && strcmp(d[i]->d_name, ".") != 0 &&
		    strcmp(d[i]->d_name, "..") != 0)
			rc = each(arg, d[i]->d_name);
		free(d[i]);
	}
	free(d);
	return rc;
}

/* --- the file `feed` --- */

/* 1 if it can be gone on, 0 if not, -1 with errno. */
static int
check_query(struct check *c)
{
	char rel[512];
	struct feed_query q;
	size_t n, len = strlen(c->dir);
	int rc = 1;

	if (feed_read_query(&q, c->dirfd) == -1) {
		if (errno != ENOENT && errno != EBADMSG && errno != EFBIG)
			return -1;
		return found(c, "feed %s",
		    errno == ENOENT ? "is missing" : "does not parse");
	}
	if (apipath_feed_dir(&q.p, q.labels, q.fields, rel, sizeof(rel)) == -1)
		rel[0] = '\0';
	n = strlen(rel);
	if (n == 0 || n > len || strcmp(c->dir + len - n, rel) != 0)
		rc = found(c, "feed is of another directory: %s", rel);
	feed_query_free(&q);
	return rc;
}

/* --- the journal --- */

static int
check_broken(struct check *c)
{
	struct feed f;
	int rc, saved;

	rc = feed_salvage(&f, c->dir, 0);
	if (rc == -1 && errno == EBADMSG)
		rc = found(c, "journal has no BASE line that parses");
	else if (rc == 0 && f.bad_from > 0)
		rc = found(c, "journal has %d bad lines, the first at byte %jd",
		    f.bad_lines, (intmax_t)f.bad_from);
	else if (rc == 0)
		rc = found(c, "journal has fewer objects than BASE says");
	saved = errno;
	feed_free(&f);
	errno = saved;
	return rc;
}

/* The objects behind BASE are in the order of their keys. */
static int
check_order(struct check *c, const struct feed *f)
{
	struct feed_line l = { 0 };
	char *last = NULL;
	off_t off = 0;
	int rc = 0;

	while (rc == 0 && off < f->live) {
		rc = feed_line_read(&l, f->file, off, f->live, NULL);
		if (rc == -1)
			break;
		off = l.next;
		if (l.type == FEED_BASE)
			continue;
		if (last != NULL && strcmp(last, l.meta.key) >= 0) {
			rc = found(c, "journal has %s behind %s", l.meta.key,
			    last);
			break;
		}
		free(last);
		last = strdup(l.meta.key);
		rc = last == NULL ? -1 : 0;
	}
	free(last);
	feed_line_free(&l);
	return rc;
}

/* What the feed's query does not select has no business in it. */
static int
check_selected(struct check *c, const struct feed *f)
{
	const struct meta *m;
	size_t i;

	for (i = 0; i < f->nobjects; i++) {
		m = &f->objects[i]->meta;
		/* of one that is kept in part it is not known */
		if ((f->q.p.ns[0] == '\0' || strcmp(f->q.p.ns, m->ns) == 0) &&
		    (f->keep.n > 0 ||
			(selector_match(&f->q.label_sel, meta_label, m) &&
			    selector_match_fields(&f->q.field_sel, meta_field,
				m))))
			continue;
		if (found(c, "journal has %s, which the query does not select",
			m->key) == -1)
			return -1;
	}
	return 0;
}

static int
check_tail(struct check *c, const struct feed *f)
{
	struct stat st;

	if (fstat(f->file->fd, &st) == -1)
		return -1;
	if (st.st_size == f->end)
		return 0;
	return found(c, "journal has a torn end of %jd bytes",
	    (intmax_t)(st.st_size - f->end));
}

/* --- objects/ --- */

static int
object_path(char *path, const struct meta *m)
{
	return snprintf(path, PATH_MAX, "objects/%s/%s",
		   m->ns[0] == '\0' ? "_" : m->ns, m->name) < PATH_MAX;
}

/* Every object has its file, with its bytes, unless they are parts. */
static int
check_files(struct check *c, const struct feed *f)
{
	struct buf is = { 0 }, want = { 0 };
	const struct feed_object *o;
	char path[PATH_MAX];
	size_t i, n = f->keep.n > 0 ? 0 : f->nobjects;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		o = f->objects[i];
		is.len = want.len = 0;
		if (!object_path(path, &o->meta))
			continue;
		rc = feed_read(f, o, &want);
		if (rc == -1)
			break;
		if (buf_read_file(&is, c->dirfd, path, OBJECT_MAX) == 0) {
			if (is.len != want.len ||
			    memcmp(is.data, want.data, is.len) != 0)
				rc = found(c, "%s is not what the journal has",
				    path);
		} else if (errno == ENOENT)
			rc = found(c, "%s is missing", path);
		else if (errno != ENAMETOOLONG) /* such a name has no file */
			rc = found(c, "%s: %s", path, strerror(errno));
	}
	buf_free(&is);
	buf_free(&want);
	return rc;
}

/* Every file is an object's. */
struct below {
	struct check *c;
	const struct feed *f;
	char ns[NAME_MAX + 1];
};

static int
check_file(void *arg, const char *name)
{
	struct below *b = arg;
	const char *ns = strcmp(b->ns, "_") == 0 ? "" : b->ns;
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "objects/%s/%s", b->ns, name) >=
	    (int)sizeof(path))
		return 0;
	rc = check_mode(b->c, path, S_IFREG);
	if (rc == 1)
		rc = feed_get(b->f, ns, name) != NULL
		    ? 0
		    : found(b->c, "%s is not in the journal", path);
	return rc;
}

static int
check_namespace(void *arg, const char *ns)
{
	struct below *b = arg;
	char path[PATH_MAX];
	int rc;

	(void)snprintf(path, sizeof(path), "objects/%s", ns);
	rc = check_mode(b->c, path, S_IFDIR);
	if (rc != 1)
		return rc;
	(void)snprintf(b->ns, sizeof(b->ns), "%s", ns);
	return each_entry(b->c->dirfd, path, check_file, b);
}

/*
 * A writer that runs brings objects/ up to the journal within a second or so:
 * what is found is found only if it stays.
 */
static int
check_view(struct check *c, struct feed *f, int *patience_ms)
{
	struct below b = { .c = c, .f = f };
	size_t len = c->out->len;
	int n = c->n, change;

	for (;;) {
		if (check_files(c, f) == -1 ||
		    each_entry(c->dirfd, "objects", check_namespace, &b) == -1)
			return -1;
		if (c->n == n || *patience_ms <= 0)
			return 0;
		(void)poll(NULL, 0, LOOK_AGAIN_MS);
		*patience_ms -= LOOK_AGAIN_MS;
		change = feed_follow(f);
		if (change == -1)
			return errno == EBADMSG ? 0 : -1;
		if (change == FEED_GONE)
			return 0;
		c->n = n;
		c->out->len = len;
	}
}

static int
check_journal(struct check *c, int *patience_ms)
{
	struct feed f;
	int rc, saved;

	rc = feed_open(&f, c->dir);
	if (rc == 0) {
		if (check_tail(c, &f) == -1 || check_order(c, &f) == -1 ||
		    check_selected(c, &f) == -1 ||
		    check_view(c, &f, patience_ms) == -1)
			rc = -1;
	} else if (errno == EAGAIN)
		rc = 0; /* not synced: nothing is promised */
	else if (errno == EBADMSG)
		rc = check_broken(c);
	saved = errno;
	feed_free(&f);
	errno = saved;
	return rc;
}

int
check_feed(const char *dir, int *patience_ms, struct buf *findings)
{
	struct check c = { .dir = dir, .out = findings };
	int rc, saved;

	c.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.dirfd == -1)
		return errno == ENOENT ? 0 : -1;
	rc = check_mode(&c, ".", S_IFDIR);
	if (rc != -1)
		rc = each_entry(c.dirfd, ".", check_one, &c);
	if (rc != -1)
		rc = check_query(&c);
	if (rc == 1)
		rc = check_journal(&c, patience_ms);
	saved = errno;
	close(c.dirfd);
	errno = saved;
	return rc == -1 ? -1 : c.n;
}
