#ifndef CURLEV_H
#define CURLEV_H

#include <curl/curl.h>
#include <event2/event.h>

/* A libcurl multi handle driven by a libevent base. */
struct curlev {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	void *socks;
	/*
	 * told at the end of a transfer; the easy handle has been removed and
	 * is the callee's again. It may add, remove and clean up any handle,
	 * but not free the curlev.
	 */
	void (*done)(CURL *easy, CURLcode code);
};

/*
 * 0, or -1 with errno. Connections are multiplexed and shared: at most 256 at
 * once (transfers beyond wait for one), 16 of them kept when idle.
 */
int curlev_init(struct curlev *c, struct event_base *base,
    void (*done)(CURL *, CURLcode));
/*
 * From now on a connection carries one transfer at a time: for those that ask
 * for HTTP/1.1. They must not be in one curlev with others: once a server has
 * spoken HTTP/2, libcurl puts transfers on HTTP/1.1 connections in use as well,
 * and gives answers to the wrong ones (curl issue 4885; seen with 7.88).
 */
void curlev_serial(struct curlev *c);
/* Handles still in it are taken out, not cleaned up. Zeroed memory is fine. */
void curlev_free(struct curlev *c);
/* 0, or -1 with errno. done is never called from within. */
int curlev_add(struct curlev *c, CURL *easy);
/*
 * Takes it out without a call of done. Not from a callback of libcurl's own
 * (write, header, ...): end the transfer there by its return value.
 */
void curlev_remove(struct curlev *c, CURL *easy);

#endif
