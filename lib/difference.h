#ifndef DIFFERENCE_H
#define DIFFERENCE_H

#include <jansson.h>

/*
 * What objects differ in. What is returned is the caller's; NULL of a function
 * that says nothing else is no memory.
 */

/*
 * The state that the master shall have, where ours came from before (NULL if
 * not known) and the master now has master: members that we changed are ours,
 * the others the master's, member by member. Lists are one value, but that
 * called conditions, whose elements are told apart by type. with ours_wins a
 * condition that we did not change is ours too: the master's controllers
 * rewrite those of nodes and pods that they lost sight of.
 */
json_t *difference_target(const json_t *before, const json_t *ours,
    const json_t *master, int ours_wins);

/*
 * A copy without what the server sets: resourceVersion, uid and the like of
 * its metadata.
 */
json_t *difference_bare(const json_t *object);

/*
 * 1 if all of part is in whole, which may have more (defaults, what admission
 * adds at the end of lists) but not among data, binaryData and labels.
 */
int difference_covers(const json_t *whole, const json_t *part);

/*
 * The merge patch that makes to of from; NULL where they are the same. 0, or
 * -1 with errno.
 */
int difference_patch(const json_t *from, const json_t *to, json_t **patch);

#endif
