#ifndef SOURCE_H
#define SOURCE_H

#include <time.h>

#include <event2/event.h>

#include "curlev.h"
#include "journal.h"
#include "split.h"
#include "upstream.h"

/*
 * One feed and how it is kept current: listed once, watched from its
 * resourceVersion on, listed again only when the master says that this is too
 * old (410), and then told to readers as the difference.
 */
enum source_state {
	SOURCE_WAITING,	  /* for the master, or its turn to try again */
	SOURCE_LISTING,	  /* LIST, page by page */
	SOURCE_STREAMING, /* the list as a watch, sendInitialEvents */
	SOURCE_WATCHING,
	SOURCE_ASKING, /* after a 404: does the master still have it? */
};

struct source_set; /* the tool's, opaque here */

struct source {
	struct journal j;
	struct curlev *curlev;
	struct upstream *up;
	enum source_state state;
	CURL *easy;
	struct event *retry;
	unsigned backoff_ms;
	int required;	      /* of feeds.conf: never dropped */
	int no_stream;	      /* the master refused sendInitialEvents */
	int relist;	      /* 410: what we have is too old */
	int reset;	      /* the master's resourceVersions went back */
	int group;	      /* its group is there: ask about the resource */
	const int *master_up; /* borrowed */
	long long held_since; /* s, monotonic; 0: it is not held back */
	unsigned behind;      /* lists that were older than what is here */
	/* the transfer under way */
	long code;
	int events;  /* lines that came */
	int verdict; /* errno of what was wrong with it, 0 if nothing */
	size_t header_bytes;
	char warning[256];
	struct buf
	    line; /* a watch line that is not whole, or an error's body */
	struct split split;
	char kind[128], api_version[128];
	char *next; /* continue token of the next page */
	/* told when the feed became synced or was refused, or was written to */
	void (*changed)(struct source *s);
	void *owner;
	time_t tried;	/* when it last began */
	char wish[256]; /* file in wishes/ that asked for it, "" if none */
};

/*
 * Open (or make) the feed for q and start. 0, or -1 with errno as of
 * journal_open(). s must not move while it lives.
 */
int source_open(struct source *s, struct curlev *c, struct upstream *up,
    int datafd, const char *data, const struct feed_query *q,
    void (*told)(void *, const char *));
void source_free(struct source *s);

/* Try now, if it is waiting (the master is back). */
void source_kick(struct source *s);
/* So too, but not again within a second: somebody asks for it. */
void source_nudge(struct source *s);
/* Stop the transfer, if any, and wait to be kicked. */
void source_pause(struct source *s);

/* After source_pause(): go on, in a second, if there is a master. */
void source_resume(struct source *s);

/* To be called by the curlev's done. */
void source_done(CURL *easy, CURLcode code);

#endif
