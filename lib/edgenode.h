#ifndef EDGENODE_H
#define EDGENODE_H

#include <stdint.h>

#include "edgenode_read.h"
#include "edgenode_time.h"

/*
 * EdgeController's view of a node: what its Node, its Lease and its EdgeNode
 * say, what was seen of them before, and what is to be done. Nothing here
 * reads a file or a clock. All times are microseconds: those of the monotonic
 * clock are called at, until or due, all others are since 1970.
 */
enum edgenode_state {
	EDGENODE_NEW,	   /* not looked at yet */
	EDGENODE_IGNORED,  /* not selected */
	EDGENODE_SILENT,   /* has no Lease, or one that another holds */
	EDGENODE_HEALTHY,  /* heartbeats come */
	EDGENODE_LATE,	   /* none come: by the node's line, or by ours */
	EDGENODE_TAKING,   /* its Lease is not seen renewed by us yet */
	EDGENODE_TAKEN,	   /* its Lease was last renewed by us */
	EDGENODE_RELEASED, /* cut off, and left to the master */
	EDGENODE_STATES
};
const char *edgenode_state_name(enum edgenode_state s);

#define EDGENODE_HEALED (-1) /* of pods: no more are to be healed */

/* What was seen of it while we look. */
struct edgenode_seen {
	long long renew_us, report_us;
	long long at, us;	/* of the last heartbeat */
	long long renewed_at;	/* of the last renewal of ours, 0: none */
	long long report_first; /* hub's reports since that heartbeat: at, */
	long long report_last;	/* 0: none */
	long long reported_at;	/* when its report changed, 0: never */
	long long lost_from;	/* since when no peer reaches it, 0: one may */
	long long good_at;	/* since when its Ready is ours, 0: it is not */
	int pods; /* how often its pods had their turn, since then; */
	unsigned lease : 1, report : 1; /* there was a first look */
	unsigned heard : 1;		/* a heartbeat has come since then */
	unsigned dead : 1; /* the hub reports, the kubelet does not */
	unsigned lost : 1; /* no peer has reached it for too long */
};

enum edgenode_try {
	EDGENODE_TRY_RENEW,
	EDGENODE_TRY_FORGET,
	EDGENODE_TRY_TAINT,
	EDGENODE_TRY_READY,
	EDGENODE_TRY_SHOW,
	EDGENODE_TRIES
};

struct edgenode {
	char *name;
	struct edgenode_node node;
	struct edgenode_lease lease;
	struct edgenode_shown shown;
	struct edgenode_seen seen;
	enum edgenode_state state;
	enum edgenode_state told; /* by the last Event */
	int exceeded;		  /* why it was released: its time is over */
	int mine;		  /* this controller has stood in for it */
	long long max_us;	  /* its autonomy, 0: for ever */
	long long due;		  /* when to decide again; 0: now */
	uint64_t told_bad;	  /* the annotation that an Event was about */
	int pods_turn;		  /* private to edgenode_pods.c */
	long long pods_after;	  /* when its pods may have their next turn */
	/* the renewal that was asked for last, and its renewTime; 0: none */
	long long asked_at, asked_us;
	/* since when its conditions are what they are, as first seen */
	struct edgenode_turn turned[EDGENODE_CONDITIONS];
	char *words; /* edgenode_peers_read(): what its hub says of others */
	char *reached_by; /* which other one reaches it, or NULL */
	struct {
		int cut;
		unsigned unreached;
		const char *by, *last;
	} peers;		 /* private to edgenode_peers.c */
	unsigned want;		 /* edgenode_round(): what is to be done */
	enum edgenode_state was; /* before that */
	struct {
		long long after;
		int count;
	} tries[EDGENODE_TRIES], insists; /* insists: see edgenode.c */
};

struct edgenode_options {
	const char *name;
	long long takeover_us, renew_us, retry_us;
	long long max_us; /* 0: for ever */
	int show;	  /* there are EdgeNodes */
	unsigned peers;	  /* so many must not reach a node; 0: do not ask */
	int urgent;	  /* Leases only now, the rest the next time */
	int probe;	  /* may renew a Lease to learn who is cut off */
	/* as of when the tree has all that the master had: at, 0 unknown */
	long long proved;
};

struct edgenode_clock {
	long long at, us;
	const char *boot; /* what at counts from; NULL: both were given */
};

/*
 * Keep in mind what a Lease or an EdgeNode that was just read tells. A Lease
 * that shows the renewal that was asked for last proves that the tree has all
 * that the master had by then, as a watch is in order: the return is when that
 * was asked for, else 0.
 */
long long edgenode_see_lease(struct edgenode *n,
    const struct edgenode_clock *now);
void edgenode_see_report(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now);
/* An object has changed: what was tried of it may be tried again soon. */
void edgenode_stir(struct edgenode *n, enum edgenode_try what,
    const struct edgenode_clock *now);

enum edgenode_want {
	EDGENODE_RENEW = 1 << 0,
	EDGENODE_FORGET = 1 << 1, /* that the Lease was ever ours */
	EDGENODE_PUT_TAINT = 1 << 2,
	EDGENODE_DROP_TAINT = 1 << 3,
	EDGENODE_PATCH_READY = 1 << 4,
	EDGENODE_CREATE = 1 << 5, /* the EdgeNode */
	EDGENODE_OWN = 1 << 6,	  /* make it the Node's */
	EDGENODE_SHOW = 1 << 7,	  /* its status */
	EDGENODE_DELETE = 1 << 8,
	EDGENODE_TELL_CUT_OFF = 1 << 9,
	EDGENODE_TELL_CONNECTED = 1 << 10,
	EDGENODE_TELL_LET_GO = 1 << 11,
	EDGENODE_TELL_BAD_MAX = 1 << 12,
};

/*
 * What is to be done now: enum edgenode_want together. Sets state and due;
 * before due, unless something has been read, there is nothing to decide.
 */
unsigned edgenode_decide(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now);

/* What its state would be; changes nothing that counts. */
enum edgenode_state edgenode_state_now(struct edgenode *n,
    const struct edgenode_options *o, const struct edgenode_clock *now);

/* When its heartbeats stopped. */
long long edgenode_heartbeat(const struct edgenode *n,
    const struct edgenode_clock *now);

#endif
