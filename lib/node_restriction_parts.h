#ifndef NODE_RESTRICTION_PARTS_H
#define NODE_RESTRICTION_PARTS_H

#include <string.h>

#include "node_restriction.h"

/* What the parts of node_restriction() share. */
enum op {
	OP_NONE,
	OP_CREATE,
	OP_UPDATE,
	OP_DELETE,
};

/* A write, with "" for NULL. */
struct judge {
	struct node_write w;
	enum op op;
	struct buf *why;
};

static inline int
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* A string member, "" if there is none. */
static inline const char *
text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL ? "" : s;
}

static inline const json_t *
meta(const json_t *o, const char *name)
{
	return json_object_get(json_object_get(o, "metadata"), name);
}

static inline const json_t *
spec(const json_t *o, const char *name)
{
	return json_object_get(json_object_get(o, "spec"), name);
}

static inline const char *
node_of(const json_t *o)
{
	return text(json_object_get(o, "spec"), "nodeName");
}

/* -1 with EPERM and the message of a 403; with ENOENT and that of a 404. */
int node_refuse(const struct judge *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int node_not_found(const struct judge *j, const char *resource,
    const char *name);
const char *node_op_name(enum op op);
/* 1 if they are the same but for what is empty. */
int node_same(const json_t *a, const json_t *b);

int node_admit_pods(const struct judge *j);
int node_admit_token(const struct judge *j);
int node_admit_node(const struct judge *j);
int node_admit_csr(const struct judge *j);

#endif
