#ifndef REMEMBER_H
#define REMEMBER_H

#include "buf.h"
#include "fetch.h"

/*
 * The whole discovery of a master in data/replies, data/run/discovery and
 * data/tables. Zeroed memory with the first part filled in is one that knows
 * nothing yet.
 */
struct remember {
	struct fetch *fetch; /* borrowed, as the next */
	const char *data;
	int datafd;
	int verbose;
	void (*told)(const char *text); /* a line, no newline */
	int full;    /* look at everything in the next pass */
	int touched; /* what defines custom resources has changed */
	/* private */
	int lost; /* the master's silence was told */
	int groups_complete, schemas_complete;
	int all; /* fetch every group's document, changed or not */
	unsigned passes;
	size_t documents;
	struct buf seen; /* "\nPATH\n" of all that there is now */
};

/*
 * Fetch what changed; every twentieth time, and when full is set, also what
 * has no ETag. 0 if all is there now; full and touched are 0 then. -1 if it
 * is to be tried again: the master, or the disk, gave out.
 */
int remember_pass(struct remember *t);
void remember_free(struct remember *t);

#endif
