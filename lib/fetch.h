#ifndef FETCH_H
#define FETCH_H

#include "upstream.h"

/*
 * GETs from the master, one after the other on kept connections, for tools
 * that have nothing else to do meanwhile. Zeroed memory is none.
 */
struct fetch {
	CURLM *multi;
	struct upstream *up; /* borrowed */
	int stop_fd;	     /* readable: give up; or -1 */
};

/* Where an answer goes; each returns 0, or -1 to end the transfer. */
struct fetch_sink {
	/* a header line of a 200, taken apart, spelled as it came */
	int (*header)(void *arg, const char *name, const char *value);
	/* bytes of the body of a 200, decoded */
	int (*body)(void *arg, const char *p, size_t n);
	void *arg;
};

/* 0, or -1 with errno. */
int fetch_init(struct fetch *f, struct upstream *up, int stop_fd);
void fetch_free(struct fetch *f);

/*
 * GET path. etag: sent as If-None-Match, "" or NULL for none. The HTTP code of
 * a whole answer; 0 with the reason in why where there is none, or where the
 * sink ended it. At most 10 minutes, and 30 s without a byte.
 */
int fetch_get(struct fetch *f, const char *path, const char *accept,
    const char *etag, const struct fetch_sink *sink, char *why, size_t len);

#endif
