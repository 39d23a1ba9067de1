/*
 * Bearer tokens: the master says whose they are while it is there, and its
 * word stands for a moment; while it is away the keys do by which it signs, or
 * what it said before.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "account.h"
#include "call.h"
#include "parts.h"
#include "who.h"

/* kubelet's own caches of reviews */
#define FRESH_S 120
#define REFUSED_S 10
#define GONE_S 2

#define REVIEWS "/apis/authentication.k8s.io/v1/tokenreviews"
#define SELF "/apis/authentication.k8s.io/v1/selfsubjectreviews"

static void on_review(void *arg, int code, const struct buf *answer);
static void on_self(void *arg, int code, const struct buf *answer);

/* --- what is in a token, or said of one --- */

static const char *
extra(const struct user *u, const char *key)
{
	size_t i;

	for (i = 0; i < u->nextra; i++)
		if (strncmp(u->extra[i].key, "authentication.kubernetes.io/",
			29) == 0 &&
		    strcmp(u->extra[i].key + 29, key) == 0)
			return u->extra[i].value;
	return "";
}

/* The pod that a token is bound to; nodes and secrets say less. */
static void
take_bound(struct who *w)
{
	static const char prefix[] = "system:serviceaccount:";
	const char *ns = w->user.name + sizeof(prefix) - 1;
	struct grant_bound *b = &w->bound;

	memset(b, 0, sizeof(*b));
	if (strncmp(w->user.name, prefix, sizeof(prefix) - 1) != 0 ||
	    *extra(&w->user, "pod-uid") == '\0')
		return;
	snprintf(b->kind, sizeof(b->kind), "Pod");
	snprintf(b->ns, sizeof(b->ns), "%.*s", (int)strcspn(ns, ":"), ns);
	snprintf(b->name, sizeof(b->name), "%s", extra(&w->user, "pod-name"));
	snprintf(b->uid, sizeof(b->uid), "%s", extra(&w->user, "pod-uid"));
}

static int
take_user(struct who *w, const json_t *info)
{
	if (user_load(&w->user, info) == -1 || who_know(w) == -1)
		return -1;
	take_bound(w);
	return 0;
}

/* What a review's status says: 1 known, 0 refused, -1 nothing. */
static int
take_status(struct who *w, const char *text, size_t n)
{
	json_t *o = json_loadb(text, n, 0, NULL);
	const json_t *status = json_object_get(o, "status");
	const json_t *yes = json_object_get(status, "authenticated");
	const json_t *self = json_object_get(status, "userInfo");
	int rc = -1;

	if (self != NULL)
		rc = take_user(w, self) == 0 ? 1 : -1;
	else if (json_is_true(yes))
		rc =
		    take_user(w, json_object_get(status, "user")) == 0 ? 1 : -1;
	else if (json_is_object(status) && !json_is_true(yes))
		rc = 0;
	json_decref(o);
	return rc;
}

/* --- while cut off --- */

static enum who_verdict
recall(struct who *w, const char *token, size_t n)
{
	struct edge *e = w->edge;
	struct apipath p;
	struct grant g = { .kind = GRANT_NONE };
	struct buf b = { 0 }, answer = { 0 };
	enum who_verdict v = WHO_UNKNOWN;
	char *copy = strndup(token, n);

	if (copy != NULL &&
	    buf_puts(&b, "{\"kind\":\"TokenReview\",\"spec\":{\"token\":") ==
		0 &&
	    buf_json(&b, copy) == 0 && buf_puts(&b, "}}") == 0 &&
	    apipath_parse(&p, REVIEWS) == 0 &&
	    grant_ask(&g, &p, b.data, b.len, "") == 0 &&
	    grant_recall(&g, e->datafd, time(NULL), e->review_age_s, &answer) ==
		0 &&
	    take_status(w, answer.data, answer.len) == 1)
		v = WHO_YES;
	grant_free(&g);
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_free(&b);
	buf_free(&answer);
	free(copy);
	return v;
}

static enum who_verdict
verify(struct who *w, const char *token, size_t n)
{
	struct account a = { .expires = 0 };
	enum who_verdict v = WHO_YES;
	char why[256] = "";

	if (keys_verify(w->edge, &a, token, n, why, sizeof(why)) == 0) {
		user_free(&w->user);
		w->user = a.user;
		memset(&a.user, 0, sizeof(a.user));
		w->until = a.expires;
		if (who_know(w) == 0)
			take_bound(w);
		else
			v = WHO_UNKNOWN;
	} else if (errno == EACCES) {
		if (w->edge->verbose)
			warnx("a token was refused: %s", why);
		w->state = WHO_REFUSED;
		v = WHO_NO;
	} else
		v = recall(w, token, n);
	account_free(&a);
	return v;
}

/* Whether the pod of the token is gone: looked for once a second. */
static int
is_gone(struct who *w)
{
	long long now = time(NULL);

	if (*w->bound.kind == '\0')
		return 0;
	if (w->looked != now)
		w->gone = grants_is_gone(w->edge, &w->bound);
	w->looked = now;
	return w->gone;
}

