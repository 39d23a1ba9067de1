/*
 * Remembered answers: how they are written, and which of them go. They are
 * made in replies/.tmp.* and renamed into place when they are whole and on
 * the disk; a writer whose answer is the same as what is there leaves that.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "replies_file.h"

#define HOLD (16 * 1024)
#define CHUNK (16 * 1024)
#define TEMP_AGE_S 3600

/* --- one answer --- */

int
replies_begin(struct replies_writer *w, int datafd, const char *path)
{
	static unsigned long serial;

	memset(w, 0, sizeof(*w));
	w->datafd = datafd;
	w->fd = -1;
	if (strlen(path) >= sizeof(w->head.path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(w->head.path, path);
	if (atomic_mkdirs(datafd, "replies") == -1)
		return -1;
	snprintf(w->temp, sizeof(w->temp), "replies/.tmp.%ld.%lu",
	    (long)getpid(), serial++);
	w->fd = openat(datafd, w->temp,
	    O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd == -1)
		return -1;
	if (lseek(w->fd, REPLIES_LINE, SEEK_SET) != -1)
		return 0;
	replies_abort(w);
	return -1;
}

/* Those that say something of the answer, not of its way or its moment. */
static int
is_kept(const char *name)
{
	static const char *const names[] = { "accept-ranges", "cache-control",
		"content-type", "etag", "last-modified", "vary",
		"x-content-type-options", NULL };
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcasecmp(name, names[i]) == 0)
			return 1;
	return strncasecmp(name, "x-kubernetes-", 13) == 0;
}

int
replies_header(struct replies_writer *w, const char *name, const char *value)
{
	struct replies_head *h = &w->head;
	size_t have = strlen(h->lines), room = sizeof(h->lines) - have;
	char *copy = NULL;

	if (!is_kept(name))
		return 0;
	/* of a schema that is said of ?hash= alone, which is not in the path */
	if (strcasecmp(name, "cache-control") == 0 &&
	    strncmp(h->path, "/openapi/v3/", 12) == 0)
		return 0;
	if (strcasecmp(name, "content-type") == 0)
		copy = h->type;
	else if (strcasecmp(name, "etag") == 0)
		copy = h->etag;
	if ((copy != NULL && strlen(value) >= REPLIES_TYPE_MAX) ||
	    strpbrk(value, "\r\n") != NULL ||
	    snprintf(h->lines + have, room, "%s: %s\r\n", name, value) >=
		(int)room) {
		h->lines[have] = '\0';
		errno = E2BIG;
		return -1;
	}
	if (copy != NULL)
		strcpy(copy, value);
	return 0;
}

static int
put(struct replies_writer *w, const void *p, size_t n)
{
	const char *s = p;
	ssize_t done;

	w->head.stored += (long long)n;
	for (; n > 0; s += done, n -= (size_t)done) {
		done = write(w->fd, s, n);
		if (done == -1 && errno == EINTR)
			done = 0;
		if (done == -1)
			return -1;
	}
	return 0;
}

static int
pack(struct replies_writer *w, const void *p, size_t n, int flush)
{
	unsigned char out[CHUNK];

	w->z->next_in = (unsigned char *)(uintptr_t)p;
	w->z->avail_in = (unsigned)n;
	do {
		w->z->next_out = out;
		w->z->avail_out = sizeof(out);
		if (deflate(w->z, flush) == Z_STREAM_ERROR) {
			errno = EINVAL;
			return -1;
		}
		if (put(w, out, sizeof(out) - w->z->avail_out) == -1)
			return -1;
	} while (w->z->avail_out == 0);
	return 0;
}

static int
pack_begin(struct replies_writer *w)
{
	if ((w->z = calloc(1, sizeof(*w->z))) == NULL)
		return -1;
	if (deflateInit2(w->z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
	    Z_OK) {
		w->head.gzip = 1;
		return 0;
	}
	free(w->z);
	w->z = NULL;
	errno = ENOMEM;
	return -1;
}

int
replies_write(struct replies_writer *w, const void *p, size_t n)
{
	int rc;

	if (w->head.size + (long long)n > REPLIES_BODY_MAX) {
		errno = EFBIG;
		return -1;
	}
	w->head.size += (long long)n;
	if (w->z == NULL) {
		if (buf_add(&w->held, p, n) == -1)
			return -1;
		if (w->held.len <= HOLD)
			return 0;
		if (pack_begin(w) == -1)
			return -1;
		rc = pack(w, w->held.data, w->held.len, Z_NO_FLUSH);
		buf_free(&w->held);
		return rc;
	}
	return pack(w, p, n, Z_NO_FLUSH);
}

static int
head_text(const struct replies_head *h, struct buf *b)
{
	char line[REPLIES_LINES_MAX];
	const char *p, *sep = "";
	size_t n;
	int rc;

	rc = buf_puts(b, "{\"path\":") | buf_json(b, h->path) |
	    buf_puts(b, ",\"contentType\":") | buf_json(b, h->type) |
	    buf_puts(b, ",\"etag\":") | buf_json(b, h->etag) |
	    buf_puts(b, ",\"source\":") | buf_json(b, h->source) |
	    buf_puts(b, ",\"headers\":[");
	for (p = h->lines; *p != '\0' && rc == 0; p += n + 2, sep = ",") {
		n = strcspn(p, "\r");
		memcpy(line, p, n);
		line[n] = '\0';
		rc = buf_puts(b, sep) | buf_json(b, line);
	}
	rc |= buf_printf(b, "],\"size\":%lld,\"stored\":%lld,\"gzip\":%s}",
	    h->size, h->stored, h->gzip ? "true" : "false");
	if (rc == 0 && b->len >= REPLIES_LINE) {
		errno = E2BIG;
		rc = -1;
	}
	while (rc == 0 && b->len < REPLIES_LINE - 1)
		rc = buf_puts(b, " ");
	return rc == 0 ? buf_puts(b, "\n") : -1;
}

static int
put_head(struct replies_writer *w)
{
	struct buf b = { 0 };
	int rc = head_text(&w->head, &b);

	if (rc == 0 && pwrite(w->fd, b.data, b.len, 0) != (ssize_t)b.len)
		rc = -1;
	buf_free(&b);
	return rc;
}

static int
same_bytes(int a, int b)
{
	char p[4096], q[4096];
	off_t off = 0;
	ssize_t n;

	do {
		n = pread(a, p, sizeof(p), off);
		if (n == -1 || pread(b, q, sizeof(q), off) != n ||
		    memcmp(p, q, (size_t)n) != 0)
			return 0;
		off += n;
	} while (n > 0);
	return 1;
}

/* What is there already has the last word on whose it is. */
static int
take_place(struct replies_writer *w, const char *source, const char *name)
{
	struct replies_head old;
	int fd, same = 0;

	fd = openat(w->datafd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (source != NULL)
		snprintf(w->head.source, sizeof(w->head.source), "%s", source);
	else if (fd != -1 && replies_head_read(&old, fd) == 0)
		strcpy(w->head.source, old.source);
	if (put_head(w) == -1) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (fd != -1) {
		same = same_bytes(fd, w->fd);
		close(fd);
	}
	if (same)
		return 0;
	if (fdatasync(w->fd) == -1 ||
	    renameat(w->datafd, w->temp, w->datafd, name) == -1)
		return -1;
	w->temp[0] = '\0';
	return 1;
}

int
replies_commit(struct replies_writer *w, const char *source)
{
	char name[REPLIES_NAME];
	int rc, e;

	if (w->z != NULL)
		rc = pack(w, NULL, 0, Z_FINISH);
	else
		rc = put(w, w->held.data, w->held.len);
	if (rc == 0 && w->head.type[0] == '\0') {
		errno = EINVAL;
		rc = -1;
	}
	if (rc == 0)
		rc = replies_dir(w->head.path, name, sizeof(name));
	if (rc == 0)
		rc = atomic_mkdirs(w->datafd, name);
	if (rc == 0)
		rc = replies_name(w->head.path, w->head.type, name,
		    sizeof(name));
	if (rc == 0)
		rc = take_place(w, source, name);
	e = errno;
	replies_abort(w);
	errno = e;
	return rc;
}

void
replies_abort(struct replies_writer *w)
{
	if (w->z != NULL) {
		deflateEnd(w->z);
		free(w->z);
	}
	buf_free(&w->held);
	if (w->fd != -1) {
		close(w->fd);
		if (w->temp[0] != '\0')
			unlinkat(w->datafd, w->temp, 0);
	}
	memset(w, 0, sizeof(*w));
	w->fd = -1;
}

/* --- all of them --- */

/* Calls each(arg, dirfd, name) for what is in a directory below datafd. */
static int
each_in(int datafd, const char *dir, int (*each)(void *, int, const char *),
    void *arg)
{
	struct dirent *e;
	int fd, rc = 0;
	DIR *d;

	fd = openat(datafd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = each(arg, dirfd(d), e->d_name);
	closedir(d);
	return rc;
}

struct trim {
	size_t n;
	long long bytes;
	struct timespec oldest; /* when it was asked for last */
	char name[REPLIES_NAME];
	const char *dir;
};

static int
is_clients(int dirfd, const char *name)
{
	struct replies_head h;
	int fd, rc;

	/* a look is no question: its time must stay */
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
	if (fd == -1)
		return 0;
	rc = replies_head_read(&h, fd) == -1 || h.source[0] == '\0';
	close(fd);
	return rc;
}

static int
is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	    (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int
trim_file(void *arg, int dirfd, const char *name)
{
	struct trim *t = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	t->n++;
	t->bytes += st.st_size;
	if ((t->name[0] == '\0' || is_older(&st.st_atim, &t->oldest)) &&
	    is_clients(dirfd, name)) {
		t->oldest = st.st_atim;
		snprintf(t->name, sizeof(t->name), "replies/%s/%s", t->dir,
		    name);
	}
	return 0;
}

static int
trim_dir(void *arg, int dirfd, const char *name)
{
	struct trim *t = arg;
	struct stat st;

	if (strncmp(name, ".tmp.", 5) == 0) {
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    time(NULL) - st.st_mtime > TEMP_AGE_S)
			unlinkat(dirfd, name, 0);
		return 0;
	}
	t->dir = name;
	return each_in(dirfd, name, trim_file, t);
}

int
replies_trim(int datafd, size_t max, long long bytes)
{
	struct trim t;

	do {
		memset(&t, 0, sizeof(t));
		if (each_in(datafd, "replies", trim_dir, &t) == -1)
			return -1;
		if ((t.n <= max && t.bytes <= bytes) || t.name[0] == '\0')
			return 0;
	} while (unlinkat(datafd, t.name, 0) == 0);
	return -1;
}

static int
forget_file(void *arg, int dirfd, const char *name)
{
	(void)arg;
	if (name[0] == '.' || !is_clients(dirfd, name))
		return 0;
	return unlinkat(dirfd, name, 0) == -1 && errno != ENOENT ? -1 : 0;
}

int
replies_forget(int datafd, const char *path)
{
	char dir[REPLIES_NAME];

	if (replies_dir(path, dir, sizeof(dir)) == -1)
		return -1;
	return each_in(datafd, dir, forget_file, NULL);
}

struct sweep {
	int (*each)(void *, const char *);
	void *arg;
};

static int
remove_file(void *arg, int dirfd, const char *name)
{
	(void)arg;
	return unlinkat(dirfd, name, 0) == -1 && errno != ENOENT ? -1 : 0;
}

static int
sweep_dir(void *arg, int dirfd, const char *name)
{
	struct sweep *s = arg;
	char path[REPLIES_PATH_MAX];

	if (replies_path(name, path) == -1 || s->each(s->arg, path) == 0)
		return 0;
	if (each_in(dirfd, name, remove_file, NULL) == -1)
		return -1;
	/* somebody may write there now: another time */
	return unlinkat(dirfd, name, AT_REMOVEDIR) == -1 && errno != ENOENT &&
		errno != ENOTEMPTY
	    ? -1
	    : 0;
}

int
replies_sweep(int datafd, int (*each)(void *, const char *), void *arg)
{
	struct sweep s = { each, arg };

	return each_in(datafd, "replies", sweep_dir, &s);
}
