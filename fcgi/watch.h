#ifndef WATCH_H
#define WATCH_H

#include "feeds.h"
#include "items.h"
#include "render.h"

/*
 * An open watch: a position in a journal, and a filter. Before that, maybe, a
 * list of objects to begin with.
 */
struct watcher {
	LIST_ENTRY(watcher) next;
	struct request *r;
	struct feed_handle *h; /* NULL once it is over */
	off_t off;	       /* in the feed's journal */
	uint64_t after;	       /* tell only what is newer */
	struct items *start;   /* objects to begin with, or NULL */
	struct render *render; /* NULL: objects go as they are */
	int initial_bookmark;  /* one with initial-events-end is owed */
	int all;	       /* everything in the feed is asked for */
	int ending;	       /* told all that there is, it ends */
	struct event *timer;
};

/* Serve the watch r from h. */
void watch_open(struct request *r, struct feed_handle *h);
void watch_close(struct watcher *w);
/* Send what there is, as far as the client takes it. */
void watch_pump(struct watcher *w);
/* The journal was compacted (see struct feed's shift). */
void watch_shift(struct watcher *w, const struct feed *f);
/* There will be no more than what the journal has: end in good order. */
void watch_end(struct watcher *w);
/* Positions are void, or the feed is gone: 410, so that the client lists. */
void watch_expire(struct watcher *w);

#endif
