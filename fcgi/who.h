#ifndef WHO_H
#define WHO_H

#include "edge.h"
#include "user.h"

/* Who asks; NULL while that is not known, or where nobody is told apart. */
const struct user *who_user(const struct request *r);

#endif
