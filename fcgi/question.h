#ifndef QUESTION_H
#define QUESTION_H

#include "access.h"
#include "edge.h"

/* What a request asks for, to an authorizer. Zeroed memory is none. */
struct question {
	struct access_question q; /* borrows of the request, and of this */
	char verb[24], subresource[64];
	char *fields, *labels, *mem;
};

/*
 * As RequestInfoFactory of kube-apiserver (apiserver/pkg/endpoints/request)
 * has it. 0, or -1 with errno.
 */
int question_make(struct question *out, const struct request *r);
/* The verb alone, of what is a resource; "" if it has none. */
const char *question_verb(const struct request *r);
/* Let it outlive the request: what was borrowed is copied. 0, or -1. */
int question_hold(struct question *q);
void question_free(struct question *q);

#endif
