#ifndef OUT_H
#define OUT_H

#include <zlib.h>

#include "edge.h"
#include "span.h"

/*
 * An answer on its way: bytes in, indented if the client is a person's tool
 * (negotiation.isPrettyPrint), gzip'ed if it takes that and there are more
 * than 128 KiB of them (responsewriters.deferredResponseWriter). Up to that
 * size they are held, so that the answer has a Content-Length.
 */
struct out {
	struct request *r;
	int code;
	const char *type;    /* borrowed till out_end() */
	int retry_after;     /* seconds, 0 for none */
	const char *warning; /* a Warning header's value, or NULL; borrowed */
	struct indent indent;
	struct buf held;
	z_stream *z;
	int began;
};

/* Zeroed memory with r, code and type filled in is one that has not begun. */

/* 0, or -1 with errno: the answer cannot be made whole. */
int out_write(struct out *o, const void *p, size_t n);
/* The answer is whole: the request ends. On failure it is aborted. */
void out_end(struct out *o);
/* Release what it holds; the request goes on or not. */
void out_free(struct out *o);

/*
 * 1 if the client takes gzip (responsewriters.negotiateContentEncoding:
 * quality values do not count).
 */
int out_takes_gzip(const struct request *r);

#endif
