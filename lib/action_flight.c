/*
 * One request of an action. libcurl sends a request again by itself where a
 * kept connection turns out to be dead. Bodies cannot be rewound here, so that
 * none is sent again before we have said so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action_flight.h"

#define TIMEOUT_S 20L
#define ANSWER_MAX (64 * 1024)

struct action_flight *
action_flight_new(struct action_send *s)
{
	struct action_flight *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->send = s;
	return f;
}

void
action_flight_clear(struct action_flight *f)
{
	if (f->easy != NULL) {
		/* harmless where its transfer has ended */
		curlev_remove(&f->send->curl, f->easy);
		curl_easy_cleanup(f->easy);
	}
	curl_slist_free_all(f->headers);
	buf_free(&f->answer);
	f->easy = NULL;
	f->headers = NULL;
	f->sent = 0;
}

void
action_flight_free(struct action_flight *f)
{
	action_flight_clear(f);
	if (f->is_due)
		TAILQ_REMOVE(&f->send->due, f, due);
	if (f->timer != NULL)
		event_free(f->timer);
	free(f);
}

/* Objects are not looked at, and of errors the first bytes tell enough. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct action_flight *f = arg;
	size_t room = ANSWER_MAX - f->answer.len;
	long code = 0;

	n *= size;
	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code >= 300 &&
	    buf_add(&f->answer, bytes, n < room ? n : room) == -1)
		return 0;
	return n;
}

static size_t
on_read(char *to, size_t size, size_t n, void *arg)
{
	struct action_flight *f = arg;
	size_t left = f->action->body_len - f->sent;

	n *= size;
	if (n > left)
		n = left;
	memcpy(to, f->action->body + f->sent, n);
	f->sent += n;
	return n;
}

static CURLcode
set_body(struct action_flight *f)
{
	const struct action *a = f->action;
	CURL *e = f->easy;
	CURLcode c;

	if (a->body_len == 0)
		return CURLE_OK;
	c = curl_easy_setopt(e, CURLOPT_POST, 1L);
	c |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)a->body_len);
	c |= curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	return c | curl_easy_setopt(e, CURLOPT_READDATA, f);
}

static CURLcode
set_options(struct action_flight *f)
{
	CURL *e = f->easy;
	CURLcode c;

	c = curl_easy_setopt(e, CURLOPT_PRIVATE, f);
	c |= set_body(f);
	c |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, f->action->method);
	c |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->headers);
	c |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	c |= curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	c |= curl_easy_setopt(e, CURLOPT_TIMEOUT, TIMEOUT_S);
	return c;
}

static int
add_header(struct action_flight *f, const char *line)
{
	struct curl_slist *l = curl_slist_append(f->headers, line);

	if (l == NULL)
		return -1;
	f->headers = l;
	return 0;
}

int
action_flight_start(struct action_flight *f)
{
	const struct action *a = f->action;
	char line[160];

	f->headers = upstream_headers(f->send->up);
	snprintf(line, sizeof(line), "Content-Type: %s", a->type);
	if (f->headers == NULL ||
	    add_header(f, "Accept: application/json") == -1 ||
	    (a->body_len > 0 && add_header(f, line) == -1)) {
		errno = ENOMEM;
		return -1;
	}
	if ((f->easy = upstream_easy(f->send->up, a->path)) == NULL)
		return -1;
	if (set_options(f) == CURLE_OK)
		return curlev_add(&f->send->curl, f->easy);
	errno = ENOMEM;
	return -1;
}
