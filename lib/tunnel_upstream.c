/*
 * The master's side of tunnels: as whom a head goes there, and over what
 * connection. The hub's own credential goes for nobody else, but with who is
 * impersonated.
 */
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dial.h"
#include "httphead.h"
#include "tunnel_upstream.h"

static int
is_own(const struct behalf *by)
{
	return by->kind == BEHALF_OWN || by->kind == BEHALF_IMPERSONATE;
}

int
tunnel_upstream_choose(struct tunnel_upstream *u, const struct tunnel_caller *c,
    struct behalf *by, char *why, size_t len)
{
	if (!u->webhook) {
		by->kind = BEHALF_OWN;
		return 0;
	}
	if (c->token == NULL && c->protocol_token)
		by->kind = BEHALF_NOBODY;
	else
		behalf_choose(by, &u->rules, &c->user, c->token,
		    (long long)time(NULL), why, len);
	if (by->kind == BEHALF_REFUSED)
		return 403;
	if (!c->as_another || by->kind == BEHALF_TOKEN ||
	    by->kind == BEHALF_PAIR || c->protocol_token)
		return 0;
	snprintf(why, len,
	    "the hub does not impersonate for a caller who has "
	    "no token, nor a key pair among its identities");
	return 403;
}

int
tunnel_upstream_choose_agent(struct tunnel_upstream *u,
    const struct tunnel_caller *c, struct behalf *by, char *why, size_t len)
{
	int code = tunnel_upstream_choose(u, c, by, why, len);

	if (code != 0 || !u->webhook ||
	    behalf_is_certificate(by, &u->kubeconfig))
		return code;
	snprintf(why, len,
	    "a k3s server looks at the certificate alone: the hub has none of "
	    "user \"%.128s\"",
	    c->user.name);
	return 403;
}

/* The kubeconfig with the certificate that by goes with. Borrowed, as it is. */
static struct kubeconfig
kubeconfig_of(const struct tunnel_upstream *u, const struct behalf *by)
{
	struct kubeconfig k = u->kubeconfig;

	if (is_own(by))
		return k;
	k.cert_file = k.key_file = NULL;
	k.cert_data = by->pair == NULL ? NULL : by->pair->cert;
	k.key_data = by->pair == NULL ? NULL : by->pair->key;
	return k;
}

struct bufferevent *
tunnel_upstream_dial(struct tunnel_upstream *u, struct event_base *base,
    const struct behalf *by, char *why, size_t len)
{
	const int flags = BEV_OPT_CLOSE_ON_FREE;
	struct bufferevent *bev;
	struct kubeconfig k;
	SSL *ssl;

	snprintf(why, len, "no memory");
	(void)kubeconfig_renew(&u->kubeconfig);
	k = kubeconfig_of(u, by);
	if (!k.tls)
		return bufferevent_socket_new(base, -1, flags);
	if ((ssl = dial_ssl(&k, why, len)) == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, -1, ssl,
	    BUFFEREVENT_SSL_CONNECTING, flags);
	if (bev == NULL)
		SSL_free(ssl);
	else
		/* the end of TLS without its goodbye is an end, too */
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* The lines of the head that say who asks. */
static int
add_lines(struct tunnel_upstream *u, const struct behalf *by, struct buf *lines)
{
	struct buf value = { 0 };
	int rc = 0;

	if (is_own(by))
		rc = credential_authorization(&u->credential, &value);
	if (rc == 0 && value.len > 0)
		rc = buf_printf(lines, "Authorization: %s\r\n", value.data);
	buf_free(&value);
	return rc == 0 ? behalf_lines(by, lines) : -1;
}

int
tunnel_upstream_host(const struct tunnel_upstream *u, char *to, size_t len)
{
	const struct kubeconfig *k = &u->kubeconfig;
	int n, v6 = strchr(k->host, ':') != NULL;

	n = snprintf(to, len, "%s%s%s:%d", v6 ? "[" : "", k->host,
	    v6 ? "]" : "", k->port);
	if (n >= 0 && (size_t)n < len)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int
tunnel_upstream_head(struct tunnel_upstream *u, const struct behalf *by,
    const char *head, size_t n, struct buf *b)
{
	struct buf lines = { 0 };
	char host[300];
	int rc = -1;

	if (tunnel_upstream_host(u, host, sizeof(host)) == 0 &&
	    add_lines(u, by, &lines) == 0)
		rc = httphead_upgrade(b, head, n, host, lines.data,
		    u->webhook && !is_own(by));
	buf_free(&lines);
	return rc;
}
