#ifndef EDGENODE_WRITE_H
#define EDGENODE_WRITE_H

#include "edgenode.h"
#include "edgenode_tree.h"

enum edgenode_why {
	EDGENODE_WHY_RENEW,
	EDGENODE_WHY_RELEASE,
	EDGENODE_WHY_TAINT,
	EDGENODE_WHY_UNTAINT,
	EDGENODE_WHY_READY,
	EDGENODE_WHY_EDGENODE,
	EDGENODE_WHY_EVENT,
	EDGENODE_WHY_POD,
	EDGENODE_WHYS
};
const char *edgenode_why_name(enum edgenode_why w);

/* Actions as ote-apply(8) reads them, a line each. */
struct edgenode_writer {
	const struct edgenode_tree *tree; /* all is borrowed */
	const char *name;
	struct edgenode_clock now;
	struct buf out;
	uint64_t id; /* of the last one */
	uint64_t count[EDGENODE_WHYS];
};

/*
 * Append the lines for want, enum edgenode_want together. What cannot be said,
 * as its object is not there any more, is left out. 0, or -1 with errno.
 */
int edgenode_write(struct edgenode_writer *w, const struct edgenode *n,
    unsigned want);

/* One line. body: a reference that is taken, NULL fails. 0, or -1 with errno. */
struct edgenode_action {
	const char *method, *path, *type; /* type: before "+json", "" none */
	enum edgenode_why why;
};
int edgenode_write_action(struct edgenode_writer *w, const char *node,
    const struct edgenode_action *a, json_t *body);

/* Private to edgenode_write.c: bodies. New references; NULL: cannot be. */
json_t *edgenode_body_renew(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_forget(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_taint(const struct edgenode_writer *w,
    const struct edgenode *n, int put);
json_t *edgenode_body_ready(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_create(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_own(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_show(const struct edgenode_writer *w,
    const struct edgenode *n);
json_t *edgenode_body_event(const struct edgenode_writer *w,
    const struct edgenode *n, enum edgenode_want which);
json_t *edgenode_body_pod(const struct edgenode_writer *w, const char *uid);

#endif
