#ifndef NODE_RULES_H
#define NODE_RULES_H

#include "access.h"
#include "node_refs.h"

/* The name of the node whose kubelet u is (system:node:NAME in system:nodes),
 * or NULL. */
const char *node_rules_node(const struct user *u);

/*
 * What the Node authorizer of kube-apiserver 1.34 to 1.36 would say to the
 * kubelet of that node, whose pods are in refs: never wider. 1 allowed; 0 not,
 * with its reason ("no relationship found between node 'x' and this object").
 */
int node_rules_allow(const char *node, struct node_refs *refs,
    const struct access_question *q, char *reason, size_t len);

#endif
