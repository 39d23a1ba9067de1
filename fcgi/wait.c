/*
 * A read that asks for a resourceVersion which the feed has not come to yet
 * waits for it, as long as kube-apiserver would.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "parts.h"

#define WAIT_S 3

void
wait_close(struct waiter *w)
{
	LIST_REMOVE(w, next);
	event_free(w->timer);
	w->r->own = NULL;
	w->r->owner = OWNER_NONE;
	free(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *w = arg;
	struct request *r = w->r;
	char message[128];
	static const struct status_cause cause = {
		.reason = "ResourceVersionTooLarge",
		.message = "Too large resource version",
	};
	struct status s = { .code = 504,
		.causes = &cause,
		.ncauses = 1,
		.retry_after_seconds = 1 };

	(void)fd;
	(void)what;
	snprintf(message, sizeof(message),
	    "Timeout: Too large resource version: %" PRIu64
	    ", current: %" PRIu64,
	    r->q.rv_number, w->h->feed.rv);
	s.message = message;
	wait_close(w);
	answer_status(r, &s);
}

void
wait_for_rv(struct request *r, struct feed_handle *h)
{
	struct timeval tv = { WAIT_S, 0 };
	struct waiter *w;

	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->timer = evtimer_new(r->edge->base, on_timer, w)) == NULL) {
		free(w);
		answer_error(r, 500, "no memory to wait");
		return;
	}
	w->r = r;
	w->h = h;
	LIST_INSERT_HEAD(&h->waiters, w, next);
	r->own = w;
	r->owner = OWNER_WAIT;
	event_add(w->timer, &tv);
}

void
wait_check(struct feed_handle *h)
{
	struct waiter *w, *next;

	for (w = LIST_FIRST(&h->waiters); w != NULL; w = next) {
		struct request *r = w->r;

		next = LIST_NEXT(w, next);
		if (h->feed.rv < r->q.rv_number)
			continue;
		wait_close(w);
		request_read(r);
	}
}
