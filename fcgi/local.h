#ifndef LOCAL_H
#define LOCAL_H

#include "object.h"
#include "outbox.h"
#include "parts.h"

/* Between the parts of local*.c alone. */

/* What became of acting upon a write. */
enum local_fate {
	LOCAL_ANSWERED,
	LOCAL_KEPT,  /* it is answered when it is durable */
	LOCAL_AGAIN, /* later: its object is being written */
};

/* A write that is taken here. */
struct local {
	TAILQ_ENTRY(local) next;
	struct request *r; /* NULL: the client has gone */
	unsigned verb;
	enum policy policy;
	int dry;     /* dryRun: nothing is kept */
	int late;    /* the master was asked, and may have done it */
	int unnamed; /* the master's, unless its object's name waits */
	int too_large;
	struct buf body;
	/* local_keep.c */
	enum {
		LOCAL_TAKING,
		LOCAL_WAITING,
		LOCAL_KEEPING,
		LOCAL_SENT /* to ote-watch-sync, or about to be answered */
	} state;
	enum local_fate fate;
	struct keeper *keeper;
	long long deadline; /* ms, monotonic */
	int queued;	    /* in the outbox, once that is synced */
	enum feed_type type;
	uint64_t object; /* outbox_object() of the path */
	char *path;
	char *text; /* of now, for the tree; NULL: not there */
	json_t *now, *answer;
	int code;
};

/* What it does. All borrowed; now gets its resourceVersion. */
struct local_change {
	enum feed_type type;
	const char *path; /* of the object */
	const json_t *was, *options;
	const char *content_type; /* of now, where that is a patch */
	json_t *now;
	int treeless;	/* no feed has it */
	json_t *answer; /* NULL: now */
	int code;	/* of the answer */
};

/* local.c: do what l says, or refuse it; sets l->fate. */
void local_act(struct local *l);
/* local_keep.c: act upon it when its turn comes. Takes l. */
void local_wait(struct local *l);
/* From local_act(): queue and apply it, answer it then. */
void local_keep(struct local *l, const struct local_change *c);
/* The client has gone. Takes l. */
void local_leave(struct local *l);
void local_free(struct local *l);
/* The outbox, or NULL. */
struct outbox *local_outbox(struct edge *e);
/* The object that the request names: a new reference, or NULL, answered. */
json_t *local_stored(struct local *l);

/*
 * A kubelet's write, as NodeRestriction would; was, now: NULL where there is
 * none. 0; -1 answered.
 */
int local_admit(const struct local *l, const json_t *was, const json_t *now);

void local_answer(struct local *l, int code, const json_t *o);
/* The path of an object of p's collection. 0, or -1. */
int local_path(const struct apipath *p, const char *name, char *out,
    size_t len);
int local_is_event(const struct apipath *p);

/* local_make.c: o, and options (or NULL), are changed on the way. */
void local_create(struct local *l, json_t *o);
void local_delete(struct local *l, json_t *options);

#endif
