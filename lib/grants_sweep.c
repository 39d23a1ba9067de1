/*
 * What goes of the remembered answers, and how many may stay.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grants.h"
#include "human.h"

#define SCAN_MAX 8192
#define YOUNG_S 60
#define DAY_S 86400

struct kept {
	char name[GRANT_NAME_MAX];
	long long time; /* of its last change, nanoseconds */
	long long bytes;
};

struct sweep {
	const struct grants_limits *l;
	int datafd, dirfd;
	const char *dir;
	int tokens;
	struct kept *kept;
	size_t n, cap;
	long long bytes;
	int dropped;
};

/* Unix seconds when the token of this file expires; 0 if it does not say. */
static long long
token_end(const json_t *o)
{
	const char *s = json_string_value(
	    json_object_get(json_object_get(json_object_get(o, "answer"),
				"status"),
		"expirationTimestamp"));
	long long us;
	char text[64];
	int n;

	if (s == NULL ||
	    (n = snprintf(text, sizeof(text), "\"%s\"", s)) >=
		(int)sizeof(text) ||
	    human_time((struct span) { text, (size_t)n }, &us) != 0)
		return 0;
	return us / 1000000;
}

/* 1 if nobody will need this token again. */
static int
token_is_void(const struct sweep *s, const json_t *o, long long age)
{
	struct grant_bound b;

	if (grant_load_bound(o, &b) != 0)
		return 1;
	/*
	 * That of a pod stays as long as the pod: it may run here, cut off, long
	 * after its token has expired.
	 */
	if (strcmp(b.kind, "Pod") != 0)
		return token_end(o) + DAY_S < s->l->now;
	return age > YOUNG_S && s->l->gone != NULL &&
	    s->l->gone(s->l->arg, &b) == 1;
}

/* 1 if the file may go. */
static int
is_void(const struct sweep *s, const char *name, const struct stat *st)
{
	long long age = s->l->now - (long long)st->st_mtim.tv_sec;
	char path[GRANT_NAME_MAX + 16];
	json_t *o;
	int rc;

	if (name[0] == '.')
		return age > YOUNG_S;
	if (!s->tokens)
		return age > s->l->max_age;
	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	if (grant_load(&o, s->datafd, path) == -1)
		return errno == EBADMSG || errno == EFBIG;
	rc = token_is_void(s, o, age);
	json_decref(o);
	return rc;
}

static int
drop(struct sweep *s, const char *name)
{
	if (unlinkat(s->dirfd, name, 0) == -1)
		return errno == ENOENT ? 0 : -1;
	s->dropped++;
	return 0;
}

static int
note(struct sweep *s, const char *name, const struct stat *st)
{
	struct kept *k;
	size_t cap;

	if (s->n == s->cap) {
		cap = s->cap == 0 ? 64 : 2 * s->cap;
		if ((k = reallocarray(s->kept, cap, sizeof(*k))) == NULL)
			return -1;
		s->kept = k;
		s->cap = cap;
	}
	k = &s->kept[s->n++];
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->time =
	    st->st_mtim.tv_sec * 1000000000LL + (long long)st->st_mtim.tv_nsec;
	k->bytes = (long long)st->st_size;
	s->bytes += k->bytes;
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct kept *k = a, *l = b;

	return k->time < l->time ? -1 : k->time > l->time;
}

static int
trim(struct sweep *s)
{
	size_t i;

	if (s->n > 0)
		qsort(s->kept, s->n, sizeof(*s->kept), by_time);
	for (i = 0; i < s->n; i++) {
		if (s->n - i <= s->l->files && s->bytes <= s->l->bytes)
			break;
		if (drop(s, s->kept[i].name) == -1)
			return -1;
		s->bytes -= s->kept[i].bytes;
	}
	return 0;
}

static int
look(struct sweep *s, const char *name)
{
	struct stat st;

	if (fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	/* nothing of ours has such a name, or is no file */
	if (!S_ISREG(st.st_mode) || strlen(name) >= GRANT_NAME_MAX ||
	    s->n == SCAN_MAX || is_void(s, name, &st))
		return drop(s, name);
	return name[0] == '.' ? 0 : note(s, name, &st);
}

static int
sweep(struct sweep *s)
{
	const struct dirent *d;
	int fd, rc = 0, e;
	DIR *in;

	s->dirfd = openat(s->datafd, s->dir,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dirfd == -1)
		return errno == ENOENT ? 0 : -1;
	if ((fd = fcntl(s->dirfd, F_DUPFD_CLOEXEC, 3)) == -1 ||
	    (in = fdopendir(fd)) == NULL) {
		e = errno;
		if (fd != -1)
			close(fd);
		close(s->dirfd);
		errno = e;
		return -1;
	}
	while (rc == 0 && (errno = 0, d = readdir(in)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			rc = look(s, d->d_name);
	if (rc == 0 && errno != 0)
		rc = -1;
	if (rc == 0)
		rc = trim(s);
	e = errno;
	closedir(in);
	close(s->dirfd);
	free(s->kept);
	errno = e;
	return rc;
}

int
grants_sweep(int datafd, const struct grants_limits *l)
{
	struct sweep tokens = { .l = l,
		.datafd = datafd,
		.dir = "tokens",
		.tokens = 1 };
	struct sweep answers = { .l = l, .datafd = datafd, .dir = "reviews" };

	if (sweep(&tokens) == -1 || sweep(&answers) == -1)
		return -1;
	return tokens.dropped + answers.dropped;
}
