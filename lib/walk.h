#ifndef WALK_H
#define WALK_H

/*
 * Every feed of a tree: calls each(arg, dir) for data/cache/G/V/R/S, in the
 * order of the names. group, version and resource narrow it; NULL is any,
 * and they are names of directories: "core" is the core group. What is no
 * directory, and what begins with a dot, is left out. each ends the walk by
 * returning non-zero, which is returned; else 0; -1 with errno.
 */
int walk_feeds(const char *data, const char *group, const char *version,
    const char *resource, int (*each)(void *arg, const char *dir), void *arg);

#endif
