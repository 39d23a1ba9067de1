#ifndef JSONPATH_NODE_H
#define JSONPATH_NODE_H

#include "jsonpath.h"

/* What a path was parsed into; for lib/jsonpath*.c alone. */

#define JSONPATH_ACTIONS 8

enum jsonpath_kind {
	JSONPATH_FIELD, /* value: its name */
	JSONPATH_SLICE,
	JSONPATH_UNION,	 /* of lists */
	JSONPATH_FILTER, /* lists: left, and right */
	JSONPATH_WILDCARD,
	JSONPATH_RECURSIVE,
	JSONPATH_VALUE, /* itself, whatever it is applied to */
	JSONPATH_WORD	/* an error */
};

enum jsonpath_op {
	JSONPATH_EXISTS,
	JSONPATH_UNKNOWN,
	JSONPATH_LESS, /* these in the order of jsonpath.c */
	JSONPATH_GREATER,
	JSONPATH_EQUAL,
	JSONPATH_NOT_EQUAL,
	JSONPATH_LESS_EQUAL,
	JSONPATH_GREATER_EQUAL
};

struct jsonpath_bound {
	long long at;
	int known;
};

struct jsonpath_list {
	struct jsonpath_node *nodes;
	size_t n;
};

struct jsonpath_node {
	enum jsonpath_kind kind;
	enum jsonpath_op op;
	json_t *value;
	struct jsonpath_bound bounds[3];
	int derived; /* the second bound follows from the first */
	struct jsonpath_list *lists;
	size_t nlists;
};

struct jsonpath {
	struct jsonpath_list actions[JSONPATH_ACTIONS];
	size_t n;
};

void jsonpath_list_free(struct jsonpath_list *list);

#endif
