#ifndef BEHALF_OWN_H
#define BEHALF_OWN_H

#include "kubeconfig.h"
#include "user.h"

/* Of lib/behalf.c alone: see behalf_init(). u is nobody before. */
int behalf_own(struct user *u, const struct kubeconfig *k);

#endif
