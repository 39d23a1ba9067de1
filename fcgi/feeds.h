#ifndef FEEDS_H
#define FEEDS_H

#include "edge.h"

/* An open feed with those who watch it. */
struct feed_handle {
	LIST_ENTRY(feed_handle) next;
	struct edge *edge;
	struct feed feed;
	int dir_wd, file_wd;
	long long used; /* when its file `used` was last touched */
	LIST_HEAD(watcher_list, watcher) watchers;
	LIST_HEAD(waiter_list, waiter) waiters;
	struct feed_line line, previous; /* the event that is being told */
	LIST_HEAD(list_file_list, list_file) lists;
};

int feeds_init(struct edge *e);
void feeds_free(struct edge *e);

/*
 * The feed that has all that the request asks for (a name in the path counts
 * as a field selector), or NULL.
 */
struct feed_handle *feeds_find(struct request *r);
/* Any feed that has the object of this GET, or NULL. */
struct feed_handle *feeds_find_object(struct request *r,
    const struct feed_object **o);
/* 1 if object o of a feed is asked for by the request, else 0. */
int feeds_match(const struct request *r, const struct meta *m);

/* inotify's news about a feed. */
void feeds_changed(struct edge *e, int wd, uint32_t mask, const char *name);
/* Take in what was written, tell watchers and waiters. */
void feeds_follow(struct feed_handle *h);

#endif
