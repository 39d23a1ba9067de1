#ifndef NET_H
#define NET_H

#include <netdb.h>

/*
 * Keepalive: an idle peer that answers nothing is dead after 20 s. What a
 * listening socket has, those that it accepts inherit (Linux).
 */
void net_keepalive(int fd);

/*
 * Keepalive, TCP_USER_TIMEOUT and TCP_NODELAY on a socket, so
 * that a peer that vanished is noticed.
 */
void net_tune(int fd);

/*
 * Resolve "host:port" or "[IPv6]:port" for TCP. The caller frees it; NULL with
 * getaddrinfo(3)'s error in code.
 */
struct addrinfo *net_resolve(const char *addr, int *code);
/* The same of an address that needs no resolver, nor waits for one. */
struct addrinfo *net_numeric(const char *addr, int *code);

/* A listening socket at the address: a descriptor, or -1 with errno. */
int net_listen(const char *addr);

#endif
