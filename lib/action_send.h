#ifndef ACTION_SEND_H
#define ACTION_SEND_H

#include "action_queue.h"
#include "curlev.h"
#include "upstream.h"

/*
 * Brings the actions of a queue to the master: so many side by side and so
 * many a second at most, each with one result in the end. What waits for a
 * Retry-After holds its node back, and nobody else.
 */
struct action_flight;
LIST_HEAD(action_flights, action_flight);
TAILQ_HEAD(action_due, action_flight);

struct action_send {
	/* of the caller, before action_send_init(); all borrowed */
	struct event_base *base;
	struct upstream *up;
	struct action_queue *queue;
	int parallel, rate;
	int refused_s; /* so long of nothing but 401 is enough */
	int verbose;
	void (*result)(void *arg, const struct action *a,
	    const struct action_result *r);
	/* something ended, or went: there may be room, or all is done */
	void (*moved)(void *arg);
	void (*told)(void *arg, const char *text);
	void *arg;
	int held; /* by the caller: nothing is begun */
	/* to be read */
	size_t out;  /* begun, and not over */
	int refused; /* it was enough */
	/* private */
	struct curlev curl;
	struct event *pace;
	struct action_flights all;
	struct action_due due;
	int flying, silent;
	long long next_us, refused_since_ms, silence_ms;
};

/* 0, or -1 with errno. One for a process. */
int action_send_init(struct action_send *s);
/* What is out is given up, without a result. */
void action_send_free(struct action_send *s);
/* Begin what may be begun. Calls no callback but told and result. */
void action_send_pump(struct action_send *s);

#endif
