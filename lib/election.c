/*
 * An election by a Lease. What is proved by an answer holds from the time when
 * it was asked, not from when the answer came.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "election.h"

#define RELEASES_MAX 3
/* client-go's JitterFactor: who waits comes back after 1 to 2.2 periods */
#define JITTER_PERCENT 120

static int
is_mine(const struct election *e, const json_t *lease)
{
	return strcmp(lease_holder(lease), e->claim.identity) == 0;
}

/* Does someone hold it, as far as can be told from here? */
static int
is_held(const struct election *e, long long now_ms)
{
	json_int_t s = json_integer_value(
	    json_object_get(json_object_get(e->lease, "spec"),
		"leaseDurationSeconds"));

	if (*lease_holder(e->lease) == '\0')
		return 0;
	if (s < 1)
		s = e->claim.duration_s;
	return s > 1000000000 || now_ms < e->seen_ms + (long long)s * 1000;
}

static void
see(struct election *e, json_t *lease, long long now_ms)
{
	if (e->lease == NULL ||
	    !json_equal(json_object_get(e->lease, "spec"),
		json_object_get(lease, "spec")))
		e->seen_ms = now_ms;
	json_incref(lease);
	json_decref(e->lease);
	e->lease = lease;
}

static void
lose(struct election *e, long long now_ms)
{
	if (e->leads && e->dead_ms > now_ms)
		e->stop_ms = e->dead_ms = now_ms;
	e->leads = 0;
}

static void
step(struct election *e, enum election_ask what, long long at_ms)
{
	e->step = what;
	e->next_ms = at_ms;
}

static void
step_later(struct election *e, long long now_ms)
{
	long long ms = e->retry_s * 1000LL;

	if (!e->leads)
		ms += arc4random_uniform(
		    (uint32_t)(e->retry_s * 10 * JITTER_PERCENT));
	step(e, ELECTION_GET, now_ms + ms);
}

/* --- answers --- */

static int
on_seen(struct election *e, json_t *lease, long long now_ms)
{
	see(e, lease, now_ms);
	if (e->releases > 0)
		step(e, is_mine(e, lease) ? ELECTION_PUT : ELECTION_OVER,
		    now_ms);
	else if (is_mine(e, lease))
		step(e, ELECTION_PUT, now_ms);
	else {
		/* whoever changed it, nothing is proved any more */
		lose(e, now_ms);
		if (is_held(e, now_ms))
			step_later(e, now_ms);
		else
			step(e, ELECTION_PUT, now_ms);
	}
	return 1;
}

static int
on_taken(struct election *e, json_t *lease, long long now_ms)
{
	long long lease_ms = e->claim.duration_s * 1000LL;
	long long stop_ms = e->deadline_s * 1000LL;

	see(e, lease, now_ms);
	if (e->releases > 0) {
		lose(e, now_ms);
		step(e, ELECTION_OVER, now_ms);
		return 1;
	}
	if (e->asked_ms + stop_ms <= now_ms) {
		/* an answer that took too long proves nothing */
		step(e, ELECTION_PUT, now_ms);
		return 1;
	}
	e->leads = 1;
	e->stop_ms = e->asked_ms + stop_ms;
	e->dead_ms = e->stop_ms + (lease_ms - stop_ms) / 2;
	step(e, ELECTION_PUT, now_ms + e->retry_s * 1000LL);
	return 1;
}

static int
is_lease(const json_t *o)
{
	return json_is_string(json_object_get(json_object_get(o, "metadata"),
		   "resourceVersion")) &&
	    json_is_object(json_object_get(o, "spec"));
}

/* It was another one, or there is none, or it cannot be told. */
static int
on_refused(struct election *e, int code, long long now_ms)
{
	if (e->step == ELECTION_GET && code == 404) {
		json_decref(e->lease);
		e->lease = NULL;
		step(e, e->releases > 0 ? ELECTION_OVER : ELECTION_POST,
		    now_ms);
		return 1;
	}
	if (e->step != ELECTION_GET && code == 409) {
		step_later(e, now_ms);
		if (e->leads || e->releases > 0)
			e->next_ms = now_ms;
		return 1;
	}
	step_later(e, now_ms);
	if (e->releases > 0)
		e->step = ELECTION_OVER; /* it runs out by itself */
	/* deleted meanwhile */
	return e->lease != NULL && code == 404;
}

int
election_answer(struct election *e, long long now_ms, int code, json_t *answer)
{
	if ((code != 200 && code != 201) || !is_lease(answer))
		return on_refused(e, code, now_ms);
	if (e->step == ELECTION_GET)
		return on_seen(e, answer, now_ms);
	return on_taken(e, answer, now_ms);
}

/* --- questions --- */

static json_t *
make_body(const struct election *e, long long wall_us)
{
	if (e->releases > 0)
		return lease_release(e->lease, wall_us);
	return lease_take(e->step == ELECTION_POST ? NULL : e->lease, &e->claim,
	    wall_us);
}

enum election_ask
election_next(struct election *e, long long now_ms, long long wall_us,
    json_t **body)
{
	*body = NULL;
	errno = 0;
	if (e->step == ELECTION_WAIT)
		e->step = ELECTION_GET; /* the first time */
	if (e->step == ELECTION_OVER)
		return ELECTION_OVER;
	if (now_ms < e->next_ms)
		return ELECTION_WAIT;
	if (e->step == ELECTION_PUT && e->releases > RELEASES_MAX)
		e->step = ELECTION_OVER;
	else if (e->step != ELECTION_GET &&
	    (*body = make_body(e, wall_us)) == NULL) {
		int error = errno;

		step_later(e, now_ms);
		errno = error;
		return ELECTION_WAIT;
	}
	if (e->step == ELECTION_PUT && e->releases > 0)
		e->releases++;
	e->asked_ms = now_ms;
	return e->step;
}

int
election_leads(struct election *e, long long now_ms)
{
	if (e->leads && now_ms >= e->stop_ms)
		e->leads = 0;
	return e->leads;
}

void
election_release(struct election *e, long long now_ms)
{
	e->releases = 1;
	if (e->lease != NULL && is_mine(e, e->lease))
		step(e, ELECTION_PUT, now_ms);
	else
		step(e, ELECTION_OVER, now_ms);
}

void
election_free(struct election *e)
{
	json_decref(e->lease);
	memset(e, 0, sizeof(*e));
}
