/*
 * libcurl handles towards the master. The URL carries the name that the
 * master's certificate must have; CURLOPT_CONNECT_TO sends the bytes to the
 * load balancer. libcurl copies the credential, so that a token may change
 * while older requests are under way.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "upstream.h"

#ifndef VERSION
#define VERSION "0.1"
#endif

#define CONNECT_TIMEOUT_MS 10000L
#define DEAD_PEER_MS 15000U

static int
make_base(struct upstream *u)
{
	const struct kubeconfig *k = u->k;
	const char *name = k->host, *path;
	int v6, n;

	if (k->tls_server_name != NULL)
		name = k->tls_server_name;
	v6 = strchr(name, ':') != NULL;
	path = strstr(k->server, "://");
	path = path == NULL ? NULL : strchr(path + 3, '/');
	n = snprintf(u->base, sizeof(u->base), "%s://%s%s%s:%d%s",
	    k->tls ? "https" : "http", v6 ? "[" : "", name, v6 ? "]" : "",
	    k->port, path == NULL ? "" : path);
	if (n < 0 || n >= (int)sizeof(u->base)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int
make_connect_to(struct upstream *u, const char *lb)
{
	const struct kubeconfig *k = u->k;
	char text[512];
	int v6, n;

	if (lb == NULL && k->tls_server_name == NULL)
		return 0;
	v6 = strchr(k->host, ':') != NULL;
	if (lb != NULL)
		n = snprintf(text, sizeof(text), "::%s", lb);
	else
		n = snprintf(text, sizeof(text), "::%s%s%s:%d", v6 ? "[" : "",
		    k->host, v6 ? "]" : "", k->port);
	if (n < 0 || n >= (int)sizeof(text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	u->connect_to = curl_slist_append(NULL, text);
	return u->connect_to == NULL ? -1 : 0;
}

int
upstream_init(struct upstream *u, struct kubeconfig *k, const char *lb,
    const char *tool)
{
	int n, e;

	memset(u, 0, sizeof(*u));
	u->k = k;
	if (k->ca_pem == NULL && k->cert_pem == NULL &&
	    kubeconfig_pems(k) == -1)
		return -1;
	n = snprintf(u->agent, sizeof(u->agent), "%s/%s", tool, VERSION);
	if (n < 0 || n >= (int)sizeof(u->agent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (make_base(u) == 0 && make_connect_to(u, lb) == 0 &&
	    (u->headers = curl_slist_append(NULL, "Accept:")) != NULL &&
	    curl_slist_append(u->headers, "Expect:") != NULL &&
	    credential_init(&u->credential, k) == 0)
		return 0;
	e = errno;
	upstream_free(u);
	errno = e;
	return -1;
}

void
upstream_free(struct upstream *u)
{
	curl_slist_free_all(u->connect_to);
	curl_slist_free_all(u->headers);
	credential_free(&u->credential);
	memset(u, 0, sizeof(*u));
}

/* PEM in memory: what is renewed is another one, and gets connections of its own. */
static CURLcode
set_pem(CURL *e, CURLoption option, char *pem)
{
	struct curl_blob blob;

	if (pem == NULL)
		return CURLE_OK;
	blob.data = pem;
	blob.len = strlen(pem);
	blob.flags = CURL_BLOB_COPY;
	return curl_easy_setopt(e, option, &blob);
}

static CURLcode
set_tls(CURL *e, const struct kubeconfig *k)
{
	CURLcode r;

	/* the system's bundle costs a megabyte a connection, and is not asked */
	r = curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	r |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	r |= set_pem(e, CURLOPT_CAINFO_BLOB, k->ca_pem);
	r |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, k->insecure ? 0L : 1L);
	r |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, k->insecure ? 0L : 2L);
	r |= curl_easy_setopt(e, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	r |= set_pem(e, CURLOPT_SSLCERT_BLOB, k->cert_pem);
	r |= set_pem(e, CURLOPT_SSLKEY_BLOB, k->key_pem);
	return r;
}

static CURLcode
set_credential(CURL *e, const struct kubeconfig *k, const char *token)
{
	CURLcode r;

	if (token != NULL) {
		r = curl_easy_setopt(e, CURLOPT_HTTPAUTH,
		    (long)CURLAUTH_BEARER);
		r |= curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, token);
		return r;
	}
	if (k->username == NULL)
		return CURLE_OK;
	r = curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	r |= curl_easy_setopt(e, CURLOPT_USERNAME, k->username);
	r |= curl_easy_setopt(e, CURLOPT_PASSWORD,
	    k->password != NULL ? k->password : "");
	return r;
}

/* A connection whose peer no longer acknowledges ends soon, not in 15 min. */
static int
set_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int ms = DEAD_PEER_MS;

	(void)arg;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	return CURL_SOCKOPT_OK;
}

static CURLcode
set_transport(CURL *e, struct upstream *u)
{
	CURLcode r;

	r = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	r |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	r |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	r |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	r |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	r |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	/* plain HTTP is 1.1: who waits for a watch to end waits for minutes */
	r |= curl_easy_setopt(e, CURLOPT_PIPEWAIT, u->k->tls ? 1L : 0L);
	r |= curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 16384L);
	r |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	r |= curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	r |= curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 5L);
	r |= curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 5L);
	r |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	r |= curl_easy_setopt(e, CURLOPT_CONNECT_TO, u->connect_to);
	r |= curl_easy_setopt(e, CURLOPT_USERAGENT, u->agent);
	r |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, u->headers);
	r |= curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, set_socket);
	return r;
}

/* CURLOPT_URL wants it whole; libcurl copies it. */
static CURLcode
set_url(CURL *e, const char *base, const char *path)
{
	CURLcode r;
	char *url;

	if (asprintf(&url, "%s%s", base, path) == -1)
		return CURLE_OUT_OF_MEMORY;
	r = curl_easy_setopt(e, CURLOPT_URL, url);
	free(url);
	return r;
}

CURL *
upstream_easy(struct upstream *u, const char *path)
{
	const char *token;
	CURL *e;

	(void)kubeconfig_renew(u->k);
	if (credential_token(&u->credential, &token) == -1)
		return NULL;
	if ((e = curl_easy_init()) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	if (set_url(e, u->base, path) == CURLE_OK &&
	    set_transport(e, u) == CURLE_OK && set_tls(e, u->k) == CURLE_OK &&
	    set_credential(e, u->k, token) == CURLE_OK)
		return e;
	curl_easy_cleanup(e);
	errno = ENOMEM;
	return NULL;
}

int
upstream_is_ended(CURLcode code)
{
	switch (code) {
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return 1;
	default:
		return 0;
	}
}

struct curl_slist *
upstream_headers(struct upstream *u)
{
	(void)u;
	return curl_slist_append(NULL, "Expect:");
}
