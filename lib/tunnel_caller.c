/*
 * Who asks for an upgrade. What is not clear is refused: nobody becomes
 * anonymous because something about him could not be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client_cert.h"
#include "httphead.h"
#include "tunnel_caller.h"

#define PROTOCOL_TOKEN "base64url.bearer.authorization.k8s.io."

struct head {
	const char *p;
	size_t n;
	long long now;
	char *why;
	size_t whylen;
};

static int
say(const struct head *h, int code, const char *what)
{
	snprintf(h->why, h->whylen, "%s", what);
	return code;
}

/* As kube-apiserver takes it apart: no Bearer, or an empty one, is none. */
static int
read_token(struct tunnel_caller *c, const struct head *h)
{
	const char *value;
	size_t len, i;
	int n;

	n = httphead_find(h->p, h->n, "Authorization", &value, &len);
	if (n > 1)
		return say(h, 400, "there are several Authorization headers");
	if (n == 0 || len < 8 || strncasecmp(value, "Bearer ", 7) != 0)
		return 0;
	value += 7;
	len -= 7;
	/* the second of its words */
	if (memchr(value, ' ', len) != NULL)
		len = (size_t)((const char *)memchr(value, ' ', len) - value);
	if (len == 0)
		return 0;
	for (i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return say(h, 401, "the bearer token is none");
	return (c->token = strndup(value, len)) == NULL ? -1 : 0;
}

/* Begins a header of that prefix? The request line is none. */
static int
has_prefix(const struct head *h, const char *prefix)
{
	const char *p = memmem(h->p, h->n, "\r\n", 2), *end = h->p + h->n;
	size_t n = strlen(prefix);

	while (p != NULL && (size_t)(end - p) > n + 2) {
		if (strncasecmp(p + 2, prefix, n) == 0)
			return 1;
		p = memmem(p + 2, (size_t)(end - p - 2), "\r\n", 2);
	}
	return 0;
}

static int
read_certificate(struct tunnel_caller *c, const struct head *h)
{
	struct client_cert cert = { 0 };
	char why[256];
	const char *value;
	size_t len;
	int rc = 0;

	if (httphead_find(h->p, h->n, "X-Ote-Client-Cert", &value, &len) != 1)
		return say(h, 500, "the client's certificate was not told");
	if (client_cert_read_base64(&cert, value, len, why, sizeof(why)) ==
		-1 ||
	    client_cert_check(&cert, h->now, why, sizeof(why)) == -1) {
		rc = errno == EBADMSG ? 401 : -1;
		snprintf(h->why, h->whylen, "the client certificate: %s", why);
	} else {
		c->user = cert.user;
		memset(&cert.user, 0, sizeof(cert.user));
	}
	client_cert_free(&cert);
	return rc;
}

/* SUCCESS, NONE or FAILED:why. */
static int
read_user(struct tunnel_caller *c, const struct head *h)
{
	const char *value;
	size_t len;

	if (httphead_find(h->p, h->n, "X-Ote-Client-Verify", &value, &len) != 1)
		return say(h, 500, "who asks was not told");
	if (len == 7 && memcmp(value, "SUCCESS", 7) == 0)
		return read_certificate(c, h);
	if (len == 4 && memcmp(value, "NONE", 4) == 0)
		return user_anonymous(&c->user);
	if (len >= 6 && memcmp(value, "FAILED", 6) == 0) {
		snprintf(h->why, h->whylen, "the client certificate: %.*s",
		    (int)(len > 7 ? len - 7 : 0), len > 7 ? value + 7 : "");
		return 401;
	}
	return say(h, 500, "who asks was not told");
}

/* A good certificate: no token is looked at. */
static int
is_verified(const struct head *h)
{
	const char *value;
	size_t len;

	return httphead_find(h->p, h->n, "X-Ote-Client-Verify", &value, &len) ==
	    1 &&
	    len == 7 && memcmp(value, "SUCCESS", 7) == 0;
}

int
tunnel_caller_read(struct tunnel_caller *c, const char *head, size_t n,
    long long now, char *why, size_t len)
{
	const struct head h = { head, n, now, why, len };
	int rc;

	tunnel_caller_free(c);
	why[0] = '\0';
	c->as_another = has_prefix(&h, "Impersonate-");
	if (is_verified(&h))
		return read_user(c, &h);
	c->protocol_token = has_prefix(&h, "Sec-WebSocket-Protocol:") &&
	    memmem(head, n, PROTOCOL_TOKEN, strlen(PROTOCOL_TOKEN)) != NULL;
	if ((rc = read_token(c, &h)) == 0 && c->token == NULL &&
	    !c->protocol_token)
		rc = read_user(c, &h);
	return rc;
}

void
tunnel_caller_free(struct tunnel_caller *c)
{
	if (c->token != NULL)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	user_free(&c->user);
	memset(c, 0, sizeof(*c));
}
