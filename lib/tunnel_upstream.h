#ifndef TUNNEL_UPSTREAM_H
#define TUNNEL_UPSTREAM_H

#include <event2/bufferevent.h>

#include "behalf.h"
#include "credential.h"
#include "kubeconfig.h"
#include "tunnel_caller.h"

/* The master's side of tunnels. The caller fills it in and owns it. */
struct tunnel_upstream {
	struct kubeconfig kubeconfig;
	struct credential credential;
	struct behalf_rules rules;
	int webhook; /* the caller's identity counts */
};

/*
 * As whom a caller goes there. 0, or an HTTP status and why. by borrows c
 * and u. A token of a websocket protocol is in the head, which goes
 * as it is: with nobody's credential.
 */
int tunnel_upstream_choose(struct tunnel_upstream *u,
    const struct tunnel_caller *c, struct behalf *by, char *why, size_t len);

/*
 * So too of a caller with a certificate, for the server of k3s itself. That
 * does not look at Impersonate-* headers (k3s, pkg/server/auth): it is 403
 * where there is neither the caller's key pair nor his own credential.
 */
int tunnel_upstream_choose_agent(struct tunnel_upstream *u,
    const struct tunnel_caller *c, struct behalf *by, char *why, size_t len);

/*
 * A connection that is still to be made, for the caller to free, TLS with the
 * certificate of by. NULL with why.
 */
struct bufferevent *tunnel_upstream_dial(struct tunnel_upstream *u,
    struct event_base *base, const struct behalf *by, char *why, size_t len);

/* Appends a client's head of n bytes as it goes there: see httphead.h. */
int tunnel_upstream_head(struct tunnel_upstream *u, const struct behalf *by,
    const char *head, size_t n, struct buf *b);

/* host:port of the server, with brackets where they belong. 0, or -1. */
int tunnel_upstream_host(const struct tunnel_upstream *u, char *to, size_t len);

#endif
