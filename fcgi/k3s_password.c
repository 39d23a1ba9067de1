/*
 * The passwords of nodes. To look at one takes tens of milliseconds, by
 * design, in which all other requests wait: so each is looked at once, this
 * node's once a second at most, and those of all others together.
 */
#include <err.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "k3s.h"
#include "k3s_store.h"

#define EVERY_MS 1000

int
k3s_password_init(struct k3s *k)
{
	if (RAND_bytes(k->secret, sizeof(k->secret)) == 1)
		return 0;
	errno = EIO;
	return -1;
}

static int
is_own(const struct k3s_ask *a)
{
	return a->edge->node != NULL && strcmp(a->edge->node, a->node) == 0;
}

/* May one be looked at now? */
static int
take_turn(const struct k3s_ask *a, enum k3s_turn turn)
{
	struct k3s *k = a->edge->k3s;
	long long now = monotonic_ms();

	if (now < k->due[turn])
		return 0;
	k->due[turn] = now + EVERY_MS;
	return 1;
}

/*
 * Of the node, its password and what is kept: a key by which what was found
 * stands in memory. 0; -1 with errno, ENOENT if nothing is kept.
 */
static int
key_of(const struct k3s_ask *a, unsigned char key[32])
{
	struct buf b = { 0 };
	char file[300];
	unsigned int n;
	int rc = -1;

	snprintf(file, sizeof(file), "nodes/%s", a->node);
	if (k3s_store_get(a->edge->datafd, file, &b) == -1)
		return -1;
	if (buf_add(&b, "", 1) == 0 &&
	    buf_add(&b, a->password, strlen(a->password)) == 0 &&
	    buf_add(&b, "", 1) == 0 &&
	    buf_add(&b, a->node, strlen(a->node)) == 0 &&
	    HMAC(EVP_sha256(), a->edge->k3s->secret,
		sizeof(a->edge->k3s->secret), (unsigned char *)b.data, b.len,
		key, &n) != NULL)
		rc = 0;
	explicit_bzero(b.data, b.len);
	buf_free(&b);
	return rc;
}

static void
remember(struct k3s *k, const unsigned char key[32], int right)
{
	struct k3s_guess *g = &k->guesses[k->next++ % K3S_GUESSES];

	memcpy(g->key, key, sizeof(g->key));
	g->used = 1;
	g->right = right;
}

static enum k3s_verdict
look(const struct k3s_ask *a, enum k3s_turn turn, int *first)
{
	struct k3s *k = a->edge->k3s;
	unsigned char key[32];
	size_t i;
	int rc;

	*first = 0;
	if (key_of(a, key) == -1)
		return K3S_UNKNOWN;
	for (i = 0; i < K3S_GUESSES; i++)
		if (k->guesses[i].used &&
		    memcmp(k->guesses[i].key, key, sizeof(key)) == 0)
			return k->guesses[i].right ? K3S_RIGHT : K3S_WRONG;
	if (!take_turn(a, turn))
		return K3S_LATER;
	rc = k3s_password_check(a->edge->datafd, a->node, a->password);
	if (rc == -1)
		return K3S_UNKNOWN;
	remember(k, key, rc);
	*first = 1;
	return rc == 1 ? K3S_RIGHT : K3S_WRONG;
}

enum k3s_verdict
k3s_password_look(const struct k3s_ask *a)
{
	int first;

	return look(a, is_own(a) ? K3S_TURN_OWN : K3S_TURN_OTHERS, &first);
}

void
k3s_password_accepted(const struct k3s_ask *a)
{
	enum k3s_turn turn = is_own(a) ? K3S_TURN_OWN : K3S_TURN_OTHERS;
	unsigned char key[32];
	int first;

	switch (look(a, turn, &first)) {
	case K3S_RIGHT:
	case K3S_LATER:
		return;
	default:
		break;
	}
	if (!first && !take_turn(a, turn))
		return;
	if (k3s_password_keep(a->edge->datafd, a->node, a->password,
		a->edge->node) == 0) {
		if (key_of(a, key) == 0)
			remember(a->edge->k3s, key, 1);
	} else if (errno != EEXIST)
		warn("k3s/nodes/%s", a->node);
	else if (first)
		warnx("node %s: the server took another password than before; "
		      "cut off, the former counts: if it was changed, remove "
		      "%s/k3s/nodes/%s",
		    a->node, a->edge->data, a->node);
}

void
k3s_password_refused(const struct k3s_ask *a)
{
	int first;

	if (a->password != NULL &&
	    look(a, K3S_TURN_REFUSED, &first) == K3S_RIGHT &&
	    k3s_password_refuse(a->edge->datafd, a->node, a->edge->node) == -1)
		warn("k3s/nodes/%s", a->node);
}
