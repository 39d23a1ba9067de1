/*
 * data/access: a file a user. The first line says who, each other one is a
 * decision; the last one on a question counts.
 *
 * What is on disk is never wider than what is in memory: where a "no" cannot
 * be written the file goes, and one that takes a "yes" back is synced.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_parts.h"
#include "access_question.h"
#include "atomic.h"
#include "buf.h"
#include "quarantine.h"

#define DIR_NAME "access"
#define FILE_MAX (64 * 1024 * 1024)
#define FEW 64 /* lines that are not worth a rewrite */
#define FILES_MAX 4096

static int
path_of(const char *name, char *path, size_t len)
{
	if (snprintf(path, len, DIR_NAME "/%s", name) < (int)len)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* --- writing --- */

/* o is given away. */
static int
add_line(struct buf *b, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);
	int rc = -1;

	json_decref(o);
	errno = ENOMEM;
	if (text != NULL)
		rc = buf_printf(b, "%s\n", text);
	free(text);
	return rc;
}

static int
add_head(struct buf *b, const struct user *u)
{
	json_t *o = json_object(), *who = user_json(u);

	if (json_object_set_new(o, "version", json_integer(1)) == 0 &&
	    json_object_set(o, "user", who) == 0) {
		json_decref(who);
		return add_line(b, o);
	}
	json_decref(who);
	json_decref(o);
	errno = ENOMEM;
	return -1;
}

static int
add_decision(struct buf *b, const struct access_entry *e)
{
	struct access_question q;
	json_t *o = json_object();
	int bad;

	access_entry_question(e, &q);
	bad = json_object_set_new(o, "time", json_integer(e->d.at));
	bad |= json_object_set_new(o, "allowed", json_boolean(e->d.allowed));
	if (bad == 0)
		bad = access_question_put(o, &q);
	if (bad == 0 && e->d.reason[0] != '\0')
		bad =
		    json_object_set_new(o, "reason", json_string(e->d.reason));
	if (bad == 0)
		return add_line(b, o);
	json_decref(o);
	errno = ENOMEM;
	return -1;
}

static void
note(struct access_entry *e)
{
	e->stored = e->d.at;
	e->stored_yes = e->d.allowed;
}

static int
rewrite(struct access_user *u, int sync)
{
	struct access_entry *e;
	struct buf b = { 0 };
	char path[64];
	int rc;

	while (u->n > ACCESS_KEEP)
		access_drop_oldest(u);
	rc = add_head(&b, &u->user);
	for (e = u->oldest; rc == 0 && e != NULL; e = e->newer)
		rc = add_decision(&b, e);
	if (rc == 0)
		rc = path_of(u->file, path, sizeof(path));
	if (rc == 0)
		rc = atomic_write(u->access->datafd, path, b.data, b.len, sync);
	buf_free(&b);
	if (rc == -1)
		return -1;
	for (e = u->oldest; e != NULL; e = e->newer)
		note(e);
	u->lines = u->n;
	return 0;
}

/* All of it or nothing. */
static int
append_bytes(int datafd, const char *path, const struct buf *b, int sync)
{
	struct stat st;
	ssize_t n;
	int fd, rc = -1, e;

	fd = openat(datafd, path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		goto out;
	n = write(fd, b->data, b->len);
	if (n == (ssize_t)b->len)
		rc = sync ? fdatasync(fd) : 0;
	else if (n >= 0) {
		(void)!ftruncate(fd, st.st_size);
		errno = ENOSPC;
	}
out:
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

static int
append(struct access_user *u, struct access_entry *e, int sync)
{
	struct buf b = { 0 };
	char path[64];
	int rc;

	rc = add_decision(&b, e);
	if (rc == 0)
		rc = path_of(u->file, path, sizeof(path));
	if (rc == 0)
		rc = append_bytes(u->access->datafd, path, &b, sync);
	buf_free(&b);
	if (rc == -1)
		return -1;
	note(e);
	u->lines++;
	return 0;
}

int
access_file_add(struct access_user *u, struct access_entry *e)
{
	int sync = e->stored != -1 && e->stored_yes && !e->d.allowed, saved;

	if (u->lines > 0 && u->lines < ACCESS_LINES_MAX &&
	    (u->lines < FEW || u->lines < 2 * u->n)) {
		if (append(u, e, sync) == 0)
			return 0;
		if (errno != ENOENT)
			goto bad;
	}
	if (rewrite(u, sync) == 0)
		return 0;
bad:
	saved = errno;
	if (!e->d.allowed)
		access_file_remove(u);
	u->lines = 0;
	errno = saved;
	return -1;
}

int
access_file_remove(struct access_user *u)
{
	char path[64];

	u->lines = 0;
	if (u->access->reads)
		return 0;
	if (path_of(u->file, path, sizeof(path)) == -1)
		return -1;
	return unlinkat(u->access->datafd, path, 0);
}

/* --- reading --- */

static json_t *
parse(const char *p, size_t n)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(o)) {
		json_decref(o);
		errno = EBADMSG;
		return NULL;
	}
	return o;
}

