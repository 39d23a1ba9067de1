#ifndef EDGENODE_READ_H
#define EDGENODE_READ_H

#include <stdint.h>

#include "span.h"

/*
 * What counts of a Node, its Lease and its EdgeNode. Times are microseconds
 * since 1970.
 */
#define EDGENODE_PREFIX "edgenode.ote.baidu.com/"
#define EDGENODE_TAINT EDGENODE_PREFIX "cut-off"
#define EDGENODE_MAX_AUTONOMY EDGENODE_PREFIX "max-autonomy"
/* of a Lease that was renewed in the kubelet's place */
#define EDGENODE_RENEWED_BY EDGENODE_PREFIX "renewed-by" /* NAME RENEWTIME */
#define EDGENODE_SINCE EDGENODE_PREFIX "taken-over-since"
#define EDGENODE_HEARTBEAT EDGENODE_PREFIX "last-heartbeat"

enum edgenode_truth {
	EDGENODE_ABSENT,
	EDGENODE_TRUE,
	EDGENODE_FALSE,
	EDGENODE_UNKNOWN
};

/* The conditions of an EdgeNode that are written here. */
enum edgenode_condition {
	EDGENODE_READY,
	EDGENODE_AUTONOMOUS,
	EDGENODE_CONDITIONS
};

/* What one of them became, and when: whole seconds, 0: none. */
struct edgenode_turn {
	long long us;
	enum edgenode_truth to;
};

/* Of the Node. */
struct edgenode_node {
	uint64_t rv, uid;   /* uid: a hash */
	long long ready_us; /* when Ready changed */
	long long max_us;   /* the annotation, 0: for ever, -1: none */
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
	unsigned by_us : 1; /* annotated by this controller, not by another */
};

/* Of its EdgeNode. */
struct edgenode_shown {
	uint64_t rv, owner; /* owner: as node.uid */
	uint64_t said;	    /* edgenode_said() of its status */
	long long heartbeat_us, report_us, max_us;
	uint64_t bad_max;
	struct edgenode_turn turned[EDGENODE_CONDITIONS];
	unsigned there : 1, released : 1, dead : 1, lost : 1;
	unsigned by_us : 1; /* observedBy */
};

/* Parsing: the bytes of an object that is JSON. What is odd counts as absent. */
void edgenode_read_node(struct edgenode_node *n, struct span object);
void edgenode_read_lease(struct edgenode_lease *l, struct span object,
    const char *name, const char *controller);
void edgenode_read_shown(struct edgenode_shown *s, struct span object,
    const char *controller);

/* 1 if the Lease was last renewed by an EdgeController. */
int edgenode_is_ours(const struct edgenode_lease *l);

#endif
