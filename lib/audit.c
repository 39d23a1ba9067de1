/*
 * The audit log: data/audit/log, 0600 in a directory 0700.
 *
 * Before each line the file is looked at by its name: another process, or a
 * person, may have moved or removed it. When it is full it becomes log.1,
 * which becomes log.2, and so on; the last one goes. A line that a full disk or
 * a crash has torn is ended by the next one.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"

#define TEXT_MAX 1024 /* bytes of a string, before it is escaped */
#define NAME_LEN 512
#define GROUP_LEN 128

const char *
audit_decision_name(enum audit_decision d)
{
	static const char *const names[] = { "allow", "forbid", "refuse" };

	return names[d];
}

/* --- a line --- */

/* s, of at most max bytes, then "...". */
static int
add_text(struct buf *b, const char *s, size_t max)
{
	char cut[TEXT_MAX + 4];
	size_t n = strnlen(s, max + 1);

	if (n <= max)
		return buf_json(b, s);
	/* not within a character */
	for (n = max; n > max - 3 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	memcpy(cut, s, n);
	memcpy(cut + n, "...", 4);
	return buf_json(b, cut);
}

static int
add(struct buf *b, const char *member, const char *s, size_t max)
{
	if (s == NULL || *s == '\0')
		return 0;
	return buf_printf(b, ",\"%s\":", member) | add_text(b, s, max);
}

static int
add_groups(struct buf *b, const struct audit_event *e)
{
	size_t i;
	int rc;

	if (e->ngroups == 0)
		return 0;
	rc = buf_puts(b, ",\"groups\":[");
	for (i = 0; i < e->ngroups && i < AUDIT_GROUPS_MAX; i++)
		rc |= buf_puts(b, i > 0 ? "," : "") |
		    add_text(b, e->groups[i], GROUP_LEN);
	return rc | buf_puts(b, "]");
}

static int
add_time(struct buf *b)
{
	char text[CLOCK_TEXT_LEN];

	clock_micro(wall_us(), text);
	return buf_printf(b, "{\"time\":\"%s\"", text);
}

/* Behind a newline that is written only where a torn line is to be ended. */
static int
make_line(struct buf *b, const struct audit *a, const struct audit_event *e)
{
	int rc = buf_puts(b, "\n") | add_time(b);

	rc |= add(b, "user", e->user, NAME_LEN);
	rc |= add_groups(b, e);
	rc |= add(b, "sourceIP", e->source_ip, NAME_LEN);
	rc |= add(b, "verb", e->verb, NAME_LEN);
	rc |= add(b, "path", e->path, TEXT_MAX);
	rc |= add(b, "apiGroup", e->group, NAME_LEN);
	rc |= add(b, "resource", e->resource, NAME_LEN);
	rc |= add(b, "subresource", e->subresource, NAME_LEN);
	rc |= add(b, "namespace", e->ns, NAME_LEN);
	rc |= add(b, "name", e->name, NAME_LEN);
	rc |= buf_printf(b, ",\"code\":%d,\"decision\":\"%s\"", e->code,
	    audit_decision_name(e->decision));
	rc |= add(b, "reason", e->reason, TEXT_MAX);
	rc |= buf_printf(b, ",\"online\":%s,\"latency_ms\":%ld",
	    e->online ? "true" : "false", e->latency_ms);
	if (a->lost > 0)
		rc |= buf_printf(b, ",\"lost\":%llu", a->lost);
	rc |= buf_puts(b, "}\n");
	return rc;
}

/* --- the files --- */

void
audit_init(struct audit *a, int datafd, const struct audit_limits *l)
{
	memset(a, 0, sizeof(*a));
	a->datafd = datafd;
	a->limits = *l;
	a->dirfd = a->fd = -1;
}

void
audit_close(struct audit *a)
{
	if (a->fd != -1)
		close(a->fd);
	if (a->dirfd != -1)
		close(a->dirfd);
	a->fd = a->dirfd = -1;
}

/* N of "log.N", 0 of any other name. */
static unsigned long
number(const char *name)
{
	const char *p = name + 4;

	if (strncmp(name, "log.", 4) != 0 || *p < '1' || *p > '9' ||
	    strspn(p, "0123456789") != strlen(p) || strlen(p) > 9)
		return 0;
	return strtoul(p, NULL, 10);
}

/* There may have been more of them once. */
static void
remove_rest(const struct audit *a)
{
	int fd = dup(a->dirfd);
	const struct dirent *e;
	DIR *d;

	if (fd == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	rewinddir(d);
	while ((e = readdir(d)) != NULL)
		if (number(e->d_name) > a->limits.files)
			(void)unlinkat(a->dirfd, e->d_name, 0);
	closedir(d);
}

static int
open_dir(struct audit *a)
{
	struct stat st;

	if (atomic_mkdirs(a->datafd, "audit") == -1)
		return -1;
	a->dirfd =
	    openat(a->datafd, "audit", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->dirfd == -1 || fstat(a->dirfd, &st) == -1)
		return -1;
	if ((st.st_mode & 07777) != 0700 && fchmod(a->dirfd, 0700) == -1)
		return -1;
	remove_rest(a);
	return 0;
}

static int
ends_torn(const struct audit *a, const struct stat *st)
{
	char last;

	return st->st_size > 0 &&
	    pread(a->fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

static int
open_log(struct audit *a, struct stat *st)
{
	/* neither a link nor a pipe without a reader stops us */
	a->fd = openat(a->dirfd, "log",
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC,
	    0600);
	if (a->fd == -1 || fstat(a->fd, st) == -1)
		return -1;
	if (!S_ISREG(st->st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if ((st->st_mode & 07777) != 0600 && fchmod(a->fd, 0600) == -1)
		return -1;
	a->dev = st->st_dev;
	a->ino = st->st_ino;
	a->torn = ends_torn(a, st);
	return 0;
}

/* The file that has the name now is open; st is told. 0, or -1 with errno. */
static int
follow(struct audit *a, struct stat *st)
{
	int e;

	if (a->fd != -1 &&
	    fstatat(a->datafd, "audit/log", st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st->st_dev == a->dev && st->st_ino == a->ino)
		return 0;
	audit_close(a);
	if (open_dir(a) == 0 && open_log(a, st) == 0)
		return 0;
	e = errno;
	audit_close(a);
	errno = e;
	return -1;
}

static int
shift(const struct audit *a)
{
	char from[24], to[24];
	unsigned i;

	if (a->limits.files == 0)
		return unlinkat(a->dirfd, "log", 0);
	for (i = a->limits.files; i > 0; i--) {
		snprintf(to, sizeof(to), "log.%u", i);
		snprintf(from, sizeof(from), "log.%u", i - 1);
		if (renameat(a->dirfd, i == 1 ? "log" : from, a->dirfd, to) ==
			-1 &&
		    errno != ENOENT)
			return -1;
	}
	return 0;
}

/* Begin a new file, unless another process is just doing that. */
static int
rotate(struct audit *a, struct stat *st)
{
	int rc, e;

	if (flock(a->dirfd, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? 0 : -1;
	rc = fstatat(a->dirfd, "log", st, AT_SYMLINK_NOFOLLOW);
	if (rc == 0 && st->st_dev == a->dev && st->st_ino == a->ino)
		rc = shift(a);
	e = errno;
	(void)flock(a->dirfd, LOCK_UN);
	errno = e;
	return rc == -1 && errno != ENOENT ? -1 : follow(a, st);
}

static int
put(struct audit *a, const struct buf *b)
{
	struct stat st;
	size_t skip;
	ssize_t n;

	if (follow(a, &st) == -1)
		return -1;
	if (st.st_size > 0 && (size_t)st.st_size + b->len > a->limits.bytes &&
	    rotate(a, &st) == -1)
		return -1;
	skip = a->torn ? 0 : 1;
	n = write(a->fd, b->data + skip, b->len - skip);
	if (n == -1)
		return -1;
	a->torn = n < (ssize_t)(b->len - skip);
	errno = ENOSPC;
	return a->torn ? -1 : 0;
}

int
audit_write(struct audit *a, const struct audit_event *e)
{
	struct buf b = { 0 };
	int rc = -1, error = ENOMEM;

	if (make_line(&b, a, e) == 0) {
		rc = put(a, &b);
		error = errno;
	}
	buf_free(&b);
	if (rc == 0) {
		a->lost = 0;
		return 0;
	}
	a->lost++;
	errno = error;
	return -1;
}
