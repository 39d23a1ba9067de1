#include <errno.h>
#include <stdlib.h>

#include "election.h"
#include "tap.h"

/* A master that keeps one Lease, as values. */
static json_t *kept;
static int rv;

static const char *
version(const json_t *o)
{
	const char *text = json_string_value(
	    json_object_get(json_object_get(o, "metadata"), "resourceVersion"));

	return text != NULL ? text : "";
}

static int
keep(json_t *o)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", ++rv);
	json_object_set_new(json_object_get(o, "metadata"), "resourceVersion",
	    json_string(text));
	json_decref(kept);
	kept = json_deep_copy(o);
	return 200;
}

static int
master(enum election_ask what, json_t *body)
{
	if (what == ELECTION_GET)
		return kept != NULL ? 200 : 404;
	if (what == ELECTION_POST)
		return kept != NULL ? 409 : keep(body);
	if (kept == NULL)
		return 404;
	return strcmp(version(kept), version(body)) == 0 ? keep(body) : 409;
}

/* One request; which is told. code: instead of the master's, or -1. */
static enum election_ask
once(struct election *e, long long ms, int code)
{
	enum election_ask what;
	json_t *body, *answer;

	what = election_next(e, ms, 1000000 + ms * 1000, &body);
	if (what == ELECTION_WAIT || what == ELECTION_OVER)
		return what;
	if (code == -1)
		code = master(what, body);
	answer = code == 200 ? json_deep_copy(kept) : NULL;
	election_answer(e, ms, code, answer);
	json_decref(answer);
	json_decref(body);
	return what;
}

/* All that it wants to ask at once. */
static void
settle(struct election *e, long long ms)
{
	int i;

	for (i = 0; i < 5 && once(e, ms, -1) != ELECTION_WAIT; i++)
		;
	ok(i < 5, "it waits for its next time");
}

static struct election
candidate(const char *identity)
{
	struct election e = { .claim = { "x", "y", identity, 15 },
		.deadline_s = 10,
		.retry_s = 2 };

	return e;
}

static void
end(struct election *e)
{
	election_free(e);
	json_decref(kept);
	kept = NULL;
}

static void
renewals(void)
{
	struct election a = candidate("a");

	is_int(once(&a, 1000, -1), ELECTION_GET, "it looks first");
	is_int(once(&a, 1000, -1), ELECTION_POST, "there is none: it makes it");
	ok(election_leads(&a, 1000), "it leads");
	is_int(once(&a, 1001, -1), ELECTION_WAIT, "for now");
	is_int(a.next_ms, 3000, "until the next time");
	is_int(a.stop_ms, 11000, "until then, if nothing is heard");
	is_int(a.dead_ms, 13500, "which leaves time before another one");
	is_int(once(&a, 3000, -1), ELECTION_PUT, "renewed without a look");
	is_int(a.stop_ms, 13000, "it leads for longer");
	is_int(once(&a, 5000, 0), ELECTION_PUT, "no answer");
	is_int(once(&a, 6000, 0), ELECTION_WAIT, "later");
	is_int(once(&a, 7000, 500), ELECTION_GET, "an error");
	is_int(once(&a, 9000, -1), ELECTION_GET, "it looks");
	ok(election_leads(&a, 12999), "all that is no end");
	is_int(a.stop_ms, 13000, "but no proof either");
	is_int(once(&a, 9000, -1), ELECTION_PUT, "renewed");
	is_int(a.stop_ms, 19000, "it leads for longer");
	ok(!election_leads(&a, 19000), "not for ever");
	is_int(a.dead_ms, 21500, "with the time that is left");
	election_release(&a, 20000);
	is_int(once(&a, 20000, -1), ELECTION_PUT, "released");
	is_str(lease_holder(kept), "", "nobody holds it");
	is_int(once(&a, 20000, -1), ELECTION_OVER, "that was all");
	end(&a);
}

static void
slow_answers(void)
{
	struct election a = candidate("a");
	json_t *body, *answer;

	once(&a, 0, -1);
	election_next(&a, 1000, 0, &body);
	keep(body);
	answer = json_deep_copy(kept);
	election_answer(&a, 5000, 201, answer);
	json_decref(answer);
	json_decref(body);
	is_int(a.stop_ms, 11000, "what counts is when it was asked");
	election_next(&a, 7000, 0, &body);
	keep(body);
	answer = json_deep_copy(kept);
	ok(!election_leads(&a, 18000), "no answer for too long");
	election_answer(&a, 18000, 200, answer);
	ok(!election_leads(&a, 18000), "one that is too late proves nothing");
	json_decref(answer);
	json_decref(body);
	is_int(once(&a, 18000, -1), ELECTION_PUT, "it tries again");
	ok(election_leads(&a, 18000), "and leads");
	end(&a);
}

