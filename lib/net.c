/*
 * Addresses and TCP sockets, non-blocking and close-on-exec.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#define USER_TIMEOUT_MS 15000

struct option {
	int level, name, value;
};

static void
set_options(int fd, const struct option *o, size_t n)
{
	for (; n > 0; n--, o++)
		(void)setsockopt(fd, o->level, o->name, &o->value,
		    sizeof(o->value));
}

void
net_keepalive(int fd)
{
	static const struct option options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 5 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
	};

	set_options(fd, options, sizeof(options) / sizeof(*options));
}

void
net_tune(int fd)
{
	static const struct option options[] = {
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
	};

	net_keepalive(fd);
	set_options(fd, options, sizeof(options) / sizeof(*options));
}

static struct addrinfo *
resolve(const char *addr, int flags, int *code)
{
	struct addrinfo hints, *ai = NULL;
	char host[272], *colon, *h = host;
	size_t n;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = flags;
	snprintf(host, sizeof(host), "%s", addr);
	if ((colon = strrchr(host, ':')) == NULL) {
		*code = EAI_SERVICE;
		return NULL;
	}
	*colon = '\0';
	n = strlen(h);
	if (n > 1 && *h == '[' && h[n - 1] == ']') {
		h[n - 1] = '\0';
		h++;
	}
	*code = getaddrinfo(h, colon + 1, &hints, &ai);
	return *code == 0 ? ai : NULL;
}

struct addrinfo *
net_resolve(const char *addr, int *code)
{
	return resolve(addr, 0, code);
}

struct addrinfo *
net_numeric(const char *addr, int *code)
{
	return resolve(addr, AI_NUMERICHOST | AI_NUMERICSERV, code);
}

int
net_listen(const char *addr)
{
	struct addrinfo *ai;
	int fd, code, saved, on = 1;

	if ((ai = net_resolve(addr, &code)) == NULL) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd != -1) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
		    listen(fd, 256) == -1) {
			saved = errno;
			close(fd);
			fd = -1;
			errno = saved;
		}
	}
	freeaddrinfo(ai);
	return fd;
}
