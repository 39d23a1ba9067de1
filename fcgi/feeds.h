#ifndef FEEDS_H
#define FEEDS_H

#include <sys/stat.h>

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
	struct table *table; /* tables.c */
	uint64_t table_rv;
	struct stat table_stat; /* of the file that had its columns */
};

/* Those that are open, edge->feeds: changed by feeds.c alone. */
LIST_HEAD(feeds, feed_handle);

/* Open what feeds of the resource are in the tree and not open yet. */
void feeds_open(struct edge *e, const struct apipath *p);
int feeds_init(struct edge *e);
void feeds_free(struct edge *e);

/*
 * The feed that has all that the request asks for (a name in the path counts
 * as a field selector), or NULL.
 */
struct feed_handle *feeds_find(struct request *r);
/* Any feed that has the object that the path names, or NULL. */
struct feed_handle *feeds_find_object(struct edge *e, const struct apipath *p,
    const struct feed_object **o);
/* Any feed that has, or would have, an object with these; NULL if none. */
struct feed_handle *feeds_taking(struct edge *e, const struct apipath *p,
    const struct meta *m);
/* Take in what was written to any feed of the resource. */
void feeds_follow_all(struct edge *e, const struct apipath *p);
/* So too, of those that are open. */
void feeds_follow_open(struct edge *e, const struct apipath *p);
/* 1 if object o of a feed is asked for by the request, else 0. */
int feeds_match(const struct request *r, const struct meta *m);

/*
 * 1 if the feed cannot be kept any more: the master has no such resource, or
 * lets nobody watch it. Its watches end, its objects are not served.
 */
int feeds_ended(const struct feed_handle *h);

/* The value of a Warning header that goes with the feed's answers, or NULL. */
const char *feeds_warning(const struct feed_handle *h);

/*
 * tables.c: how the feed's objects become rows, for a request that wants them;
 * borrowed for the call: table_ref keeps it. NULL with errno.
 */
struct table *feeds_table(struct request *r, struct feed_handle *h);
/* 1 if it would be what the master says: what a custom resource shows is
 * known from its definition only. */
int feeds_table_known(struct request *r, struct feed_handle *h);
void feeds_table_free(struct feed_handle *h);

/* inotify's news about a feed. */
void feeds_changed(struct edge *e, int wd, uint32_t mask, const char *name);
/* Take in what was written, tell watchers and waiters. */
void feeds_follow(struct feed_handle *h);

#endif
