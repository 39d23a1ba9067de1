#ifndef WATCH_H
#define WATCH_H

#include "feeds.h"

/*
 * An open watch: a position in a journal, and a filter. Before that, maybe, a
 * list of objects to begin with.
 */
struct watcher {
	LIST_ENTRY(watcher) next;
	struct request *r;
	struct feed_handle *h;	      /* NULL once it is over */
	off_t off;		      /* in the feed's journal */
	uint64_t after;		      /* tell only what is newer */
	struct watch_start *start;    /* places of objects to begin with */
	struct feed_file *start_file; /* in this journal, maybe an old one */
	size_t nstart, istart;
	uint64_t start_rv;
	int initial_bookmark; /* one with initial-events-end is owed */
	int all;	      /* everything in the feed is asked for */
	struct event *timer;
};

struct watch_start {
	off_t off;
	uint32_t len;
};

/* Serve the watch r from h. */
void watch_open(struct request *r, struct feed_handle *h);
void watch_close(struct watcher *w);
/* Send what there is, as far as the client takes it. */
void watch_pump(struct watcher *w);
/* The journal was compacted (see struct feed's shift). */
void watch_shift(struct watcher *w, const struct feed *f);
/* Positions are void, or the feed is gone: 410, so that the client lists. */
void watch_expire(struct watcher *w);

#endif
