#ifndef ELECTION_LINK_H
#define ELECTION_LINK_H

#include "buf.h"
#include "curlev.h"
#include "election.h"
#include "upstream.h"

/*
 * Brings what an election asks to the master, one request at a time. What has
 * failed is not asked again on the same connection: it may hang for longer
 * than there is time.
 */
struct election_link {
	/* of the caller, before election_link_init(); borrowed */
	struct event_base *base;
	struct upstream *up;
	long timeout_ms; /* of a request */
	/*
	 * What came: why is a line that says what is wrong, "" for 200 and 201.
	 * answer is borrowed, NULL if it is no JSON.
	 */
	void (*answered)(void *arg, int code, json_t *answer, const char *why);
	void *arg;
	/* private */
	struct curlev curl;
	char collection[256], object[512]; /* paths */
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	struct buf answer;
	int failed;
};

/* First of all. 0; -1 with errno EINVAL: ns or name is no name of a Lease. */
int election_link_name(struct election_link *l, const char *ns,
    const char *name);
/* 0, or -1 with errno. */
int election_link_init(struct election_link *l);
void election_link_free(struct election_link *l);
/* 1 while a request is under way. */
int election_link_is_busy(const struct election_link *l);
/* GET, POST or PUT. Not from within answered if that told a code 0. 0, or -1. */
int election_link_ask(struct election_link *l, enum election_ask what,
    const json_t *body);

#endif
