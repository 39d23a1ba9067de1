/*
 * The files of the outbox: names, directories, an entry's text. Whoever
 * changes or takes away an entry holds a lock on its open file; a lock on a
 * file that has no name any more is worth nothing.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apipath.h"
#include "atomic.h"
#include "buf.h"
#include "outbox_file.h"

#define LISTED_MAX 1000000

static const char *const kinds[OUTBOX_KINDS] = { "status", "object", "event",
	"delete" };

const char *
outbox_kind_name(enum outbox_kind kind)
{
	return kind < OUTBOX_KINDS ? kinds[kind] : "";
}

/* --- directories --- */

static int
open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
sweep(int tmpfd, const char *prefix)
{
	struct dirent *e;
	DIR *d;
	int fd;

	if ((fd = open_dir(tmpfd, ".")) == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			(void)unlinkat(tmpfd, e->d_name, 0);
	closedir(d);
	return 0;
}

int
outbox_dirs_open(struct outbox_dirs *d, int datafd, const char *prefix)
{
	int e;

	d->fd = d->newfd = d->tmpfd = d->failedfd = -1;
	if (atomic_mkdirs(datafd, "outbox/tmp") == 0 &&
	    atomic_mkdirs(datafd, "outbox/new") == 0 &&
	    atomic_mkdirs(datafd, "outbox/failed") == 0 &&
	    (d->fd = open_dir(datafd, "outbox")) != -1 &&
	    (d->newfd = open_dir(d->fd, "new")) != -1 &&
	    (d->tmpfd = open_dir(d->fd, "tmp")) != -1 &&
	    (d->failedfd = open_dir(d->fd, "failed")) != -1 &&
	    fsync(d->fd) == 0 && fsync(datafd) == 0 &&
	    sweep(d->tmpfd, prefix) == 0)
		return 0;
	e = errno;
	outbox_dirs_close(d);
	errno = e;
	return -1;
}

void
outbox_dirs_close(struct outbox_dirs *d)
{
	int *fds[] = { &d->fd, &d->newfd, &d->tmpfd, &d->failedfd };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (*fds[i] != -1)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* --- names --- */

void
outbox_name(const struct outbox_slot *s, char out[OUTBOX_NAME_LEN])
{
	snprintf(out, OUTBOX_NAME_LEN,
	    "%016" PRIu64 "-%06" PRIu32 "-%06" PRIu32 "-%016" PRIx64 "-%s.json",
	    s->time, s->seq, s->gen, s->object, kinds[s->kind]);
}

int
outbox_name_parse(struct outbox_slot *s, const char *name)
{
	char kind[16], again[OUTBOX_NAME_LEN];
	int i;

	if (sscanf(name,
		"%16" SCNu64 "-%6" SCNu32 "-%6" SCNu32 "-%16" SCNx64
		"-%15[a-z].json",
		&s->time, &s->seq, &s->gen, &s->object, kind) != 5)
		return -1;
	for (i = 0; i < OUTBOX_KINDS && strcmp(kinds[i], kind) != 0; i++)
		;
	if (i == OUTBOX_KINDS)
		return -1;
	s->kind = (unsigned char)i;
	s->mark = 0;
	s->caller = 0;
	outbox_name(s, again);
	return strcmp(again, name) == 0 ? 0 : -1;
}

uint64_t
outbox_object(const char *path)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *path != '\0'; path++)
		h = (h ^ (unsigned char)*path) * 1099511628211ULL;
	return h;
}

/* --- lists --- */

int
outbox_list_add(struct outbox_list *l, const struct outbox_slot *s)
{
	struct outbox_slot *slots;
	size_t cap;

	if (l->n == l->cap) {
		if (l->n >= LISTED_MAX) {
			errno = E2BIG;
			return -1;
		}
		cap = l->cap == 0 ? 64 : l->cap * 2;
		slots = reallocarray(l->slots, cap, sizeof(*slots));
		if (slots == NULL)
			return -1;
		l->slots = slots;
		l->cap = cap;
	}
	l->slots[l->n++] = *s;
	return 0;
}

void
outbox_list_free(struct outbox_list *l)
{
	free(l->slots);
	memset(l, 0, sizeof(*l));
}

static int
compare(const void *a, const void *b)
{
	const struct outbox_slot *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->gen != y->gen)
		return x->gen < y->gen ? -1 : 1;
	return 0;
}

static void
drop_replaced(struct outbox_list *l,
    void (*other)(void *arg, const char *name, int replaced), void *arg)
{
	char name[OUTBOX_NAME_LEN];
	struct outbox_slot *s = l->slots;
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		if (i + 1 < l->n && s[i].time == s[i + 1].time &&
		    s[i].seq == s[i + 1].seq &&
		    s[i].object == s[i + 1].object) {
			outbox_name(&s[i], name);
			if (other != NULL)
				other(arg, name, 1);
		} else
			s[n++] = s[i];
	}
	l->n = n;
}

int
outbox_list(struct outbox_list *l, int dirfd,
    void (*other)(void *arg, const char *name, int replaced), void *arg)
{
	struct outbox_slot s;
	struct dirent *e;
	struct stat st;
	DIR *d;
	int fd, saved, rc = 0;

	memset(l, 0, sizeof(*l));
	if ((fd = open_dir(dirfd, ".")) == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (!S_ISREG(st.st_mode) ||
		    outbox_name_parse(&s, e->d_name) == -1) {
			if (other != NULL)
				other(arg, e->d_name, 0);
			continue;
		}
		s.size =
		    st.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)st.st_size;
		rc = outbox_list_add(l, &s);
	}
	saved = errno;
	closedir(d);
	if (rc == -1 || saved != 0) {
		outbox_list_free(l);
		errno = saved;
		return -1;
	}
	if (l->n > 0)
		qsort(l->slots, l->n, sizeof(*l->slots), compare);
	drop_replaced(l, other, arg);
	return 0;
}

