#ifndef ACTION_H
#define ACTION_H

#include <sys/queue.h>

#include <stddef.h>

#include "buf.h"

/* A line: what kube-apiserver takes for a body, and the rest. */
#define ACTION_LINE_MAX (3 * 1024 * 1024 + 16 * 1024)

/*
 * An API request to be made, as a line of JSON says it. One allocation; its
 * strings are its own, "" where there is none, and UTF-8.
 */
struct action {
	const char *id, *node, *why; /* for the result */
	const char *method, *path, *type, *body;
	size_t body_len;
	size_t size;	/* of all in bytes */
	int bad;	/* it is none: for its result only */
	int is_renew;	/* a newer one of its node makes it void */
	int may_repeat; /* asking twice does no harm */
	/* of who has it */
	TAILQ_ENTRY(action) next;
	void *owner;
};

/*
 * Parse a line, its newline aside. NULL with errno ENOMEM; else to be freed.
 * What cannot be done is bad, with one line in why and as many of id, node and
 * why as could be read.
 */
struct action *action_parse(const char *line, size_t len, char *why,
    size_t whylen);
void action_free(struct action *a);

/* What became of it. Texts may be NULL, and need not be UTF-8. */
struct action_result {
	int code; /* 0: there was no answer */
	const char *reason, *message;
	long long ms; /* since it was first sent */
	int tries;
};

/* Append the line of a result. 0, or -1 with errno. */
int action_result_write(struct buf *b, const struct action *a,
    const struct action_result *r);

#endif