static struct access_user *
take_head(struct access *a, const char *file, const char *p, size_t n)
{
	struct access_user *u = NULL;
	struct user who = { 0 };
	json_t *o = parse(p, n);

	if (o == NULL)
		return NULL;
	errno = EBADMSG;
	if (json_object_size(o) == 2 &&
	    json_integer_value(json_object_get(o, "version")) == 1 &&
	    user_load(&who, json_object_get(o, "user")) == 0)
		u = access_user_of(a, &who, file);
	if (u == NULL && errno == EEXIST)
		errno = EBADMSG;
	json_decref(o);
	user_free(&who);
	return u;
}

/* A member that is not known may have meant another question. */
static int
take_decision(struct access_user *u, const json_t *o)
{
	const json_t *at, *allowed, *reason;
	struct access_question q;
	struct access_entry *e;
	int n;

	at = json_object_get(o, "time");
	allowed = json_object_get(o, "allowed");
	reason = json_object_get(o, "reason");
	if ((n = access_question_load(&q, o)) == -1)
		return -1;
	if (!json_is_integer(at) || json_integer_value(at) < 0 ||
	    !json_is_boolean(allowed) ||
	    (reason != NULL && !json_is_string(reason)) ||
	    json_object_size(o) != (size_t)n + 2 + (reason != NULL)) {
		errno = EBADMSG;
		return -1;
	}
	e = access_put(u, &q, json_is_true(allowed), json_string_value(reason),
	    json_integer_value(at));
	if (e == NULL)
		return -1;
	note(e);
	u->lines++;
	return 0;
}

static int
take_line(struct access *a, const char *file, struct access_user **u,
    const char *p, size_t n)
{
	json_t *o;
	int rc;

	if (*u == NULL) {
		*u = take_head(a, file, p, n);
		return *u == NULL ? -1 : 0;
	}
	if ((o = parse(p, n)) == NULL)
		return -1;
	rc = take_decision(*u, o);
	json_decref(o);
	return rc;
}

/* A last line without its end is cut. */
static int
cut(const struct access *a, const char *path, size_t len)
{
	int fd, rc;

	if (a->reads)
		return 0;
	fd = openat(a->datafd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = ftruncate(fd, (off_t)len);
	close(fd);
	return rc;
}

/* The user of the file, NULL if that was not told. 0, or -1 with errno. */
static int
take_file(struct access *a, const char *file, struct access_user **u)
{
	struct buf b = { 0 };
	const char *p, *end;
	char path[64];
	int rc, e;

	*u = NULL;
	if (path_of(file, path, sizeof(path)) == -1 ||
	    buf_read_file(&b, a->datafd, path, FILE_MAX) == -1) {
		e = errno;
		buf_free(&b);
		errno = e;
		return -1;
	}
	rc = 0;
	for (p = b.data; rc == 0 &&
	     (end = memchr(p, '\n', b.len - (size_t)(p - b.data))) != NULL;
	     p = end + 1)
		rc = take_line(a, file, u, p, (size_t)(end - p));
	if (rc == 0 && *u == NULL) {
		errno = EBADMSG;
		rc = -1;
	} else if (rc == 0 && p < b.data + b.len)
		rc = cut(a, path, (size_t)(p - b.data));
	e = errno;
	buf_free(&b);
	errno = e;
	return rc;
}

/* Whoever has no decisions on disk, or none that can be believed, has none. */
static int
load_file(struct access *a, int dirfd, const char *file)
{
	struct access_user *u;
	char told[300];

	if (take_file(a, file, &u) == 0)
		return 0;
	if (errno == ENOMEM)
		return -1;
	if (u != NULL) {
		while (u->n > 0)
			access_drop_oldest(u);
		u->lines = 0;
	}
	if (!a->reads && (errno == EBADMSG || errno == EFBIG))
		(void)quarantine_move(a->datafd, dirfd, DIR_NAME, file, told,
		    sizeof(told));
	return 0;
}

static int
load_all(struct access *a, DIR *d)
{
	const struct dirent *e;
	int n = 0;

	while (a->nusers < ACCESS_USERS_MAX && n++ < FILES_MAX &&
	    (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, ".tmp.", 5) == 0 && !a->reads)
			(void)unlinkat(dirfd(d), e->d_name, 0);
		if (e->d_name[0] == '.' || strlen(e->d_name) >= ACCESS_FILE_LEN)
			continue;
		if (load_file(a, dirfd(d), e->d_name) == -1)
			return -1;
	}
	return 0;
}

int
access_files_load(struct access *a)
{
	DIR *d;
	int fd, rc, e;

	if (!a->reads && atomic_mkdirs(a->datafd, DIR_NAME) == -1)
		return -1;
	fd = openat(a->datafd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return a->reads && errno == ENOENT ? 0 : -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	rc = load_all(a, d);
	e = errno;
	closedir(d);
	errno = e;
	return rc;
}