static enum who_verdict
check_here(struct who *w, const char *token, size_t n)
{
	enum who_verdict v = w->state == WHO_KNOWN ? WHO_YES
	    : w->state == WHO_REFUSED		   ? WHO_NO
						   : verify(w, token, n);

	if (v != WHO_YES)
		return v;
	/* a bootstrap token is there to ask the master for a better one */
	if (strncmp(w->user.name, "system:bootstrap:", 17) == 0)
		return WHO_UNKNOWN;
	if (w->until != 0 && time(NULL) >= w->until)
		return WHO_NO;
	return is_gone(w) ? WHO_NO : WHO_YES;
}

/* --- while the master is there --- */

static void
settle(struct who *w, int rc)
{
	w->call = NULL;
	if (rc == 1) {
		w->checked = time(NULL);
	} else if (rc == 0) {
		w->state = WHO_REFUSED;
		w->checked = time(NULL);
	} else if (w->access != NULL)
		/* no answer: what is known stands for a moment */
		w->state = WHO_KNOWN;
	else
		w->state = WHO_NEW;
	w->retry = time(NULL) + (rc == -1 ? 1 : 0);
	grant_free(&w->review);
	who_settled(w);
}

/* The hub may not review: the token's owner may say who he is. */
static int
ask_self(struct who *w, const char *token)
{
	static const char body[] =
	    "{\"kind\":\"SelfSubjectReview\","
	    "\"apiVersion\":\"authentication.k8s.io/v1\"}";
	struct behalf as = { .kind = BEHALF_TOKEN, .token = token };

	w->call = call_start(w->edge, SELF, body, &as, w->edge->deadline_ms,
	    on_self, w);
	return w->call == NULL ? -1 : 0;
}

static void
on_self(void *arg, int code, const struct buf *answer)
{
	struct who *w = arg;
	int rc = -1;

	if (code == 201 && answer->data != NULL)
		rc = take_status(w, answer->data, answer->len);
	else if (code == 401)
		rc = 0;
	settle(w, rc);
}

static void
on_review(void *arg, int code, const struct buf *answer)
{
	struct who *w = arg;
	struct edge *e = w->edge;
	const char *token = json_string_value(
	    json_object_get(json_object_get(w->review.request, "spec"),
		"token"));
	int rc = -1;

	if (code == 201 && answer->data != NULL) {
		rc = take_status(w, answer->data, answer->len);
		if (rc == 1 && token != NULL)
			keys_see(e, token);
		if (rc == 1 &&
		    grant_keep(&w->review, e->datafd, answer->data, answer->len,
			time(NULL)) == -1)
			warn("%s", w->review.file);
		else if (rc == 0)
			(void)grant_forget(&w->review, e->datafd);
	} else if (code == 403) {
		w->call = NULL;
		if (token != NULL && ask_self(w, token) == 0)
			return;
	}
	settle(w, rc);
}

/* 0: it was asked; -1 with errno. */
static int
ask(struct who *w, const char *token, size_t n)
{
	struct buf b = { 0 };
	struct apipath p;
	char *copy = strndup(token, n);
	int rc = -1;

	grant_free(&w->review);
	if (copy != NULL &&
	    buf_puts(&b,
		"{\"kind\":\"TokenReview\","
		"\"apiVersion\":\"authentication.k8s.io/v1\","
		"\"spec\":{\"token\":") == 0 &&
	    buf_json(&b, copy) == 0 && buf_puts(&b, "}}") == 0 &&
	    apipath_parse(&p, REVIEWS) == 0 &&
	    grant_ask(&w->review, &p, b.data, b.len, "") == 0 &&
	    (w->call = call_start(w->edge, REVIEWS, b.data, NULL,
		 w->edge->deadline_ms, on_review, w)) != NULL)
		rc = 0;
	free(copy);
	buf_free(&b);
	return rc;
}

enum who_verdict
who_token_check(struct who *w, const char *token, size_t n)
{
	long long now = time(NULL), age = now - w->checked;

	w->is_token = 1;
	if (w->state == WHO_ASKING)
		return WHO_WAIT;
	if (n > JWT_MAX) {
		w->state = WHO_REFUSED;
		return WHO_NO;
	}
	if (!master_ok(w->edge))
		return check_here(w, token, n);
	if (w->state == WHO_REFUSED && w->checked != 0 && age < REFUSED_S)
		return WHO_NO;
	/* a pod that is gone takes its tokens with it: the master knows */
	if (w->state == WHO_KNOWN && w->checked != 0 &&
	    age < (is_gone(w) ? GONE_S : FRESH_S))
		return w->until != 0 && now >= w->until ? WHO_NO : WHO_YES;
	if (now < w->retry)
		return check_here(w, token, n);
	w->until = grant_expires(token);
	if (ask(w, token, n) == -1)
		return check_here(w, token, n);
	w->state = WHO_ASKING;
	return WHO_WAIT;
}
