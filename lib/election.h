#ifndef ELECTION_H
#define ELECTION_H

#include "lease.h"

/*
 * Who leads, by a Lease, as client-go's leaderelection has it, as a function
 * of answers and a clock: it says what to ask next, and is told what came.
 * now_ms is a local clock that only goes forward, through sleep as well; what
 * the Lease says of times is never compared with it: a Lease has run out when
 * it was seen the same for as long as it says.
 */
enum election_ask {
	ELECTION_WAIT, /* until next_ms */
	ELECTION_GET,
	ELECTION_POST,
	ELECTION_PUT,
	ELECTION_OVER, /* released, or no longer held */
};

struct election {
	/* of the caller; strings are borrowed */
	struct lease_claim claim;
	int deadline_s, retry_s;
	/* to be read */
	json_t *lease; /* as last seen, NULL if there is none */
	int leads;
	long long next_ms;
	/*
	 * Whoever leads has to end what only it may do, and is to have ended
	 * it, by these; both before another one may take the Lease.
	 */
	long long stop_ms, dead_ms;
	/* private */
	enum election_ask step;
	int releases;
	long long asked_ms, seen_ms;
};

/*
 * What to ask now. *body: of POST and PUT, a new reference. ELECTION_WAIT with
 * errno set where there is no memory for one.
 */
enum election_ask election_next(struct election *e, long long now_ms,
    long long wall_us, json_t **body);
/*
 * What was answered; code 0: nothing. 1 if it was of use; 0 if it is to be
 * tried again.
 */
int election_answer(struct election *e, long long now_ms, int code,
    json_t *answer);
/* leads, as of now. */
int election_leads(struct election *e, long long now_ms);
/* Give it up: to be called when what only a leader may do has ended. */
void election_release(struct election *e, long long now_ms);
void election_free(struct election *e);

#endif
