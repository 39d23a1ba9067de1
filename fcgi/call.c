/*
 * Requests of ote-edge-server itself, over a libcurl multi handle of their
 * own: pass_done() ends those of clients.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define TRIES_MAX 3

struct call {
	struct edge *edge;
	struct curlev *curlev; /* that easy is in */
	CURL *easy;
	int tries;
	struct curl_slist *headers;
	struct buf answer;
	char type[128];
	CURLcode code;
	void (*done)(void *arg, int code, const struct buf *answer);
	void *arg;
};

static void
call_free(struct call *c)
{
	if (c->easy != NULL) {
		curlev_remove(c->curlev, c->easy);
		curl_easy_cleanup(c->easy);
	}
	curl_slist_free_all(c->headers);
	buf_free(&c->answer);
	free(c);
}

void
call_cancel(struct call *c)
{
	if (c != NULL)
		call_free(c);
}

const char *
call_type(const struct call *c)
{
	return c->type;
}

CURLcode
call_code(const struct call *c)
{
	return c->code;
}

static void
on_done(CURL *easy, CURLcode code)
{
	char *private = NULL, *type = NULL;
	struct call *c;
	long http = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	c = (struct call *)(void *)private;
	if (code == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http);
	else if (upstream_is_ended(code) && ++c->tries < TRIES_MAX) {
		c->answer.len = 0;
		if (curlev_add(c->curlev, easy) == 0)
			return;
	}
	c->code = code;
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(c->type, sizeof(c->type), "%s", type == NULL ? "" : type);
	curl_easy_cleanup(easy);
	c->easy = NULL;
	c->done(c->arg, (int)http, &c->answer);
	call_free(c);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	n *= size;
	if (c->answer.len + n > CALL_ANSWER_MAX ||
	    buf_add(&c->answer, p, n) == -1)
		return 0;
	return n;
}

static int
add(struct call *c, const char *line)
{
	struct curl_slist *l = curl_slist_append(c->headers, line);

	if (l == NULL)
		return -1;
	c->headers = l;
	return 0;
}

static int
add_lines(struct call *c, const struct call_parts *q)
{
	size_t i;

	if (add(c, "Expect:") == -1)
		return -1;
	for (i = 0; q->lines != NULL && q->lines[i] != NULL; i++)
		if (add(c, q->lines[i]) == -1)
			return -1;
	if (q->as == NULL)
		return 0;
	return behalf_apply(q->as, c->easy) == -1 ||
		behalf_headers(q->as, &c->headers) == -1
	    ? -1
	    : 0;
}

static int
set_up(struct call *c, const struct call_parts *q)
{
	CURLcode rc;

	if (add_lines(c, q) == -1)
		return -1;
	rc = curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	rc |= curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	rc |= curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	rc |= curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, q->ms);
	rc |= curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	if (q->body != NULL) {
		rc |= curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE,
		    (long)q->n);
		rc |=
		    curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS, q->body);
	}
	return rc == CURLE_OK ? 0 : -1;
}

struct call *
call_send(struct edge *e, const struct call_parts *q,
    void (*done)(void *arg, int code, const struct buf *answer), void *arg)
{
	struct call *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->edge = e;
	c->done = done;
	c->arg = arg;
	if ((c->easy = upstream_easy(&e->up, q->path)) == NULL) {
		call_free(c);
		return NULL;
	}
	c->curlev = q->serial ? &e->calls_serial : &e->calls;
	if (q->serial)
		curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION,
		    (long)CURL_HTTP_VERSION_1_1);
	if (set_up(c, q) == -1 || curlev_add(c->curlev, c->easy) == -1) {
		curl_easy_cleanup(c->easy);
		c->easy = NULL;
		call_free(c);
		errno = ENOMEM;
		return NULL;
	}
	return c;
}

struct call *
call_start(struct edge *e, const char *path, const char *body,
    const struct behalf *as, long ms,
    void (*done)(void *arg, int code, const struct buf *answer), void *arg)
{
	static const char *const json[] = {
		"Accept: application/json, application/jwk-set+json",
		"Content-Type: application/json", NULL
	};
	static const char *const plain[] = {
		"Accept: application/json, application/jwk-set+json", NULL
	};
	struct call_parts q = { .path = path,
		.body = body,
		.n = body == NULL ? 0 : strlen(body),
		.lines = body == NULL ? plain : json,
		.as = as,
		.ms = ms };

	/* as in pass.c: who is nobody after all ends an HTTP/2 connection */
	q.serial = as != NULL &&
	    (as->kind == BEHALF_TOKEN || as->kind == BEHALF_NOBODY);
	return call_send(e, &q, done, arg);
}

int
call_init(struct edge *e)
{
	if (curlev_init(&e->calls, e->base, on_done) == -1 ||
	    curlev_init(&e->calls_serial, e->base, on_done) == -1)
		return -1;
	curlev_serial(&e->calls_serial);
	return 0;
}
