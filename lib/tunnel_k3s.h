#ifndef TUNNEL_K3S_H
#define TUNNEL_K3S_H

#include <stddef.h>

#include "tunnel_caller.h"
#include "websocket.h"

/* What a request for an upgrade is for, on a node of k3s. */
enum tunnel_k3s {
	TUNNEL_K3S_API,	    /* exec and the like: as on any node */
	TUNNEL_K3S_CONNECT, /* the agent's own tunnel to its server */
	TUNNEL_K3S_OTHER,   /* no tunnel goes there */
};

/* By the path in the head of a request. */
enum tunnel_k3s tunnel_k3s_path(const char *head, size_t n);

/*
 * Who may connect: whoever has shown a client certificate of system:nodes, as
 * at a server; c is NULL where callers are not told apart. 0, with accept as
 * of websocket_handshake(); else an HTTP status and why: 401 no certificate,
 * 403, or one of the handshake's.
 */
int tunnel_k3s_admit(const struct tunnel_caller *c, const char *head, size_t n,
    char accept[WEBSOCKET_ACCEPT_SIZE], char *why, size_t len);

#endif
