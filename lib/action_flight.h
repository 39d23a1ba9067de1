#ifndef ACTION_FLIGHT_H
#define ACTION_FLIGHT_H

#include <jansson.h>

#include "action_send.h"

/* Private to lib/action_*.c: an action that is out. */
struct action_flight {
	struct action_send *send;
	struct action *action;
	CURL *easy;
	struct curl_slist *headers;
	struct buf answer; /* of an error */
	size_t sent;
	struct event *timer;
	int tries, was_lost, is_due;
	long long began_us; /* its first try, 0: none yet */
	LIST_ENTRY(action_flight) all;
	TAILQ_ENTRY(action_flight) due;
};

/* NULL with errno. */
struct action_flight *action_flight_new(struct action_send *s);
void action_flight_free(struct action_flight *f);
/* Send it. 0, or -1 with errno. */
int action_flight_start(struct action_flight *f);
/* What was of one transfer goes. */
void action_flight_clear(struct action_flight *f);

#endif
