/*
 * Who sends a request. lighttpd has verified the chain of a certificate; the
 * rest is kube-apiserver's order: certificate, token, nobody. What was found
 * is kept by a hash of the credential, so that it is looked at once.
 */
#include <err.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client_cert.h"
#include "node_rules.h"
#include "parts.h"
#include "who.h"

#define WHOS_MAX 1024 /* that nobody holds; beyond, the longest unused go */
#define BUCKETS 1024

/* A request that waits to know its caller. */
struct asker {
	LIST_ENTRY(asker) next;
	struct request *r;
	void (*resume)(struct request *);
};

struct whos {
	LIST_HEAD(, who) bucket[BUCKETS];
	TAILQ_HEAD(who_list, who) used; /* the last one first */
	size_t n;
	struct who *nobody;
	EVP_MD *md;
	EVP_MD_CTX *digest; /* of find_by(), one for all */
};

/* --- the table --- */

static void
who_free(struct who *w)
{
	struct whos *all = w->edge->whos;

	LIST_REMOVE(w, chain);
	TAILQ_REMOVE(&all->used, w, used);
	all->n--;
	if (w->access != NULL)
		access_release(w->access);
	user_free(&w->user);
	grant_free(&w->review);
	free(w);
}

static void
make_room(struct whos *all)
{
	struct who *w, *before;

	for (w = TAILQ_LAST(&all->used, who_list);
	     w != NULL && all->n >= WHOS_MAX; w = before) {
		before = TAILQ_PREV(w, who_list, used);
		if (w->refs == 0 && w->state != WHO_ASKING)
			who_free(w);
	}
}

static size_t
bucket_of(const unsigned char *key)
{
	return (key[0] | (size_t)key[1] << 8) % BUCKETS;
}

static struct who *
find(struct edge *e, const unsigned char *key)
{
	struct whos *all = e->whos;
	struct who *w;

	LIST_FOREACH(w, &all->bucket[bucket_of(key)], chain)
		if (memcmp(w->key, key, sizeof(w->key)) == 0)
			break;
	if (w != NULL) {
		TAILQ_REMOVE(&all->used, w, used);
		TAILQ_INSERT_HEAD(&all->used, w, used);
		return w;
	}
	make_room(all);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->edge = e;
	memcpy(w->key, key, sizeof(w->key));
	LIST_INSERT_HEAD(&all->bucket[bucket_of(key)], w, chain);
	TAILQ_INSERT_HEAD(&all->used, w, used);
	all->n++;
	return w;
}

/* kind keeps the text of one kind of credential from being one of another */
static struct who *
find_by(struct edge *e, const char *kind, const char *text, size_t n)
{
	unsigned char key[32];
	EVP_MD_CTX *c = e->whos->digest;

	if (!EVP_DigestInit_ex(c, e->whos->md, NULL) ||
	    !EVP_DigestUpdate(c, kind, strlen(kind) + 1) ||
	    !EVP_DigestUpdate(c, text, n) || !EVP_DigestFinal_ex(c, key, NULL))
		return NULL;
	return find(e, key);
}

int
who_know(struct who *w)
{
	struct access_user *a = access_user(w->edge->access, &w->user);

	if (a == NULL)
		return -1;
	access_hold(a);
	if (w->access != NULL)
		access_release(w->access);
	w->access = a;
	w->node = node_rules_node(&w->user);
	w->state = WHO_KNOWN;
	return 0;
}

int
who_init(struct edge *e)
{
	struct whos *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return -1;
	TAILQ_INIT(&all->used);
	e->whos = all;
	all->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	all->digest = EVP_MD_CTX_new();
	if (all->md == NULL || all->digest == NULL ||
	    (e->access = access_open(e->datafd)) == NULL)
		return -1;
	if ((all->nobody = find_by(e, "nobody", "", 0)) == NULL ||
	    user_anonymous(&all->nobody->user) == -1)
		return -1;
	all->nobody->refs = 1;
	return who_know(all->nobody);
}

/* --- credentials --- */

static enum who_verdict
check_certificate(struct who *w, const char *pem, size_t n)
{
	struct client_cert c = { .not_before = 0 };
	long long now = time(NULL);
	char why[256];

	if (w->state == WHO_NEW) {
		if (client_cert_read(&c, pem, n, why, sizeof(why)) == -1) {
			if (w->edge->verbose)
				warnx("a client certificate: %s", why);
			w->state = WHO_REFUSED;
		} else {
			w->user = c.user;
			w->from = c.not_before;
			w->until = c.not_after;
			if (who_know(w) == -1)
				return WHO_UNKNOWN;
		}
	}
	if (w->state != WHO_KNOWN || now < w->from || now > w->until)
		return WHO_NO;
	return WHO_YES;
}

/*
 * kube-apiserver's bearertoken: the second of at most three words. NULL where
 * there is none: that is nobody, not somebody refused.
 */
