/*
 * A place to put who.c: nobody is told apart yet.
 */
#include <stddef.h>

#include "who.h"

const struct user *
who_user(const struct request *r)
{
	(void)r;
	return NULL;
}