int
outbox_remove_replaced(int dirfd, const char *name)
{
	int e, fd, rc;

	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		rc = 1;
	else
		rc = unlinkat(dirfd, name, 0) == -1 && errno != ENOENT ? -1 : 0;
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

/* --- one entry --- */

static const char *
text_of(const json_t *entry, const char *member)
{
	return json_string_value(json_object_get(entry, member));
}

const char *
outbox_check(const json_t *entry)
{
	static const char *const verbs[] = { "create", "update", "patch",
		"delete" };
	const char *path = text_of(entry, "path"), *kind, *verb, *name;
	const json_t *user = json_object_get(entry, "user");
	struct apipath p;
	size_t i;

	if (json_integer_value(json_object_get(entry, "version")) != 1)
		return "no entry of version 1";
	if (path == NULL || apipath_parse(&p, path) == -1 ||
	    p.resource[0] == '\0' || p.name[0] == '\0' ||
	    p.subresource[0] != '\0')
		return "path: not the path of an object";
	kind = text_of(entry, "kind");
	for (i = 0; i < OUTBOX_KINDS; i++)
		if (kind != NULL && strcmp(kinds[i], kind) == 0)
			break;
	if (i == OUTBOX_KINDS)
		return "kind: not status, object, event or delete";
	verb = text_of(entry, "verb");
	for (i = 0; i < 4; i++)
		if (verb != NULL && strcmp(verbs[i], verb) == 0)
			break;
	if (i == 4)
		return "verb: not create, update, patch or delete";
	if (strcmp(verb, "delete") != 0 &&
	    json_object_get(entry, "body") == NULL)
		return "body: missing";
	name = text_of(user, "username");
	if (json_is_object(user) && (name == NULL || *name == '\0'))
		return "user: it has no username";
	return NULL;
}

static int
read_entry(int fd, const struct outbox_slot *s, json_t **entry, char *why,
    size_t len)
{
	struct buf b = { 0 };
	const char *wrong, *path;
	json_error_t e;
	int rc = -1;

	if (buf_read_fd(&b, fd, OUTBOX_TEXT_MAX) == -1) {
		snprintf(why, len, "%s", strerror(errno));
		if (errno == EFBIG)
			errno = EBADMSG;
		goto out;
	}
	*entry = json_loadb(b.data, b.len, 0, &e);
	if (*entry == NULL) {
		snprintf(why, len, "no whole JSON: %s", e.text);
		errno = EBADMSG;
		goto out;
	}
	path = text_of(*entry, "path");
	if ((wrong = outbox_check(*entry)) == NULL &&
	    outbox_object(path) != s->object)
		wrong = "path: not the one that the name is made of";
	if (wrong == NULL &&
	    strcmp(text_of(*entry, "kind"), kinds[s->kind]) != 0)
		wrong = "kind: not the one in the name";
	if (wrong == NULL)
		rc = 0;
	else {
		snprintf(why, len, "%s", wrong);
		json_decref(*entry);
		*entry = NULL;
		errno = EBADMSG;
	}
out:
	buf_free(&b);
	return rc;
}

int
outbox_claim(const struct outbox_dirs *d, const struct outbox_slot *s, int *fd,
    json_t **entry, char *why, size_t len)
{
	char name[OUTBOX_NAME_LEN];
	struct stat st;

	*entry = NULL;
	outbox_name(s, name);
	*fd = openat(d->newfd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd == -1)
		return errno == ENOENT ? 1 : -1;
	if (flock(*fd, LOCK_EX | LOCK_NB) == -1 || fstat(*fd, &st) == -1 ||
	    st.st_nlink == 0) {
		close(*fd);
		*fd = -1;
		return 1;
	}
	return read_entry(*fd, s, entry, why, len);
}

int
outbox_was_sent(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 || (st.st_mode & 0777) == OUTBOX_SENT;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t r;

	while (n > 0) {
		r = write(fd, p, n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int
outbox_temp(const struct outbox_dirs *d, const char *prefix, const char *name,
    const json_t *entry, int lock, uint32_t *size)
{
	char temp[OUTBOX_NAME_LEN + 16];
	struct buf b = { 0 };
	char *text;
	int fd = -1, e;

	snprintf(temp, sizeof(temp), "%s%s", prefix, name);
	text = json_dumps(entry, JSON_INDENT(2));
	if (text == NULL) {
		errno = ENOMEM;
		return -1;
	}
	b.data = text;
	b.len = strlen(text);
	text[b.len++] = '\n'; /* in place of the NUL */
	if (b.len > OUTBOX_TEXT_MAX) {
		errno = EFBIG;
		goto out;
	}
	fd = openat(d->tmpfd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		goto out;
	if (write_all(fd, b.data, b.len) == -1 ||
	    (lock && flock(fd, LOCK_EX | LOCK_NB) == -1)) {
		e = errno;
		unlinkat(d->tmpfd, temp, 0);
		close(fd);
		fd = -1;
		errno = e;
	}
	*size = (uint32_t)b.len;
out:
	e = errno;
	free(text);
	errno = e;
	return fd;
}