static void
rivals(void)
{
	struct election a = candidate("a"), b = candidate("b");
	json_t *o;
	long long at;

	settle(&a, 0);
	settle(&b, 100);
	ok(!election_leads(&b, 100), "the second waits");
	ok(b.next_ms >= 2100 && b.next_ms <= 4500, "a while, each another one");
	settle(&a, 2000);
	at = b.next_ms;
	settle(&b, at);
	for (; b.next_ms < at + 15000; settle(&b, b.next_ms))
		ok(!b.leads, "it was seen alive");
	ok(!election_leads(&a, 12000), "the first has given up by then");
	settle(&b, at + 14999);
	ok(!b.leads, "not before the Lease has run out");
	settle(&b, b.next_ms);
	ok(b.leads && strcmp(lease_holder(kept), "b") == 0, "then it leads");
	at = b.asked_ms;
	a.next_ms = 0;
	is_int(once(&a, at, -1), ELECTION_PUT, "who was away tries, too");
	is_int(once(&a, a.next_ms, -1), ELECTION_GET, "in vain");
	ok(!a.leads, "it does not lead");
	o = json_deep_copy(kept);
	json_object_set_new(json_object_get(o, "spec"), "holderIdentity",
	    json_string("c"));
	keep(o);
	json_decref(o);
	is_int(once(&b, at + 2000, -1), ELECTION_PUT, "another one took it");
	ok(election_leads(&b, at + 2000), "a conflict may be anything");
	is_int(once(&b, at + 2000, -1), ELECTION_GET, "it looks at once");
	ok(!election_leads(&b, at + 2000), "and leads no more");
	is_int(b.dead_ms, at + 2000, "from now on");
	election_release(&b, at + 2000);
	is_int(once(&b, at + 2000, -1), ELECTION_OVER, "nothing to release");
	election_free(&b);
	end(&a);
}

static void
releases(void)
{
	struct election a = candidate("a"), b = candidate("b");
	json_t *o;

	settle(&a, 0);
	settle(&b, 0);
	o = json_deep_copy(kept);
	json_object_set_new(json_object_get(o, "metadata"), "labels",
	    json_object());
	keep(o);
	json_decref(o);
	election_release(&a, 1000);
	is_int(once(&a, 1000, -1), ELECTION_PUT, "released, if it is as known");
	is_int(once(&a, 1000, -1), ELECTION_GET, "it is not: a look");
	is_int(once(&a, 1000, -1), ELECTION_PUT, "still held: released");
	is_int(once(&a, 1000, -1), ELECTION_OVER, "done");
	settle(&b, b.next_ms);
	ok(b.leads, "the other one needs not wait");
	election_release(&b, 9000);
	is_int(once(&b, 9000, 0), ELECTION_PUT, "a release without an answer");
	is_int(once(&b, 9000, -1), ELECTION_OVER, "is left to run out");
	election_free(&b);
	end(&a);
}

static void
foreign(void)
{
	struct election a = candidate("a");

	kept = json_loads("{\"metadata\":{\"name\":\"y\",\"resourceVersion\":"
			  "\"4\"},\"spec\":{\"holderIdentity\":\"other\","
			  "\"leaseDurationSeconds\":\"x\"}}",
	    0, NULL);
	settle(&a, 0);
	ok(!a.leads, "held for a time that is none");
	settle(&a, 14999);
	ok(!a.leads, "means our own");
	settle(&a, a.next_ms > 15000 ? a.next_ms : 15000);
	ok(a.leads, "and then it is free");
	json_decref(kept);
	kept = NULL;
	is_int(once(&a, a.next_ms, -1), ELECTION_PUT, "deleted by hand");
	ok(a.leads, "nobody else holds it");
	is_int(once(&a, a.next_ms, -1), ELECTION_GET, "a look");
	is_int(once(&a, a.next_ms, -1), ELECTION_POST, "made anew");
	ok(a.leads && kept != NULL, "it still leads");
	kept = (json_decref(kept), json_object());
	is_int(once(&a, a.next_ms, 200), ELECTION_PUT, "an answer like that");
	ok(!election_leads(&a, a.stop_ms), "is none");
	end(&a);
}

int
main(void)
{
	renewals();
	slow_answers();
	rivals();
	releases();
	foreign();
	return done_testing();
}
