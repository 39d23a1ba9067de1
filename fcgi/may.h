#ifndef MAY_H
#define MAY_H

#include "who.h"

/*
 * Whether the caller may do what is asked for and answered here: what the
 * master decides itself needs no question of ours.
 */
enum may {
	MAY_YES,
	MAY_NO,	  /* it is answered: 403, or 503 where nobody knows */
	MAY_WAIT, /* resume() is called when it is known; then ask again */
};

int may_init(struct edge *e);

/* The master is asked if it is there and the last answer is not fresh. */
enum may may_start(struct request *r, void (*resume)(struct request *));
/* What is known now. Never MAY_WAIT. */
enum may may_now(struct request *r);
/* 1 if may_now() would not say that nobody knows. */
int may_is_known(struct request *r);
void may_close(struct request *r);

/* The master answered this request itself: what that tells. */
void may_learn(struct request *r, int code);

#endif
