#ifndef TUNNEL_REFUSAL_H
#define TUNNEL_REFUSAL_H

#include "buf.h"

/*
 * Append all of an HTTP/1.1 answer to a request that gets no tunnel: a Status
 * of that code, and the end of the connection. 0, or -1 with errno.
 */
int tunnel_refusal(struct buf *b, int code, const char *message);

/*
 * 1 if run/masters in the data directory says that all are down, with a
 * message that says since when; else 0.
 */
int tunnel_cut_off(const char *data, char *message, size_t len);

#endif
