/*
 * The words of an EdgeNode. They depend on nothing that changes while the
 * state does not, so that an EdgeNode is written at transitions only.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "edgenode_say.h"
#include "human.h"

static void
say_healthy(struct edgenode_says *s, const struct edgenode *n)
{
	int good = n->node.ready != EDGENODE_FALSE;

	s->phase = good ? "Ready" : "NotReady";
	s->ready = good ? "True" : "False";
	s->reason = good ? "KubeletReady" : "KubeletNotReady";
	snprintf(s->message, sizeof(s->message), "%s",
	    good ? "the kubelet renews the node's Lease"
		 : "the kubelet says that its node is not ready");
	s->autonomous_reason = "Connected";
	snprintf(s->autonomous_message, sizeof(s->autonomous_message),
	    "the node speaks for itself");
}

static void
say_silent(struct edgenode_says *s, const struct edgenode *n)
{
	s->phase = s->ready = "Unknown";
	s->reason = n->lease.there ? "LeaseHeldByAnother" : "NoLease";
	s->autonomous_reason = s->reason;
	snprintf(s->message, sizeof(s->message), "%s",
	    n->lease.there ? "the Lease is held by another than the node"
			   : "the node has no Lease in kube-node-lease");
	snprintf(s->autonomous_message, sizeof(s->autonomous_message),
	    "heartbeats cannot be told, so that nothing is done");
}

static void
say_taken(struct edgenode_says *s, const struct edgenode *n)
{
	s->phase = "NotReady";
	s->ready = "False";
	s->reason = "CutOff";
	snprintf(s->message, sizeof(s->message), "no heartbeat since %s",
	    s->heartbeat);
	s->autonomous = "True";
	s->autonomous_reason = "TakenOver";
	snprintf(s->autonomous_message, sizeof(s->autonomous_message),
	    "its Lease is renewed in the kubelet's place since %s%s%s",
	    s->since, n->reached_by != NULL ? "; it is reached by " : "",
	    n->reached_by != NULL ? n->reached_by : "");
}

static void
say_released(struct edgenode_says *s, const struct edgenode *n)
{
	char lasted[HUMAN_LEN];

	s->phase = "NotReady";
	s->ready = "False";
	snprintf(s->message, sizeof(s->message), "no heartbeat since %s",
	    s->heartbeat);
	if (n->exceeded) {
		human_duration(n->max_us, lasted);
		s->reason = "AutonomyExceeded";
		snprintf(s->autonomous_message, sizeof(s->autonomous_message),
		    "left to the master: cut off for more than %s", lasted);
	} else if (!n->seen.dead) {
		s->reason = "PeersCannotReach";
		snprintf(s->autonomous_message, sizeof(s->autonomous_message),
		    "left to the master: no other node reaches it");
	} else {
		s->reason = "KubeletStopped";
		snprintf(s->autonomous_message, sizeof(s->autonomous_message),
		    "left to the master: the hub reports, the kubelet does "
		    "not");
	}
	s->autonomous_reason = s->reason;
}

/* Times of a node that is cut off. */
static void
say_times(struct edgenode_says *s, const struct edgenode *n)
{
	const struct edgenode_clock any = { 0, INT64_MAX, NULL };
	long long heartbeat = edgenode_heartbeat(n, &any);

	if (heartbeat != 0)
		clock_second(heartbeat, s->heartbeat);
	if (n->state == EDGENODE_TAKEN && n->lease.since_us != 0)
		clock_second(n->lease.since_us, s->since);
}

void
edgenode_say(struct edgenode_says *s, const struct edgenode *n)
{
	memset(s, 0, sizeof(*s));
	s->autonomous = "False";
	if (n->state == EDGENODE_TAKEN || n->state == EDGENODE_RELEASED)
		say_times(s, n);
	if (n->state == EDGENODE_TAKEN)
		say_taken(s, n);
	else if (n->state == EDGENODE_RELEASED)
		say_released(s, n);
	else if (n->state == EDGENODE_SILENT)
		say_silent(s, n);
	else
		say_healthy(s, n);
}

enum edgenode_truth
edgenode_truth(const struct edgenode_says *s, enum edgenode_condition which)
{
	const char *text = which == EDGENODE_READY ? s->ready : s->autonomous;

	if (strcmp(text, "True") == 0)
		return EDGENODE_TRUE;
	return strcmp(text, "False") == 0 ? EDGENODE_FALSE : EDGENODE_UNKNOWN;
}

static uint64_t
add(uint64_t h, const char *text)
{
	return edgenode_hash(h, text, strlen(text) + 1);
}

uint64_t
edgenode_said(const struct edgenode_says *s)
{
	uint64_t h = EDGENODE_HASH;

	h = add(h, s->phase);
	h = add(h, s->ready);
	h = add(h, s->reason);
	h = add(h, s->message);
	h = add(h, s->autonomous);
	h = add(h, s->autonomous_reason);
	h = add(h, s->autonomous_message);
	h = add(h, s->heartbeat);
	h = add(h, s->since);
	return h == 0 ? 1 : h;
}
