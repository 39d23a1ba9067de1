#ifndef STATUS_H
#define STATUS_H

#include "buf.h"

struct status_cause {
	const char *reason, *message, *field; /* each may be NULL */
};

/* metav1.Status, status Failure, as kube-apiserver writes it. */
struct status {
	int code;
	const char *reason; /* NULL: the one that belongs to code */
	const char *message;
	const char *name; /* details; each may be NULL */
	const char *group;
	const char *kind; /* the plural resource (but for 422: the Kind) */
	const struct status_cause *causes;
	size_t ncauses;
	const char *cont; /* metadata.continue, or NULL */
	int details;	  /* write an object of them even if it is empty */
	int retry_after_seconds; /* 0: none */
};

/* Appends the JSON object, no newline. 0, or -1 with errno. */
int status_write(struct buf *b, const struct status *s);
/* The reason that belongs to an HTTP code ("NotFound"), "Unknown" else. */
const char *status_reason(int code);
/* The HTTP phrase of a code ("Not Found"). */
const char *status_phrase(int code);

#endif
