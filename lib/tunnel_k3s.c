/*
 * Upgrades on a node of k3s: of what is k3s's own only its agent's tunnel.
 */
#include <stdio.h>
#include <string.h>

#include "tunnel_k3s.h"

#define CONNECT "/v1-k3s/connect"

static int
begins(const char *p, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(p, with, strlen(with)) == 0;
}

enum tunnel_k3s
tunnel_k3s_path(const char *head, size_t n)
{
	const char *path = memchr(head, ' ', n);
	size_t len;

	if (path == NULL)
		return TUNNEL_K3S_OTHER;
	path++;
	len = n - (size_t)(path - head);
	if (begins(path, len, "/api/") || begins(path, len, "/apis/"))
		return TUNNEL_K3S_API;
	if (begins(path, len, CONNECT " ") || begins(path, len, CONNECT "?"))
		return TUNNEL_K3S_CONNECT;
	return TUNNEL_K3S_OTHER;
}

/* 0, or an HTTP status and why. */
static int
check_caller(const struct tunnel_caller *c, char *why, size_t len)
{
	if (c->user.name == NULL ||
	    strcmp(c->user.name, "system:anonymous") == 0) {
		snprintf(why, len,
		    "a k3s agent connects with its client certificate, "
		    "client-kubelet.crt, and nothing else");
		return 401;
	}
	if (user_in_group(&c->user, "system:nodes"))
		return 0;
	snprintf(why, len,
	    "only system:nodes may connect: user \"%.128s\" is none",
	    c->user.name);
	return 403;
}

int
tunnel_k3s_admit(const struct tunnel_caller *c, const char *head, size_t n,
    char accept[WEBSOCKET_ACCEPT_SIZE], char *why, size_t len)
{
	int code = c == NULL ? 0 : check_caller(c, why, len);

	return code != 0 ? code
			 : websocket_handshake(head, n, accept, why, len);
}
