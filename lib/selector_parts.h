#ifndef SELECTOR_PARTS_H
#define SELECTOR_PARTS_H

#include "selector.h"

/* What the parsers of label and of field selectors share. */

void selector_req_free(struct selector_req *r);

/* Insert a copy of value where it belongs, unless it is there. -1 ENOMEM. */
int selector_add_value(struct selector_req *r, const char *value);

/* Takes *r over, and on failure (-1, ENOMEM) frees it. */
int selector_add_req(struct selector *s, struct selector_req *r);

/* The reason, in why; -1 with errno EINVAL. */
int selector_fail(char *why, size_t whylen, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The end of parsing: sort what came out, or free it and hand rc's errno on. */
int selector_finish(struct selector *s, int rc, char *why, size_t whylen);

#endif
