/*
 * Which objects of a feed were changed by local clients: the file `local`,
 * their paths, a line each. It is on disk before the event is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "outbox_file.h"

#define TEXT_MAX (JOURNAL_LOCAL_MAX * (size_t)APIPATH_MAX)

int
journal_is_local(const struct journal *j, uint64_t hash)
{
	size_t i;

	for (i = 0; i < j->nlocal; i++)
		if (j->local[i] == hash)
			return 1;
	return 0;
}

static int
add(struct journal *j, uint64_t hash)
{
	uint64_t *p;

	if (journal_is_local(j, hash))
		return 0;
	if ((p = reallocarray(j->local, j->nlocal + 1, sizeof(*p))) == NULL)
		return -1;
	j->local = p;
	j->local[j->nlocal++] = hash;
	return 0;
}

int
journal_local_read(struct journal *j)
{
	struct buf b = { 0 };
	char *line, *rest;
	int rc = 0;

	if (buf_read_file(&b, j->lockfd, "local", TEXT_MAX) == -1)
		return errno == ENOENT ? 0 : -1;
	/* a last line that was torn belongs to an event that never was */
	for (rest = b.data; rc == 0 && (line = strsep(&rest, "\n")) != NULL;)
		if (rest != NULL)
			rc = add(j, outbox_object(line));
	j->nlocal_synced = j->nlocal;
	buf_free(&b);
	return rc;
}

int
journal_local(struct journal *j, const char *path)
{
	uint64_t hash = outbox_object(path);
	size_t len = j->local_new.len;

	/* beyond that they are not known one by one, which is only seen early */
	if (journal_is_local(j, hash) || j->nlocal >= JOURNAL_LOCAL_MAX)
		return 0;
	if (buf_printf(&j->local_new, "%s\n", path) == -1)
		return -1;
	if (add(j, hash) == 0)
		return 0;
	j->local_new.len = len;
	return -1;
}

/* At the end of the file, or not at all: a torn line would spoil the next. */
static int
append(int fd, const struct buf *b)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n;
	int saved;

	if (end == -1)
		return -1;
	n = write(fd, b->data, b->len);
	if (n == (ssize_t)b->len && fsync(fd) == 0)
		return 0;
	saved = n >= 0 && n < (ssize_t)b->len ? ENOSPC : errno;
	if (ftruncate(fd, end) == -1)
		saved = errno;
	errno = saved;
	return -1;
}

int
journal_local_sync(struct journal *j)
{
	int fd, rc = -1, saved;

	if (j->nlocal == j->nlocal_synced)
		return 0;
	fd = openat(j->lockfd, "local",
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd != -1 && append(fd, &j->local_new) == 0 &&
	    (j->nlocal_synced > 0 || fsync(j->lockfd) == 0))
		rc = 0;
	saved = errno;
	if (fd != -1)
		close(fd);
	buf_free(&j->local_new);
	if (rc == 0)
		j->nlocal_synced = j->nlocal;
	else
		j->nlocal = j->nlocal_synced;
	errno = saved;
	return rc;
}

int
journal_local_end(struct journal *j)
{
	/* the truth that replaces them must be there when the mark is not */
	if (j->dirty && fdatasync(j->feed.file->fd) == -1)
		return -1;
	free(j->local);
	j->local = NULL;
	j->nlocal = j->nlocal_synced = 0;
	buf_free(&j->local_new);
	if (unlinkat(j->lockfd, "local", 0) == -1 && errno != ENOENT)
		return -1;
	return 0;
}
