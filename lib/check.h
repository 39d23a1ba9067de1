#ifndef CHECK_H
#define CHECK_H

#include "buf.h"

/*
 * What is wrong with the feed in dir (a path without symbolic links), a line
 * each into findings: "DIR: what\n". objects/ may lag behind its journal for
 * patience_ms, of which is taken away what was waited. The number of
 * findings; -1 with errno if it cannot be told (ENOMEM, EACCES, EIO, ...).
 */
int check_feed(const char *dir, int *patience_ms, struct buf *findings);

/* What an entry of a feed's directory is, by its name. */
enum check_entry {
	CHECK_OURS,
	CHECK_TEMP, /* of a write that did not come to an end */
	CHECK_FOREIGN,
};
enum check_entry check_entry(const char *name);

#endif
