#ifndef RECENT_H
#define RECENT_H

#include <jansson.h>

#include "edge.h"

/*
 * What the master answered to writes that went through to it, until the tree
 * has it: the next one may have to be taken here, and is of that state. At
 * most RECENT_MAX objects of RECENT_ALL_BYTES, each of RECENT_BYTES; the oldest
 * are forgotten, and so is what is larger.
 */
#define RECENT_MAX 1024
#define RECENT_ALL_BYTES (1024 * 1024)
#define RECENT_BYTES 65536

/* Bytes of the master's answer to a write, and its end. */
void recent_answer(struct request *r, const char *p, size_t n);
void recent_answered(struct request *r, int code);
/* Of a request that had none, too. */
void recent_close(struct request *r);

enum recent { RECENT_NONE, RECENT_THERE, RECENT_GONE };
/*
 * What is newer of an object than the tree, which has been followed; p names
 * the object. With RECENT_THERE *o, if not NULL, is a new reference.
 */
enum recent recent_find(struct edge *e, const struct apipath *p, json_t **o);
/* The tree has what came after it. path: of the object. */
void recent_forget(struct edge *e, const char *path);

#endif
