/*
 * Files that others replace.
 */
#include <string.h>

#include "stamps.h"

void
stamps_read(struct stamps *s, char *const *paths, int n)
{
	struct stat st;
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < n; i++) {
		if (stat(paths[i], &st) == -1)
			continue;
		s->s[i].dev = st.st_dev;
		s->s[i].ino = st.st_ino;
		s->s[i].size = st.st_size;
		s->s[i].mtime = st.st_mtim;
		s->s[i].ctime = st.st_ctim;
	}
}

static int
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int
same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}

int
stamps_differ(const struct stamps *a, const struct stamps *b, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (!same(&a->s[i], &b->s[i]))
			return i;
	return -1;
}
