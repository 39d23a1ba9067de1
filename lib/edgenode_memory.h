#ifndef EDGENODE_MEMORY_H
#define EDGENODE_MEMORY_H

#include "edgenode_table.h"

/*
 * What was seen of nodes, in a file, so that another process on this machine
 * goes on with it: times by the clock that no one sets, and which boot that is
 * of. After another boot all is as old as it was when it was kept.
 */

/* Put there whole, by rename. 0, or -1 with errno. */
int edgenode_memory_save(const struct edgenode_table *t,
    const struct edgenode_clock *now, const char *path);
/*
 * For rows that have not been looked at yet; lines of others, and such as are
 * none, are left out. 0, or -1 with errno (ENOENT: there is none).
 */
int edgenode_memory_load(struct edgenode_table *t,
    const struct edgenode_clock *now, const char *path);

/* When a file was kept: what is to be added to its times. */
struct edgenode_memory_age {
	long long kept_at, shift;
};
/*
 * Its first line, and any other one, without their newlines, cut up. The first
 * one: 0; -1 if it is none.
 */
int edgenode_memory_head(struct edgenode_memory_age *a,
    const struct edgenode_clock *now, char *line);
void edgenode_memory_line(struct edgenode_table *t,
    const struct edgenode_memory_age *a, const struct edgenode_clock *now,
    char *line);

#endif
