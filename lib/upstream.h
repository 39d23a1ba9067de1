#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <curl/curl.h>

#include "credential.h"

/*
 * How requests reach the master: the kubeconfig's scheme, server name and
 * credential, the bytes through the load balancer. Borrows k for its life, and
 * renews it; must outlive the handles made of it.
 */
struct upstream {
	struct kubeconfig *k;
	char base[512]; /* scheme://name:port[/path], put the path behind */
	char agent[64]; /* User-Agent, "ote-watch-sync/VERSION" */
	struct curl_slist *connect_to;
	struct curl_slist *headers; /* of handles without their own */
	struct credential credential;
};

/* lb is "host:port" of ote-load-balancer, or NULL to go straight. 0 or -1, errno. */
int upstream_init(struct upstream *u, struct kubeconfig *k, const char *lb,
    const char *tool);
void upstream_free(struct upstream *u);

/*
 * A new easy handle for path (with query, "/..."), with TLS (1.2 at least, CA
 * of the kubeconfig and nothing else), credential and User-Agent set, no
 * Accept; no proxies from the environment, no netrc, HTTP/2 by ALPN, no
 * redirects, no signals, http and https only. NULL with errno. A tokenFile is
 * read again when it changed; one that cannot be read any more leaves the
 * last token in use.
 */
CURL *upstream_easy(struct upstream *u, const char *path);

/*
 * 1 if a connection that was there ended before its answer: another one may
 * get that, where asking twice does no harm.
 */
int upstream_is_ended(CURLcode code);

/*
 * A header list of the caller's own to append to and to set as
 * CURLOPT_HTTPHEADER; free it after the transfer. The credential is in the
 * handle, not in the list (an Authorization: in the list wins over it). NULL
 * with errno.
 */
struct curl_slist *upstream_headers(struct upstream *u);

#endif