static const char *
bearer(const struct request *r, size_t *n)
{
	const char *s = fcgi_param(r->c, "HTTP_AUTHORIZATION");

	if (s == NULL)
		return NULL;
	s += strspn(s, " \t");
	if (strncasecmp(s, "bearer ", 7) != 0)
		return NULL;
	*n = strcspn(s + 7, " ");
	return *n == 0 ? NULL : s + 7;
}

/* --- requests --- */

static void
let_go(struct who *w)
{
	w->refs--;
}

static void
take(struct request *r, struct who *w)
{
	w->refs++;
	r->who = w;
}

static void
refuse(struct request *r)
{
	static const struct status s = { .code = 401,
		.message = "Unauthorized" };

	if (limit_ask(r) == 0)
		request_refuse_as(r, &s);
}

static void
go_on(struct request *r, enum who_verdict v, void (*resume)(struct request *))
{
	switch (v) {
	case WHO_YES:
		resume(r);
		break;
	case WHO_NO:
		refuse(r);
		break;
	default:
		if (limit_ask(r) == 0)
			request_refuse(r, "your token cannot be verified here");
		break;
	}
}

static void
wait_for(struct request *r, struct who *w, void (*resume)(struct request *))
{
	struct asker *a;

	if (limit_ask(r) == -1)
		return;
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		request_refuse(r, "no memory for a request");
		return;
	}
	a->r = r;
	a->resume = resume;
	LIST_INSERT_HEAD(&w->askers, a, next);
	r->own = a;
	r->owner = OWNER_WHO;
	fcgi_pause(r->c, 1);
}

static void
stop_waiting(struct asker *a)
{
	a->r->own = NULL;
	a->r->owner = OWNER_NONE;
	LIST_REMOVE(a, next);
	free(a);
}

static enum who_verdict
verdict(const struct who *w)
{
	return w->state == WHO_KNOWN  ? WHO_YES
	    : w->state == WHO_REFUSED ? WHO_NO
				      : WHO_UNKNOWN;
}

void
who_settled(struct who *w)
{
	void (*resume)(struct request *);
	struct request *r;
	struct asker *a;

	w->refs++;
	while ((a = LIST_FIRST(&w->askers)) != NULL) {
		r = a->r;
		resume = a->resume;
		stop_waiting(a);
		fcgi_pause(r->c, 0);
		go_on(r, verdict(w), resume);
	}
	w->refs--;
}

void
who_start(struct request *r, void (*resume)(struct request *))
{
	struct edge *e = r->edge;
	const char *verify = fcgi_param(r->c, "SSL_CLIENT_VERIFY");
	const char *pem = fcgi_param(r->c, "SSL_CLIENT_CERT"), *token;
	enum who_verdict v;
	struct who *w;
	size_t n = 0;
	int good;

	if (!e->webhook) {
		resume(r);
		return;
	}
	good = verify != NULL && pem != NULL && strcmp(verify, "SUCCESS") == 0;
	token = good ? NULL : bearer(r, &n);
	if (good)
		w = find_by(e, "certificate", pem, strlen(pem));
	else if (token != NULL)
		w = find_by(e, "token", token, n);
	else if (verify != NULL && strcmp(verify, "NONE") != 0) {
		refuse(r);
		return;
	} else
		w = e->whos->nobody;
	if (w == NULL) {
		request_refuse(r, "no memory for a request");
		return;
	}
	take(r, w);
	v = good	    ? check_certificate(w, pem, strlen(pem))
	    : token != NULL ? who_token_check(w, token, n)
			    : WHO_YES;
	if (v == WHO_WAIT)
		wait_for(r, w, resume);
	else
		go_on(r, v, resume);
}

void
who_close(struct request *r)
{
	if (r->owner == OWNER_WHO)
		stop_waiting(r->own);
	if (r->who != NULL)
		let_go(r->who);
	r->who = NULL;
}

int
who_become(struct request *r, const struct user *u)
{
	json_t *o = user_json(u);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);
	struct who *w = NULL;

	json_decref(o);
	if (text != NULL)
		w = find_by(r->edge, "impersonated", text, strlen(text));
	free(text);
	if (w == NULL)
		return -1;
	if (w->state == WHO_NEW &&
	    (user_copy(&w->user, u) == -1 || who_know(w) == -1))
		return -1;
	if (r->who != NULL)
		let_go(r->who);
	take(r, w);
	return 0;
}

const struct user *
who_user(const struct request *r)
{
	return r->who == NULL ? NULL : &r->who->user;
}

const char *
who_token(const struct request *r, size_t *n)
{
	return r->who != NULL && r->who->is_token ? bearer(r, n) : NULL;
}

int
who_is_kubelet(const struct request *r)
{
	return r->who != NULL && r->who->node != NULL &&
	    r->edge->node != NULL && strcmp(r->who->node, r->edge->node) == 0;
}

void
who_doubt(struct request *r)
{
	if (r->who != NULL && r->who->is_token)
		r->who->checked = 0;
}
