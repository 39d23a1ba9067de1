/*
 * The keys by which the master signs service accounts' tokens, kept for times
 * when it is away: what it publishes (OpenID discovery, KEP-1393), or a file
 * that the operator names where the hub may not read that.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "account.h"
#include "atomic.h"
#include "call.h"
#include "parts.h"
#include "who.h"

#define EVERY_S 300
#define AGAIN_S 5 /* where a key is missing */
#define FIRST_S 2
#define RETRY_S 10
#define ASK_MS 5000
#define KEYS "run/jwks.json"
#define ISSUER "run/issuer"
#define ISSUER_MAX 2048

struct keys {
	struct edge *edge;
	struct event *timer;
	struct jwks *jwks, *named; /* the master's; the operator's */
	char issuer[ISSUER_MAX];   /* the master's, "" if not known */
	struct call *call;
	time_t asked;
	int told;
};

/* --- what is known --- */

/* The issuer that a discovery document names. 0, or -1. */
static int
take_issuer(struct keys *k, const char *p, size_t n)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	const char *s = json_string_value(json_object_get(o, "issuer"));
	int rc = -1;

	if (s != NULL && *s != '\0' && strlen(s) < sizeof(k->issuer) &&
	    strchr(s, ',') == NULL) {
		snprintf(k->issuer, sizeof(k->issuer), "%s", s);
		rc = 0;
	}
	json_decref(o);
	return rc;
}

static int
take_keys(struct keys *k, const char *p, size_t n)
{
	char why[256];
	struct jwks *got = jwks_parse(p, n, why, sizeof(why));

	if (got == NULL)
		return -1;
	jwks_free(k->jwks);
	k->jwks = got;
	return 0;
}

static void
load(struct keys *k)
{
	struct buf b = { 0 };
	int fd = k->edge->datafd;

	if (buf_read_file(&b, fd, KEYS, JWKS_MAX) == 0 && b.len > 0 &&
	    take_keys(k, b.data, b.len) == -1)
		warnx("%s: no keys in it", KEYS);
	b.len = 0;
	if (buf_read_file(&b, fd, ISSUER, JWKS_MAX) == 0 && b.len > 0 &&
	    take_issuer(k, b.data, b.len) == -1)
		warnx("%s: no issuer in it", ISSUER);
	buf_free(&b);
}

/* --- what the master says --- */

static void
tell(struct keys *k, const char *what, int code)
{
	if (k->told || k->named != NULL || code == 0)
		return;
	k->told = 1;
	warnx("%s: the master says %d: tokens cannot be verified while it is "
	      "away, but for those that it knew before",
	    what, code);
}

static void
keep(struct keys *k, const char *file, const struct buf *b)
{
	struct buf old = { 0 };
	int fd = k->edge->datafd;

	if ((buf_read_file(&old, fd, file, JWKS_MAX) == -1 ||
		old.len != b->len || memcmp(old.data, b->data, b->len) != 0) &&
	    atomic_write(fd, file, b->data, b->len, 1) == -1)
		warn("%s", file);
	buf_free(&old);
}

static void
on_keys(void *arg, int code, const struct buf *answer)
{
	struct timeval again = { RETRY_S, 0 };
	struct keys *k = arg;

	k->call = NULL;
	if (code == 200 && answer->len > 0 &&
	    take_keys(k, answer->data, answer->len) == 0)
		keep(k, KEYS, answer);
	else
		tell(k, "/openid/v1/jwks", code);
	if (code == 0)
		event_add(k->timer, &again);
}

static void
on_issuer(void *arg, int code, const struct buf *answer)
{
	struct keys *k = arg;

	k->call = NULL;
	if (code == 200 && answer->len > 0 &&
	    take_issuer(k, answer->data, answer->len) == 0)
		keep(k, ISSUER, answer);
	else
		tell(k, "/.well-known/openid-configuration", code);
	k->call = call_start(k->edge, "/openid/v1/jwks", NULL, NULL, ASK_MS,
	    on_keys, k);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct keys *k = arg;
	struct timeval tv = { EVERY_S, 0 };

	(void)fd;
	(void)what;
	if (!master_ok(k->edge))
		tv.tv_sec = FIRST_S;
	else if (k->call == NULL) {
		k->asked = time(NULL);
		k->call =
		    call_start(k->edge, "/.well-known/openid-configuration",
			NULL, NULL, ASK_MS, on_issuer, k);
	}
	event_add(k->timer, &tv);
}

/* --- for who_token.c --- */

static struct account_rules
rules(const struct edge *e)
{
	struct account_rules r = { .issuers = e->issuers,
		.audiences = e->audiences,
		.now = time(NULL) };

	if (*r.issuers == '\0')
		r.issuers = e->keys->issuer;
	return r;
}

int
keys_verify(struct edge *e, struct account *a, const char *token, size_t n,
    char *why, size_t len)
{
	const struct account_rules r = rules(e);
	const struct keys *k = e->keys;
	int rc = -1;

	errno = ENOENT;
	/* without an issuer another one's token might fit a key */
	if (*r.issuers == '\0')
		return -1;
	if (k->named != NULL)
		rc = account_verify(a, k->named, &r, token, n, why, len);
	if (rc == -1 && k->jwks != NULL)
		rc = account_verify(a, k->jwks, &r, token, n, why, len);
	return rc;
}

void
keys_see(struct edge *e, const char *token)
{
	struct timeval now = { 0, 0 };
	struct account a = { .expires = 0 };
	struct keys *k = e->keys;
	char why[256];

	if (keys_verify(e, &a, token, strlen(token), why, sizeof(why)) == -1 &&
	    errno == ENOENT && k->jwks != NULL &&
	    time(NULL) - k->asked >= AGAIN_S)
		event_add(k->timer, &now);
	account_free(&a);
}

int
keys_init(struct edge *e)
{
	struct timeval tv = { 0, 0 };
	struct keys *k = calloc(1, sizeof(*k));
	struct buf b = { 0 };
	char why[256];

	if (k == NULL)
		return -1;
	k->edge = e;
	e->keys = k;
	if (e->key_file != NULL) {
		if (buf_read_file(&b, AT_FDCWD, e->key_file, JWKS_MAX) == -1)
			err(100, "%s", e->key_file);
		k->named = jwks_parse(b.data, b.len, why, sizeof(why));
		if (k->named == NULL)
			k->named = jwks_pem(b.data, b.len, why, sizeof(why));
		buf_free(&b);
		if (k->named == NULL)
			errx(100, "%s: %s", e->key_file, why);
	}
	load(k);
	k->timer = evtimer_new(e->base, on_timer, k);
	return k->timer == NULL ? -1 : event_add(k->timer, &tv);
}
