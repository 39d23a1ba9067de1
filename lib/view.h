#ifndef VIEW_H
#define VIEW_H

#include <stddef.h>

#include "feed.h"

/*
 * objects/<namespace|_>/<name> of a feed: each object in a file of its own,
 * for ls, cat and jq, and to mend a journal from. A feed that keeps only parts
 * has none: it is there to be small.
 */

/* Write or remove the file of key ("ns/name" or "name"). 0, or -1, errno. */
int view_put(int dirfd, const char *key, const char *object, size_t len);
int view_remove(int dirfd, const char *key);

/*
 * Make objects/ equal the feed. What is no object at all is given to
 * bad(arg, path below the feed) first, which moves it away. 0, or -1 with
 * errno.
 */
int view_mend(const struct feed *f, void (*bad)(void *, const char *),
    void *arg);

/* Call each(arg, key, bytes, len) for every file that is an object. */
int view_each(int dirfd,
    int (*each)(void *, const char *, const char *, size_t), void *arg);

#endif
