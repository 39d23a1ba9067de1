#ifndef EDGENODE_SAY_H
#define EDGENODE_SAY_H

#include "clock.h"
#include "edgenode.h"

/* What its EdgeNode is to say in this state; strings are static or in here. */
struct edgenode_says {
	const char *phase, *ready, *reason, *autonomous, *autonomous_reason;
	char message[256], autonomous_message[512];
	char heartbeat[CLOCK_TEXT_LEN], since[CLOCK_TEXT_LEN]; /* "": none */
};
void edgenode_say(struct edgenode_says *s, const struct edgenode *n);
/* What that makes of a condition. */
enum edgenode_truth edgenode_truth(const struct edgenode_says *s,
    enum edgenode_condition which);
/* A hash of it, never 0. */
uint64_t edgenode_said(const struct edgenode_says *s);

#endif
