/*
 * Taking entries out of the outbox: done, or to failed/. An entry is in
 * failed/ before it leaves new/, so a crash leaves it in both and the replay
 * is done again.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apipath.h"
#include "atomic.h"
#include "clock.h"
#include "outbox_take.h"

#define TEMP "take-"

int
outbox_take_open(struct outbox_dirs *d, int datafd)
{
	int e;

	if (outbox_dirs_open(d, datafd, TEMP) == -1)
		return -1;
	if (flock(d->failedfd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	e = errno;
	outbox_dirs_close(d);
	errno = e;
	return -1;
}

int
outbox_set_aside(const struct outbox_dirs *d, const char *name,
    const char *reason)
{
	char file[256 + 8], text[512];
	int n;

	n = snprintf(file, sizeof(file), "%.240s.reason", name);
	if (n < 0 || n >= (int)sizeof(file)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	n = snprintf(text, sizeof(text), "%.500s\n", reason);
	if (atomic_write(d->failedfd, file, text, (size_t)n, 1) == -1 ||
	    renameat(d->newfd, name, d->failedfd, name) == -1)
		return -1;
	return fsync(d->failedfd);
}

int
outbox_take(const struct outbox_dirs *d, const struct outbox_slot *s,
    struct outbox_taken *t, char *why, size_t len)
{
	char name[OUTBOX_NAME_LEN];
	int rc, e;

	t->slot = *s;
	rc = outbox_claim(d, s, &t->fd, &t->entry, why, len);
	if (rc != -1)
		return rc;
	e = errno;
	if (e == EBADMSG) {
		outbox_name(s, name);
		if (outbox_set_aside(d, name, why) == -1)
			e = errno;
	}
	outbox_take_release(t);
	errno = e;
	return -1;
}

void
outbox_take_release(struct outbox_taken *t)
{
	int e = errno;

	json_decref(t->entry);
	if (t->fd != -1)
		close(t->fd);
	t->entry = NULL;
	t->fd = -1;
	errno = e;
}

int
outbox_take_done(const struct outbox_dirs *d, struct outbox_taken *t)
{
	char name[OUTBOX_NAME_LEN];
	int rc;

	outbox_name(&t->slot, name);
	rc = unlinkat(d->newfd, name, 0);
	outbox_take_release(t);
	return rc;
}

/* Write entry to name in the directory to. The descriptor, or -1. */
static int
replace(const struct outbox_dirs *d, int to, const char *name,
    const json_t *entry, int sent)
{
	char temp[OUTBOX_NAME_LEN + 16];
	uint32_t size;
	int fd, e;

	fd = outbox_temp(d, TEMP, name, entry, 1, &size);
	if (fd == -1)
		return -1;
	snprintf(temp, sizeof(temp), TEMP "%s", name);
	if ((!sent || fchmod(fd, OUTBOX_SENT) == 0) && fsync(fd) == 0 &&
	    renameat(d->tmpfd, temp, to, name) == 0 && fsync(to) == 0)
		return fd;
	e = errno;
	(void)unlinkat(d->tmpfd, temp, 0);
	close(fd);
	errno = e;
	return -1;
}

int
outbox_take_mark(struct outbox_taken *t)
{
	if (outbox_was_sent(t->fd))
		return 0;
	return fchmod(t->fd, OUTBOX_SENT) == -1 ? -1 : fsync(t->fd);
}

int
outbox_take_update(const struct outbox_dirs *d, struct outbox_taken *t)
{
	char name[OUTBOX_NAME_LEN];
	int fd;

	outbox_name(&t->slot, name);
	if ((fd = replace(d, d->newfd, name, t->entry,
		 outbox_was_sent(t->fd))) == -1)
		return -1;
	/* the lock of the new file is held before the old one's goes */
	close(t->fd);
	t->fd = fd;
	return 0;
}

int
outbox_take_fail(const struct outbox_dirs *d, struct outbox_taken *t,
    const char *reason)
{
	char name[OUTBOX_NAME_LEN], time[CLOCK_TEXT_LEN];
	json_t *text = json_string(reason);
	int fd;

	if (text == NULL)
		text = json_string("the master refused it");
	clock_text(wall_s(), time);
	if (json_object_set_new(t->entry, "reason", text) == -1 ||
	    json_object_set_new(t->entry, "failed", json_string(time)) == -1) {
		errno = ENOMEM;
		return -1;
	}
	outbox_name(&t->slot, name);
	if ((fd = replace(d, d->failedfd, name, t->entry, 0)) == -1)
		return -1;
	close(fd);
	return outbox_take_done(d, t);
}

int
outbox_put_event(const struct outbox_dirs *d, const char *path,
    const json_t *event)
{
	struct outbox_slot s = { .gen = 1, .kind = OUTBOX_EVENT };
	char name[OUTBOX_NAME_LEN], time[CLOCK_TEXT_LEN];
	struct apipath p;
	json_t *e;
	int fd;

	if (apipath_parse(&p, path) == -1)
		return -1;
	s.time = (uint64_t)wall_us();
	s.object = outbox_object(path);
	outbox_name(&s, name);
	clock_text(wall_s(), time);
	e = json_pack("{s:i s:s s:s s:s s:s s:s s:s s:s s:s s:s s:s s:i s:O}",
	    "version", 1, "time", time, "kind", "event", "verb", "create",
	    "path", path, "apiVersion", "v1", "resource", "events", "namespace",
	    p.ns, "name", p.name, "uid", "", "user", "ote-outbox", "attempts",
	    0, "body", event);
	if (e == NULL) {
		errno = ENOMEM;
		return -1;
	}
	fd = replace(d, d->newfd, name, e, 0);
	json_decref(e);
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

static void
ignore(void *arg, const char *name, int replaced)
{
	size_t len = strlen(name);
	size_t *others = arg;

	(void)replaced;
	if (len > 7 && strcmp(name + len - 7, ".reason") == 0)
		(*others)++;
}

size_t
outbox_failed(const struct outbox_dirs *d)
{
	char name[OUTBOX_NAME_LEN];
	struct outbox_list l;
	size_t i, others = 0, n;

	if (outbox_list(&l, d->failedfd, ignore, &others) == -1)
		return 0;
	for (i = 0; l.n - i > OUTBOX_FAILED_MAX; i++) {
		outbox_name(&l.slots[i], name);
		(void)unlinkat(d->failedfd, name, 0);
	}
	n = l.n - i + others;
	outbox_list_free(&l);
	return n;
}
