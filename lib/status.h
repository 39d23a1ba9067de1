#ifndef STATUS_H
#define STATUS_H

#include "buf.h"

/* metav1.Status, status Failure, as kube-apiserver writes it. */
struct status {
	int code;
	const char *reason; /* NULL: the one that belongs to code */
	const char *message;
	const char *name; /* details; each may be NULL */
	const char *group;
	const char *kind;  /* the plural resource (but for 422: the Kind) */
	const char *cause; /* reason of one cause, ResourceVersionTooLarge */
	const char *cause_message;
	int retry_after_seconds; /* 0: none */
};

/* Appends the JSON object, no newline. 0, or -1 with errno. */
int status_write(struct buf *b, const struct status *s);
/* The reason that belongs to an HTTP code ("NotFound"), "Unknown" else. */
const char *status_reason(int code);
/* The HTTP phrase of a code ("Not Found"). */
const char *status_phrase(int code);

#endif
