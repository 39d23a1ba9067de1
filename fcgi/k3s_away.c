/*
 * What an agent of k3s is told without its server, and whom: those whom the
 * server takes, and whom it has not refused since.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "k3s.h"
#include "k3s_csr.h"
#include "k3s_rewrite.h"
#include "k3s_store.h"
#include "k3s_token.h"
#include "who.h"

/* --- whom --- */

/* A token file that is no good is told of once. */
static void
tell_token(struct k3s *k, const char *path, const char *why)
{
	struct stat st = { .st_ino = 0 };
	char text[sizeof(k->token_told)];

	(void)stat(path, &st);
	snprintf(text, sizeof(text), "%lld.%09ld %s",
	    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, why);
	if (strcmp(text, k->token_told) == 0)
		return;
	memcpy(k->token_told, text, sizeof(text));
	warnx("%s: %s", path, why);
}

/* 1 if the caller's word is the cluster's token, which has that id. */
static int
has_token(const struct k3s_ask *a, char id[K3S_ID_LEN])
{
	struct k3s_token t;
	char path[512], why[256];
	int opens;

	if (a->authorization == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/run/k3s/token", a->edge->data);
	if (k3s_token_read(&t, path, why, sizeof(why)) == -1) {
		tell_token(a->edge->k3s, path, why);
		return 0;
	}
	a->edge->k3s->token_told[0] = '\0';
	opens =
	    k3s_token_opens(&t, a->authorization) && k3s_token_id(&t, id) == 0;
	k3s_token_free(&t);
	return opens;
}

/* 1 if it is a node's certificate, which has that id. */
static int
has_certificate(const struct k3s_ask *a, char id[K3S_ID_LEN])
{
	const struct who *w = a->r->who;

	if (w == NULL || !user_in_group(&w->user, "system:nodes"))
		return 0;
	digest_hex(w->key, sizeof(w->key), id);
	return 1;
}

/* Marks of what the server refused last: k3s/refused/ID. */
static void
name_mark(char name[96], const char *id)
{
	snprintf(name, 96, "refused/%.64s", id);
}

static int
is_refused(const struct k3s_ask *a, const char *id)
{
	struct buf b = { 0 };
	char name[96];
	int yes;

	name_mark(name, id);
	/* what cannot be read counts as one */
	yes = k3s_store_get(a->edge->datafd, name, &b) == 0 || errno != ENOENT;
	buf_free(&b);
	return yes;
}

static enum k3s_trust
trust_of(const struct k3s_ask *a)
{
	char id[K3S_ID_LEN];

	if (has_token(a, id) && !is_refused(a, id))
		return K3S_JOINS;
	if (has_certificate(a, id))
		return is_refused(a, id) ? K3S_NOBODY : K3S_KUBELET;
	return a->r->who == NULL ? K3S_NOBODY : K3S_OTHERS;
}

int
k3s_is_known(const struct k3s_ask *a)
{
	return trust_of(a) != K3S_NOBODY;
}

static void
mark(const struct k3s_ask *a, const char *id, int refused)
{
	char name[96];
	int rc;

	name_mark(name, id);
	if (refused == is_refused(a, id))
		return;
	rc = refused ? k3s_store_put(a->edge->datafd, name, "401\n", 4, id)
		     : k3s_store_remove(a->edge->datafd, name);
	if (rc == -1)
		warn("k3s/%s", name);
}

void
k3s_heard(struct k3s_ask *a, int code)
{
	char token[K3S_ID_LEN], certificate[K3S_ID_LEN];
	int by_token = has_token(a, token);
	int by_certificate =
	    a->by_certificate && has_certificate(a, certificate);

	if (code >= 500)
		return;
	if (code == 401 && by_token)
		mark(a, token, 1);
	if (code == 401 && by_certificate)
		mark(a, certificate, 1);
	/* of two that went, the certificate may be the one it took */
	if (code != 401 && by_certificate)
		mark(a, certificate, 0);
	else if (code != 401 && by_token && !a->by_certificate)
		mark(a, token, 0);
	if (code == 403 && a->kind == K3S_NODE_CERT &&
	    (by_token || by_certificate))
		k3s_password_refused(a);
}

/* --- what --- */

void
k3s_compare_ca(struct edge *e)
{
	struct buf own = { 0 }, theirs = { 0 };
	int differs = k3s_store_get(e->datafd, "server-ca.crt", &theirs) == 0 &&
	    buf_read_file(&own, e->datafd, "run/k3s/server-ca.crt",
		K3S_FILE_MAX) == 0 &&
	    (own.len != theirs.len || own.len == 0 ||
		memcmp(own.data, theirs.data, own.len) != 0);

	if (differs && !e->k3s->ca_differs)
		warnx("the server's server-ca.crt is another one now, see "
		      "%s/k3s/server-ca.crt: replace --server-cert-file and "
		      "--server-key-file",
		    e->data);
	e->k3s->ca_differs = differs;
	buf_free(&own);
	buf_free(&theirs);
}

void
k3s_answer_config(struct k3s_ask *a, const struct buf *b)
{
	struct buf out = { 0 };

	if (k3s_rewrite_config(&out, b->data == NULL ? "" : b->data, b->len,
		a->edge->k3s->port) == -1)
		k3s_refuse(a, 502, "the server's configuration is no JSON");
	else
		k3s_answer(a, 200, "application/json", out.data, out.len);
	buf_free(&out);
}

void
k3s_answer_apiservers(struct k3s_ask *a)
{
	char text[128];
	int n =
	    snprintf(text, sizeof(text), "[\"%s\"]\n", a->edge->k3s->address);

	k3s_answer(a, 200, "application/json", text, (size_t)n);
}

static void
answer_kept(struct k3s_ask *a)
{
	struct buf b = { 0 };
	char why[128];

	if (k3s_store_get(a->edge->datafd, a->name, &b) == -1) {
		snprintf(why, sizeof(why),
		    "%s was never asked for while it was there", a->name);
		k3s_refuse(a, 503, why);
	} else if (a->kind == K3S_CONFIG)
		k3s_answer_config(a, &b);
	else
		k3s_answer(a, 200,
		    a->kind == K3S_ROOTS ? "application/json" : "text/plain",
		    b.data, b.len);
	buf_free(&b);
}

int
k3s_away_has(const struct k3s_ask *a)
{
	struct buf b = { 0 };
	enum k3s_trust trust = trust_of(a);
	int yes;

	if (trust != K3S_JOINS && trust != K3S_KUBELET)
		return 0;
	switch (a->kind) {
	case K3S_APISERVERS:
		return 1;
	case K3S_CERT:
	case K3S_NODE_CERT:
		return k3s_cert_has(a);
	case K3S_CONFIG:
	case K3S_FILE:
	case K3S_ROOTS:
		yes = k3s_store_get(a->edge->datafd, a->name, &b) == 0;
		buf_free(&b);
		return yes;
	default:
		return 0;
	}
}

static void
answer_trusted(struct k3s_ask *a, enum k3s_trust trust)
{
	switch (a->kind) {
	case K3S_CONFIG:
	case K3S_FILE:
	case K3S_ROOTS:
		answer_kept(a);
		break;
	case K3S_APISERVERS:
		k3s_answer_apiservers(a);
		break;
	case K3S_READYZ:
		k3s_answer(a, 200, "text/plain", "ok", 2);
		break;
	case K3S_CERT:
	case K3S_NODE_CERT:
		k3s_cert_offline(a, trust);
		break;
	default:
		k3s_refuse(a, 503, "this is not kept here");
		break;
	}
}

void
k3s_away(struct k3s_ask *a)
{
	enum k3s_trust trust = trust_of(a);

	if (trust == K3S_NOBODY)
		k3s_refuse(a, 401, "Unauthorized");
	else if (trust == K3S_OTHERS)
		k3s_refuse(a, 403,
		    "this is for nodes, and for those who have the token");
	else
		answer_trusted(a, trust);
}
