#ifndef EDGENODE_H
#define EDGENODE_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

/*
 * EdgeController's view of a node: what its Node, its Lease and its EdgeNode
 * say, what was seen of them before, and what is to be done. Nothing here
 * reads a file or a clock. All times are microseconds: those of the monotonic
 * clock are called at, until or due, all others are since 1970.
 */
#define EDGENODE_SECOND 1000000LL
#define EDGENODE_PREFIX "edgenode.ote.baidu.com/"
#define EDGENODE_TAINT EDGENODE_PREFIX "cut-off"
#define EDGENODE_MAX_AUTONOMY EDGENODE_PREFIX "max-autonomy"
/* of a Lease that was renewed in the kubelet's place */
#define EDGENODE_RENEWED_BY EDGENODE_PREFIX "renewed-by" /* NAME RENEWTIME */
#define EDGENODE_SINCE EDGENODE_PREFIX "taken-over-since"
#define EDGENODE_HEARTBEAT EDGENODE_PREFIX "last-heartbeat"

enum edgenode_state {
	EDGENODE_NEW,	   /* not looked at yet */
	EDGENODE_IGNORED,  /* not selected */
	EDGENODE_SILENT,   /* has no Lease, or one that another holds */
	EDGENODE_HEALTHY,  /* heartbeats come */
	EDGENODE_TAKING,   /* its Lease is not seen renewed by us yet */
	EDGENODE_TAKEN,	   /* its Lease was last renewed by us */
	EDGENODE_RELEASED, /* cut off, and left to the master */
	EDGENODE_STATES
};
const char *edgenode_state_name(enum edgenode_state s);

enum edgenode_truth {
	EDGENODE_ABSENT,
	EDGENODE_TRUE,
	EDGENODE_FALSE,
	EDGENODE_UNKNOWN
};

/* Of the Node. */
struct edgenode_node {
	uint64_t rv, uid;   /* uid: a hash */
	long long ready_us; /* when Ready changed */
	long long max_us;   /* the annotation, -1: none */
	uint64_t bad_max;   /* hash of one that is no duration, or 0 */
	unsigned selected : 1, tainted : 1, leaving : 1;
	unsigned unknown : 1; /* conditions that the master made Unknown */
	unsigned patched : 1; /* Ready is ours, from having been Unknown */
	unsigned ready : 2;   /* enum edgenode_truth */
};

/* Of its Lease. */
struct edgenode_lease {
	uint64_t rv;
	long long renew_us;		  /* 0: none */
	long long renewed_us;		  /* written by us, 0: never */
	long long since_us, heartbeat_us; /* of that takeover, 0: none */
	unsigned there : 1, held : 1;	  /* held: by its node */
};

/* Of its EdgeNode. */
struct edgenode_shown {
	uint64_t rv, owner; /* owner: as node.uid */
	uint64_t said;	    /* edgenode_said() of its status */
	long long heartbeat_us, report_us, max_us;
	uint64_t bad_max;
	unsigned there : 1, released : 1, dead : 1;
	unsigned by_us : 1; /* observedBy */
};

/* What was seen of it while we look. */
struct edgenode_seen {
	long long renew_us, report_us;
	long long at, us;	/* of the last heartbeat */
	long long renewed_at;	/* of the last renewal of ours, 0: none */
	long long report_first; /* hub's reports since that heartbeat: at, */
	long long report_last;	/* 0: none */
	unsigned lease : 1, report : 1; /* there was a first look */
	unsigned heard : 1;		/* a heartbeat has come since then */
	unsigned dead : 1; /* the hub reports, the kubelet does not */
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
	long long max_us;	  /* its autonomy, -1: for ever */
	long long due;		  /* when to decide again; 0: now */
	uint64_t told_bad;	  /* the annotation that an Event was about */
	int pods; /* those of a node that was Unknown are done */
	struct {
		long long after;
		int count;
	} tries[EDGENODE_TRIES];
};

struct edgenode_options {
	const char *name;
	long long takeover_us, renew_us, retry_us;
	long long max_us; /* -1: for ever */
	int show;	  /* there are EdgeNodes */
	int urgent;	  /* Leases only now, the rest the next time */
};

struct edgenode_clock {
	long long at, us;
};

/* Parsing: the bytes of an object that is JSON. What is odd counts as absent. */
void edgenode_read_node(struct edgenode_node *n, struct span object);
void edgenode_read_lease(struct edgenode_lease *l, struct span object,
    const char *name);
void edgenode_read_shown(struct edgenode_shown *s, struct span object,
    const char *controller);

/* Keep in mind what a Lease or an EdgeNode that was just read tells. */
void edgenode_see_lease(struct edgenode *n, const struct edgenode_clock *now);
void edgenode_see_report(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now);
/* An object has changed: what was tried of it may be tried again soon. */
void edgenode_stir(struct edgenode *n, enum edgenode_try what,
    const struct edgenode_clock *now);
/* 1 if the Lease was last renewed by an EdgeController. */
int edgenode_is_ours(const struct edgenode_lease *l);

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
	EDGENODE_PODS = 1 << 13, /* heal its pods; as long as pods is 0 */
};

/*
 * What is to be done now: enum edgenode_want together. Sets state and due;
 * before due, unless something has been read, there is nothing to decide.
 */
unsigned edgenode_decide(struct edgenode *n, const struct edgenode_options *o,
    const struct edgenode_clock *now);

/* When its heartbeats stopped. */
long long edgenode_heartbeat(const struct edgenode *n,
    const struct edgenode_clock *now);

/* What its EdgeNode is to say in this state; strings are static or in here. */
#define EDGENODE_TIME 32
struct edgenode_says {
	const char *phase, *ready, *reason, *autonomous, *autonomous_reason;
	char message[256], autonomous_message[256];
	char heartbeat[EDGENODE_TIME], since[EDGENODE_TIME]; /* "": none */
};
void edgenode_say(struct edgenode_says *s, const struct edgenode *n);
/* A hash of it, never 0. */
uint64_t edgenode_said(const struct edgenode_says *s);

/* FNV-1a. */
uint64_t edgenode_hash(uint64_t h, const void *p, size_t n);
#define EDGENODE_HASH 14695981039346656037ULL

/*
 * A duration as Go's time.ParseDuration takes it ("1h30m", "0"), not negative
 * and at most 292 years. 0, or -1.
 */
int edgenode_duration(const char *text, size_t n, long long *us);
/* RFC 3339, whole seconds or (micro) metav1.MicroTime. 0; -1: no such year. */
int edgenode_time(long long us, int micro, char out[EDGENODE_TIME]);

#endif
