#ifndef PROJECT_H
#define PROJECT_H

#include <stddef.h>

#include "buf.h"

/*
 * Which members of objects are kept: names with dots between, paths with
 * commas between. \. is a dot in a name, \, a comma; " and \\ are in none. A
 * name stands for the member with all that is in it; arrays are kept whole or
 * not at all, and a path into one, or into a string, keeps nothing. apiVersion,
 * kind and metadata's name, namespace, uid and resourceVersion are always kept.
 * Zeroed memory keeps all.
 */
#define PROJECT_TEXT_MAX 4096
#define PROJECT_DEPTH_MAX 16

struct project_node {
	char *name;
	size_t n;	    /* bytes of name */
	size_t child, next; /* in nodes, 0: none; sorted by name */
	int whole;
};

struct project {
	struct project_node *nodes; /* nodes[0] is the object itself */
	size_t n, cap;
	char *text;
};

/* 0; -1 with errno EINVAL (no such list, or too long) or ENOMEM, p freed. */
int project_parse(struct project *p, const char *text);
void project_free(struct project *p);
/*
 * The list again, each path once, sorted, what is always kept included: equal
 * lists have equal texts. "" if all is kept. Borrowed.
 */
const char *project_text(const struct project *p);
/* 1 if all of what is at this path (no escapes) is kept. */
int project_has(const struct project *p, const char *path);
/*
 * Append the object that is left, its bytes and their order as they were, but
 * for blanks between members. 0; -1 with errno EBADMSG (no object from its
 * first byte to its last; what is left out is not looked into) or ENOMEM.
 */
int project_object(const struct project *p, const char *object, size_t len,
    struct buf *b);

#endif
