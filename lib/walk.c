/*
 * The four levels below data/cache. A directory that vanishes while it is
 * walked (feeds are dropped) is no error.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "walk.h"

#define LEVELS 4

struct walk {
	const char *only[LEVELS];
	int (*each)(void *, const char *);
	void *arg;
};

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int down(const struct walk *, const char *, int);

/* One entry of dir, at a level. What it names may be gone, or a file. */
static int
enter(const struct walk *w, const char *dir, const char *name, int level)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (level == LEVELS - 1)
		return w->each(w->arg, path);
	return down(w, path, level + 1);
}

static int
down(const struct walk *w, const char *dir, int level)
{
	struct dirent **names;
	int i, n, rc = 0, saved;

	if (w->only[level] != NULL)
		return enter(w, dir, w->only[level], level);
	n = scandir(dir, &names, is_visible, alphasort);
	if (n == -1)
		return errno == ENOENT ? 0 : -1;
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = enter(w, dir, names[i]->d_name, level);
		saved = errno;
		free(names[i]);
		errno = saved;
	}
	saved = errno;
	free(names);
	errno = saved;
	return rc;
}

int
walk_feeds(const char *data, const char *group, const char *version,
    const char *resource, int (*each)(void *, const char *), void *arg)
{
	struct walk w = { { group, version, resource, NULL }, each, arg };
	char cache[PATH_MAX];

	if (snprintf(cache, sizeof(cache), "%s/cache", data) >=
	    (int)sizeof(cache)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return down(&w, cache, 0);
}
