#ifndef OUTBOX_PASS_H
#define OUTBOX_PASS_H

#include "behalf.h"
#include "curlev.h"
#include "outbox_take.h"
#include "outbox_uid.h"
#include "upstream.h"

#define OUTBOX_PARALLEL 4

struct outbox_job;

/*
 * A pass over the outbox: all that waits is sent in order, of one object one
 * after the other, of others a few side by side; then events, one after the
 * other. A master that gives no answer ends it. The first part is the owner's
 * to fill in.
 */
struct outbox_pass {
	struct event_base *base;
	struct upstream *up;
	struct outbox_dirs *dirs;
	struct behalf_rules *rules; /* NULL: all in the hub's own name */
	long rate;		    /* entries a second */
	int verbose;
	void (*told)(void *arg, const char *text); /* a line, no newline */
	void (*progress)(void *arg);		   /* an entry has ended */
	void (*ended)(void *arg); /* may begin no new pass, but plan one */
	void *arg;
	/* what came of it */
	size_t done, failed, left;
	int running;
	int again;   /* there is more by now */
	int trouble; /* the master, or the disk; why: */
	char why[512];
	long long retry_after_ms; /* as the master asked, 0 if not */
	/* private */
	struct curlev curl;
	struct event *pace;
	struct outbox_list list;
	struct outbox_uids uids;
	struct outbox_uids made; /* of creations that wait, if asked for */
	int made_known;
	struct outbox_job *jobs[OUTBOX_PARALLEL];
	size_t first[2], njobs; /* of events, and of the others before them */
	int errors, busy;
	int urgent; /* more than events has come: they wait for the next pass */
	long long next_us;
};

/* 0, or -1 with errno. */
int outbox_pass_init(struct outbox_pass *t);
/* What is being sent is given up. */
void outbox_pass_free(struct outbox_pass *t);
/* 0, or -1 with errno. It may have ended when this returns. */
int outbox_pass_begin(struct outbox_pass *t);
/* A file of that name has appeared among the entries. */
void outbox_pass_heard(struct outbox_pass *t, const char *name);

#endif
