#ifndef TUNNEL_CALLER_H
#define TUNNEL_CALLER_H

#include "user.h"

/*
 * Who asks for an upgrade, by its head as lighttpd hands it on: what it says
 * of the client's certificate is in two headers that no client can set.
 *   X-Ote-Client-Verify: SUCCESS, FAILED:why or NONE
 *   X-Ote-Client-Cert: base64 of the DER
 * Zeroed memory is nobody.
 */
struct tunnel_caller {
	char *token;	    /* of Authorization: Bearer; NULL: none */
	int protocol_token; /* one of Sec-WebSocket-Protocol */
	int as_another;	    /* it has Impersonate- headers */
	struct user user;   /* if there is no token of either kind */
};

/*
 * A good certificate goes before a token, as at kube-apiserver, a token before
 * a bad one. 0; -1 with errno, else an HTTP status and why:
 * 400 two Authorization headers, 401 a certificate or token that is not good,
 * 500 lighttpd did not say.
 */
int tunnel_caller_read(struct tunnel_caller *c, const char *head, size_t n,
    long long now, char *why, size_t len);
void tunnel_caller_free(struct tunnel_caller *c);

#endif
