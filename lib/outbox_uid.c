/*
 * Which uid of the master's stands for which one of ours.
 *
 * Lines are appended, each synced; a torn one is no line. When there are
 * twice as many as count the file is written anew.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "outbox_uid.h"

#define FILE_MAX (4 * 1024 * 1024)
static const char name[] = "uids";

void
outbox_uids_free(struct outbox_uids *u)
{
	free(u->all);
	memset(u, 0, sizeof(*u));
}

/* 1 if 36 bytes have the form of a uid. */
static int
is_uid(const char *p)
{
	size_t i;

	for (i = 0; i < OUTBOX_UID_LEN; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (p[i] != '-')
				return 0;
		} else if (!((p[i] >= '0' && p[i] <= '9') ||
			       (p[i] >= 'a' && p[i] <= 'f')))
			return 0;
	return 1;
}

static int
is_whole_uid(const char *text)
{
	return strlen(text) == OUTBOX_UID_LEN && is_uid(text);
}

int
outbox_uids_put(struct outbox_uids *u, const char *ours, const char *theirs)
{
	struct outbox_uid *p;
	size_t cap = u->cap == 0 ? 64 : u->cap * 2;

	if (!is_whole_uid(ours) ||
	    (strcmp(theirs, "-") != 0 && !is_whole_uid(theirs)))
		return 0;
	if (u->n == u->cap) {
		if ((p = reallocarray(u->all, cap, sizeof(*p))) == NULL)
			return -1;
		u->all = p;
		u->cap = cap;
	}
	p = &u->all[u->n++];
	snprintf(p->ours, sizeof(p->ours), "%s", ours);
	snprintf(p->theirs, sizeof(p->theirs), "%s", theirs);
	return 0;
}

/* A line without its end; what is none is passed over. 0, or -1. */
static int
take_line(struct outbox_uids *u, char *line)
{
	char *theirs = strchr(line, ' ');

	if (theirs == NULL)
		return 0;
	*theirs++ = '\0';
	return outbox_uids_put(u, line, theirs);
}

static int
take_lines(struct outbox_uids *u, char *text)
{
	char *line, *end;

	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (take_line(u, line) == -1)
			return -1;
		u->read += end + 1 - line;
	}
	u->torn = *line != '\0';
	return 0;
}

int
outbox_uids_read(struct outbox_uids *u, int outboxfd)
{
	struct buf b = { 0 };
	struct stat st;
	int fd, rc = -1, e;

	fd = openat(outboxfd, name, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		if (errno != ENOENT)
			return -1;
		outbox_uids_free(u);
		return 0;
	}
	if (fstat(fd, &st) == -1)
		goto out;
	if (st.st_ino != u->file || st.st_size < u->read) {
		outbox_uids_free(u);
		u->file = st.st_ino;
	}
	if (lseek(fd, u->read, SEEK_SET) == -1 ||
	    buf_read_fd(&b, fd, FILE_MAX) == -1)
		goto out;
	u->torn = 0;
	rc = b.len == 0 ? 0 : take_lines(u, b.data);
out:
	e = errno;
	buf_free(&b);
	close(fd);
	errno = e;
	return rc;
}

/* The newest ones as a new file. */
static int
rewrite(struct outbox_uids *u, int outboxfd)
{
	struct buf b = { 0 };
	size_t i;
	int rc = 0;

	for (i = u->n - OUTBOX_UIDS_MAX; rc == 0 && i < u->n; i++)
		rc =
		    buf_printf(&b, "%s %s\n", u->all[i].ours, u->all[i].theirs);
	if (rc == 0)
		rc = atomic_write(outboxfd, name, b.data, b.len, 1);
	buf_free(&b);
	return rc == 0 ? outbox_uids_read(u, outboxfd) : -1;
}

static int
append(const struct outbox_uids *u, int outboxfd, const char *ours,
    const char *theirs)
{
	char line[2 * OUTBOX_UID_LEN + 8];
	int fd, n, rc = -1, e;

	n = snprintf(line, sizeof(line), "%s%s %s\n", u->torn ? "\n" : "", ours,
	    theirs);
	fd = openat(outboxfd, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	errno = ENOSPC;
	if (write(fd, line, (size_t)n) == n && fsync(fd) == 0 &&
	    (u->file != 0 || fsync(outboxfd) == 0))
		rc = 0;
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

int
outbox_uids_add(struct outbox_uids *u, int outboxfd, const char *ours,
    const char *theirs)
{
	const char *known;

	if (theirs == NULL)
		theirs = "-";
	if (!is_whole_uid(ours) ||
	    (strcmp(theirs, "-") != 0 && !is_whole_uid(theirs)))
		return 0;
	if (outbox_uids_read(u, outboxfd) == -1)
		return -1;
	known = outbox_uids_find(u, ours);
	if (known != NULL && strcmp(known, theirs) == 0)
		return 0;
	if (append(u, outboxfd, ours, theirs) == -1 ||
	    outbox_uids_read(u, outboxfd) == -1)
		return -1;
	return u->n >= 2 * OUTBOX_UIDS_MAX ? rewrite(u, outboxfd) : 0;
}

/* Of 36 bytes. */
static const char *
find(const struct outbox_uids *u, const char *ours)
{
	size_t i;

	for (i = u->n; i > 0; i--)
		if (memcmp(u->all[i - 1].ours, ours, OUTBOX_UID_LEN) == 0)
			return u->all[i - 1].theirs;
	return NULL;
}

const char *
outbox_uids_find(const struct outbox_uids *u, const char *ours)
{
	return is_whole_uid(ours) ? find(u, ours) : NULL;
}

void
outbox_uids_map(const struct outbox_uids *u, char *text, size_t len)
{
	const char *theirs;
	size_t i;

	if (u->n == 0)
		return;
	for (i = 0; i + OUTBOX_UID_LEN <= len; i++) {
		if (text[i + 8] != '-' || !is_uid(text + i))
			continue;
		if ((theirs = find(u, text + i)) != NULL && theirs[0] != '-')
			memcpy(text + i, theirs, OUTBOX_UID_LEN);
		i += OUTBOX_UID_LEN - 1;
	}
}

int
outbox_uids_map_json(const struct outbox_uids *u, json_t *v)
{
	const char *key, *theirs;
	json_t *e;
	size_t i;
	int rc = 0;

	if (u->n == 0 || v == NULL)
		return 0;
	json_object_foreach(v, key, e)
		rc |= outbox_uids_map_json(u, e);
	json_array_foreach(v, i, e)
		rc |= outbox_uids_map_json(u, e);
	if (json_is_string(v) &&
	    (theirs = outbox_uids_find(u, json_string_value(v))) != NULL &&
	    theirs[0] != '-')
		rc |= json_string_set(v, theirs);
	return rc;
}
