#ifndef HTTPHEAD_H
#define HTTPHEAD_H

#include <stddef.h>

#include "buf.h"

#define HTTPHEAD_MAX (64 * 1024)

/*
 * The head of an HTTP/1.1 request (RFC 9112). Its length, the empty line
 * included; 0 if it is not whole yet; -1 with errno EMSGSIZE past
 * HTTPHEAD_MAX.
 */
long httphead_length(const char *p, size_t n);

/*
 * How many headers of that name there are; the value of the first one, without
 * white space around it, is borrowed.
 */
int httphead_find(const char *head, size_t n, const char *name,
    const char **value, size_t *len);

/*
 * Append the head as it goes on to the master: an Upgrade, with the Host of
 * ours, and lines (with CRLF; NULL: none) that say who asks. What names the
 * client (Authorization, Impersonate-, X-Remote-, X-Ote-, X-Forwarded-, ...)
 * and what is between two hops is left out; as_others: but for Impersonate-.
 * 0; -1 with errno EBADMSG if it is no request, or ENOMEM.
 */
int httphead_upgrade(struct buf *b, const char *head, size_t n,
    const char *host, const char *lines, int as_others);

#endif
