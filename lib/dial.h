#ifndef DIAL_H
#define DIAL_H

#include <openssl/ssl.h>

#include "kubeconfig.h"

/*
 * TLS to the master for what is no HTTP request: the kubeconfig's CA and
 * nothing else, its server name, its certificate; TLS 1.2 at least. Files are
 * read again each time, so a certificate that was renewed is the one in use.
 * The caller frees it with SSL_free(); NULL with errno EINVAL and the reason
 * in why.
 */
SSL *dial_ssl(const struct kubeconfig *k, char *why, size_t len);

/* Who is at the other end of bev, TLS or not, is told that no more comes. */
struct bufferevent;
void dial_end(struct bufferevent *bev);

#endif
