#ifndef NODE_MIRROR_H
#define NODE_MIRROR_H

#include <jansson.h>
#include <stddef.h>

/*
 * What a mirror pod refers to that is an object of the API, as
 * kube-apiserver's HasAPIObjectReference() tells it. 1 with it in what
 * ("secrets (via secret volumes)", or what begins with "unknown "), 0 if there
 * is nothing; -1 with errno.
 */
int node_mirror_refers(const json_t *pod, char *what, size_t len);

#endif
