/*
 * One request at a time for an election.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apipath.h"
#include "election_link.h"

#define ANSWER_MAX (1024 * 1024)

int
election_link_name(struct election_link *l, const char *ns, const char *name)
{
	struct apipath p;
	size_t n;

	snprintf(l->collection, sizeof(l->collection),
	    "/apis/coordination.k8s.io/v1/namespaces/%s/leases", ns);
	snprintf(l->object, sizeof(l->object), "%s/%s", l->collection, name);
	n = strspn(l->object, "abcdefghijklmnopqrstuvwxyz0123456789-./");
	/* all of both is there, and in its place */
	if (l->object[n] == '\0' && apipath_parse(&p, l->object) == 0 &&
	    strcmp(p.ns, ns) == 0 && strcmp(p.name, name) == 0 &&
	    *p.subresource == '\0')
		return 0;
	errno = EINVAL;
	return -1;
}

static void
end_request(struct election_link *l)
{
	if (l->easy != NULL)
		curl_easy_cleanup(l->easy);
	curl_slist_free_all(l->headers);
	free(l->body);
	buf_free(&l->answer);
	l->easy = NULL;
	l->headers = NULL;
	l->body = NULL;
}

static void
tell(struct election_link *l, int code, json_t *answer, const char *why)
{
	const char *message =
	    json_string_value(json_object_get(answer, "message"));
	char text[1024] = "";

	if (code == 0)
		snprintf(text, sizeof(text), "the master does not answer: %s",
		    why);
	else if (code != 200 && code != 201)
		snprintf(text, sizeof(text), "%s: %d%s%s", l->object, code,
		    message != NULL ? ": " : "",
		    message != NULL ? message : "");
	l->answered(l->arg, code, answer, text);
}

static void
on_done(CURL *easy, CURLcode curl)
{
	struct election_link *l = NULL;
	json_t *answer = NULL;
	long code = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&l);
	if (curl == CURLE_OK) {
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
		answer =
		    json_loadb(l->answer.data != NULL ? l->answer.data : "",
			l->answer.len, 0, NULL);
	}
	l->failed = curl != CURLE_OK;
	end_request(l);
	tell(l, (int)code, answer, curl_easy_strerror(curl));
	json_decref(answer);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct election_link *l = arg;

	n *= size;
	if (l->answer.len + n > ANSWER_MAX ||
	    buf_add(&l->answer, bytes, n) == -1)
		return 0;
	return n;
}

static int
add_header(struct election_link *l, const char *line)
{
	struct curl_slist *list = curl_slist_append(l->headers, line);

	if (list == NULL)
		return -1;
	l->headers = list;
	return 0;
}

static CURLcode
set_options(struct election_link *l, enum election_ask what)
{
	CURL *e = l->easy;
	CURLcode c;

	c = curl_easy_setopt(e, CURLOPT_PRIVATE, l);
	c |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, l->headers);
	c |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	c |= curl_easy_setopt(e, CURLOPT_WRITEDATA, l);
	c |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, l->timeout_ms);
	if (l->body != NULL)
		c |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, l->body);
	if (what == ELECTION_PUT)
		c |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "PUT");
	return c;
}

static int
renew_connections(struct election_link *l)
{
	if (!l->failed)
		return 0;
	curlev_free(&l->curl);
	l->failed = 0;
	return curlev_init(&l->curl, l->base, on_done);
}

static int
ask(struct election_link *l, enum election_ask what, const json_t *body)
{
	l->headers = upstream_headers(l->up);
	if (l->headers == NULL ||
	    add_header(l, "Accept: application/json") == -1)
		return -1;
	if (body != NULL &&
	    ((l->body = json_dumps(body, JSON_COMPACT)) == NULL ||
		add_header(l, "Content-Type: application/json") == -1))
		return -1;
	l->easy = upstream_easy(l->up,
	    what == ELECTION_POST ? l->collection : l->object);
	if (l->easy == NULL || set_options(l, what) != CURLE_OK)
		return -1;
	return curlev_add(&l->curl, l->easy);
}

int
election_link_ask(struct election_link *l, enum election_ask what,
    const json_t *body)
{
	if (renew_connections(l) == 0 && ask(l, what, body) == 0)
		return 0;
	end_request(l);
	errno = ENOMEM;
	return -1;
}

int
election_link_is_busy(const struct election_link *l)
{
	return l->easy != NULL;
}

int
election_link_init(struct election_link *l)
{
	return curlev_init(&l->curl, l->base, on_done);
}

void
election_link_free(struct election_link *l)
{
	if (l->easy != NULL)
		curlev_remove(&l->curl, l->easy);
	end_request(l);
	curlev_free(&l->curl);
}
