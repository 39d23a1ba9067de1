#ifndef ACCESS_REVIEW_H
#define ACCESS_REVIEW_H

#include "access.h"
#include "buf.h"

/*
 * authorization.k8s.io/v1: POST to /apis/authorization.k8s.io/v1/... .
 * Append a SubjectAccessReview that asks q for u; with u NULL a
 * SelfSubjectAccessReview. Selectors go as rawSelector (KEP-4601). 0, or -1
 * with errno.
 */
int access_review_write(struct buf *b, const struct access_question *q,
    const struct user *u);

/*
 * The answer, as JSON. 1 allowed, 0 not, with the authorizer's reason; -1 with
 * errno EBADMSG where it is none. An evaluationError without allowed is -1
 * with EAGAIN: nothing is known.
 */
int access_review_read(const char *p, size_t n, char *reason, size_t len);

/*
 * kube-apiserver's words (responsewriters.Forbidden): `pods "a" is forbidden:
 * User "x" cannot get resource "pods" in API group "" in the namespace "d"`,
 * and of a path `forbidden: User "x" cannot get path "/y"`; ": reason" behind
 * it. 0, or -1 with errno.
 */
int access_forbidden(struct buf *b, const struct access_question *q,
    const struct user *u, const char *reason);

#endif
