#ifndef AS_H
#define AS_H

#include "behalf.h"
#include "who.h"

/*
 * As whom the caller's own requests go upstream. 0; -1 with why, and how to
 * allow it. *b is borrowed until the next call.
 */
int as_choose(struct request *r, struct behalf *b, char *why, size_t len);

/*
 * As whom the request goes upstream. 0; -1: it is answered, 403 with how to
 * allow it. *b is borrowed until the next call.
 */
int as_caller(struct request *r, struct behalf *b);

/*
 * Impersonate-* headers of the client: 0 if there are none, or they may pass
 * with the caller's own credential (then r->poses is 1); an administrator's
 * are taken at their word: r->who becomes whom they name. -1: answered.
 */
int as_poses(struct request *r);

#endif
