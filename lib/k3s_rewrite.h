#ifndef K3S_REWRITE_H
#define K3S_REWRITE_H

#include "span.h"

/*
 * Answers of a k3s server by which agents find their way, made to lead to the
 * hub; all other bytes stay. 0, or -1 with errno (EBADMSG: no JSON object).
 */

/*
 * /v1-k3s/config: where SupervisorPort and HTTPSPort differ the agent goes
 * past the hub, so each that is there becomes the port.
 */
int k3s_rewrite_config(struct buf *out, const char *text, size_t n, int port);

/*
 * The Endpoints "kubernetes" in default: one subset, ip and port. 1 if it was
 * that, 0 if it is another object (out is as it was), -1.
 */
int k3s_rewrite_endpoints(struct buf *out, struct span object, const char *ip,
    int port);

#endif
