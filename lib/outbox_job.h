#ifndef OUTBOX_JOB_H
#define OUTBOX_JOB_H

#include "outbox_pass.h"
#include "replay.h"

/* Between lib/outbox_pass.c and lib/outbox_job.c alone. */

enum outbox_mark {
	OUTBOX_WAITS,
	OUTBOX_HELD, /* till an object is made that it names as its owner */
	OUTBOX_ACTIVE,
	OUTBOX_OVER
};

/* An entry that is being sent. */
struct outbox_job {
	struct outbox_pass *pass;
	size_t index;
	struct outbox_taken taken;
	struct replay replay;
	struct user user; /* whose write it is; without a name: the hub's */
	enum behalf_kind kind;
	int streams; /* that ended before their answer, HTTP/2 */
	int sees;    /* who writes may not read: the hub looks */
	CURL *easy;
	struct curl_slist *headers;
	char *text;
	struct buf answer;
};

/* Take the entry at index of the list and send it; it may end at once. */
void outbox_job_start(struct outbox_pass *t, size_t index);
/* Without a word on what becomes of it. */
void outbox_job_end(struct outbox_job *j);
/* curlev's done. */
void outbox_job_answer(CURL *easy, CURLcode result);
/* Send what may be sent now; at the end of all, end the pass. */
void outbox_pass_pump(struct outbox_pass *t);
void outbox_pass_say(const struct outbox_pass *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* lib/outbox_owner.c: objects that were made here, and what belongs to them. */
enum outbox_owner {
	OWNER_READY, /* none, or on the master; uids in the entry are its */
	OWNER_WAITS, /* its creation is to be sent first */
	OWNER_FAILED /* the master did not take it */
};
/* Of what is to be sent: 0, or -1 with errno. */
int outbox_owner_check(struct outbox_pass *t, json_t *entry,
    enum outbox_owner *state);
/* The creation of an object has ended; uid NULL: it failed. 0, or -1, errno. */
int outbox_owner_made(struct outbox_pass *t, const json_t *entry,
    const char *uid);
/* A new pass begins: what waits is to be looked up again. */
void outbox_owner_forget(struct outbox_pass *t);

#endif
