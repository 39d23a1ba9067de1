#ifndef EDGENODE_MEMORY_H
#define EDGENODE_MEMORY_H

#include "edgenode_table.h"

/*
 * What was seen of nodes, in a file, so that another process goes on with it:
 * a line each, times in microseconds since 1970, which are compared only with
 * others of this machine.
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
/* One line, without its newline, cut up. */
void edgenode_memory_line(struct edgenode_table *t,
    const struct edgenode_clock *now, char *line);

#endif
