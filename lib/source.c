/*
 * A feed's life upstream, as a state machine of transfers.
 *
 * Nothing that comes from the master is believed before it is whole: a list
 * is staged until its end, a watch line until its newline, and what does not
 * parse ends the transfer with the last good state in place.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "source_take.h"

#define HEADERS_MAX (64 * 1024)
#define ERROR_MAX (16 * 1024)
#define DISCOVERY_MAX (1024 * 1024)
#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 10000
#define REFUSED_MS 30000
#define PAGE 500

static void start(struct source *s);

static unsigned
jitter(unsigned ms)
{
	return ms / 2 + arc4random_uniform(ms / 2 + 1);
}

static void
retry_in(struct source *s, unsigned ms)
{
	struct timeval tv;

	s->state = SOURCE_WAITING;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	event_add(s->retry, &tv);
}

static void
back_off(struct source *s)
{
	if (s->backoff_ms == 0)
		s->backoff_ms = BACKOFF_MIN_MS;
	else if ((s->backoff_ms *= 2) > BACKOFF_MAX_MS)
		s->backoff_ms = BACKOFF_MAX_MS;
	retry_in(s, jitter(s->backoff_ms));
}

static void
tell(struct source *s, const char *what, const char *why)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s: %s: %s", s->j.feed.dir, what, why);
	s->j.told(s->j.arg, text);
}

/* --- the request --- */

static int
add_escaped(struct buf *b, const char *name, const char *value)
{
	char *text;
	int rc;

	if (*value == '\0')
		return 0;
	if ((text = curl_easy_escape(NULL, value, 0)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	rc = buf_printf(b, "&%s=%s", name, text);
	curl_free(text);
	return rc;
}

/* Path and query of the next transfer, by s->state. */
static int
make_request(struct source *s, struct buf *b, unsigned seconds)
{
	const struct feed_query *q = &s->j.feed.q;
	int again = s->j.synced && s->relist && !s->reset && s->j.nlocal == 0;

	if (s->state == SOURCE_ASKING)
		return source_ask(s, b);
	if (buf_printf(b, "%s?", q->path) == -1)
		return -1;
	if (s->state == SOURCE_LISTING) {
		if (buf_printf(b, "limit=%d", PAGE) == -1)
			return -1;
		if (s->next != NULL) {
			if (add_escaped(b, "continue", s->next) == -1)
				return -1;
			again = 0;
		}
	} else if (buf_printf(b,
		       "watch=true&allowWatchBookmarks=true&timeoutSeconds=%u",
		       seconds) == -1)
		return -1;
	if (s->state == SOURCE_STREAMING &&
	    buf_puts(b,
		"&sendInitialEvents=true"
		"&resourceVersionMatch=NotOlderThan") == -1)
		return -1;
	if (s->state == SOURCE_LISTING && again &&
	    buf_puts(b, "&resourceVersionMatch=NotOlderThan") == -1)
		return -1;
	if ((s->state == SOURCE_WATCHING || again) &&
	    buf_printf(b, "&resourceVersion=%" PRIu64, s->j.feed.rv) == -1)
		return -1;
	if (add_escaped(b, "labelSelector", q->labels) == -1)
		return -1;
	return add_escaped(b, "fieldSelector", q->fields);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct source *s = arg;
	int rc;

	n *= size;
	if (s->code == 0)
		curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &s->code);
	if (s->state == SOURCE_ASKING)
		return s->line.len + n > DISCOVERY_MAX ||
			buf_add(&s->line, p, n) == -1
		    ? 0
		    : n;
	if (s->code != 200) {
		if (s->line.len + n <= ERROR_MAX)
			buf_add(&s->line, p, n);
		return n;
	}
	if (s->state == SOURCE_LISTING) {
		if ((rc = split_feed(&s->split, p, n)) == -1)
			source_fail(s);
	} else {
		rc = source_lines(s, p, n);
		if (s->events > 0)
			s->changed(s);
	}
	return rc == -1 ? 0 : n;
}

/* The head of an answer has come. */
static void
accepted(struct source *s)
{
	long code = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code != 200 || s->state == SOURCE_ASKING)
		return;
	journal_warn(&s->j, s->warning);
	if (s->state == SOURCE_WATCHING)
		journal_refuse(&s->j, 0, "");
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "warning:";
	struct source *s = arg;
	size_t skip = sizeof(name) - 1;

	n *= size;
	size = 1;
	if (n == 2 && memcmp(p, "\r\n", 2) == 0)
		accepted(s);
	else if (*s->warning == '\0' && n > skip &&
	    strncasecmp(p, name, skip) == 0) {
		skip += strspn(p + skip, " ");
		snprintf(s->warning, sizeof(s->warning), "%.*s",
		    (int)(n - skip - 2), p + skip);
	}
	s->header_bytes += n * size;
	if (s->header_bytes > HEADERS_MAX) {
		errno = EMSGSIZE;
		source_fail(s);
		return 0;
	}
	return n * size;
}

/* --- transfers --- */

static void
start(struct source *s)
{
	struct buf request = { 0 };
	unsigned seconds = 300 + jitter(600);
	int listing;

	if (s->easy != NULL)
		return;
	if (s->state == SOURCE_WAITING && source_held(s)) {
		source_resume(s);
		return;
	}
	if (s->state == SOURCE_WAITING) {
		if (s->j.synced && !s->relist && !s->j.doubtful &&
		    s->j.nlocal == 0)
			s->state = SOURCE_WATCHING;
		else if (s->no_stream)
			s->state = SOURCE_LISTING;
		else
			s->state = SOURCE_STREAMING;
		if (s->state != SOURCE_WATCHING &&
		    journal_list_begin(&s->j) == -1) {
			tell(s, "cannot stage a list", strerror(errno));
			back_off(s);
			return;
		}
		s->kind[0] = '\0';
	}
	listing = s->state == SOURCE_LISTING || s->state == SOURCE_ASKING;
	s->tried = time(NULL);
	s->code = s->events = s->verdict = 0;
	s->header_bytes = 0;
	s->warning[0] = '\0';
	s->line.len = 0;
	split_free(&s->split);
	split_init(&s->split, source_item, s, SOURCE_LINE_MAX);
	if (make_request(s, &request, seconds) == -1 ||
	    (s->easy = upstream_easy(s->up, request.data)) == NULL) {
		tell(s, "cannot make a request", strerror(errno));
		buf_free(&request);
		journal_list_abort(&s->j);
		back_off(s);
		return;
	}
	buf_free(&request);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
	/* a list that stands still, or a watch that outlives itself, ends */
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT,
	    listing ? 300L : (long)seconds + 60L);
	curl_easy_setopt(s->easy, CURLOPT_ACCEPT_ENCODING,
	    listing ? "gzip" : NULL);
	if (curlev_add(s->curlev, s->easy) == -1) {
		curl_easy_cleanup(s->easy);
		s->easy = NULL;
		journal_list_abort(&s->j);
		back_off(s);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start(arg);
}

/* An answer that is no 200. */
static void
refused(struct source *s)
{
	const char *message = NULL;
	json_t *status = NULL;
	char why[256];

	if (s->line.len > 0)
		status = json_loadb(s->line.data, s->line.len, 0, NULL);
	if (json_is_object(status)) {
		source_status(s, status);
		message = json_string_value(json_object_get(status, "message"));
	}
	snprintf(why, sizeof(why), "%s", message == NULL ? "" : message);
	json_decref(status);
	if (s->code == 410)
		s->relist = 1;
	if (s->state == SOURCE_STREAMING &&
	    (s->code == 400 || s->code == 422)) {
		s->no_stream = 1;
		retry_in(s, 0);
		return;
	}
	if (s->code == 410 && s->state == SOURCE_WATCHING) {
		retry_in(s, 0);
		return;
	}
	if (s->code == 404 && s->j.synced && *s->j.feed.q.p.group != '\0') {
		s->state = SOURCE_ASKING;
		s->group = 0;
		start(s);
		return;
	}
	if (s->code >= 400 && s->code < 500 && s->code != 410 &&
	    s->code != 429 && s->code != 408) {
		if (s->j.feed.q.code != (int)s->code) {
			char text[320];

			snprintf(text, sizeof(text), "%ld %s", s->code, why);
			tell(s, "the master refused", text);
		}
		journal_refuse(&s->j, (int)s->code, why);
		retry_in(s, jitter(REFUSED_MS));
		s->changed(s);
		return;
	}
	back_off(s);
}

/* What the master's discovery says of a resource that was not found. */
static void
asked(struct source *s, CURLcode code)
{
	int known = -1;

	if (code == CURLE_OK && s->code == 200)
		known = source_is_known(s);
	if (known == 1 && !s->group) {
		s->group = 1;
		start(s);
		return;
	}
	if (known != 0) {
		tell(s, "not found", "but the master knows of it");
		back_off(s);
		return;
	}
	tell(s, "the master", "has it no more");
	s->relist = 1;
	if (journal_end(&s->j) == -1)
		tell(s, "not ended", strerror(errno));
	journal_refuse(&s->j, 404, "404 page not found");
	retry_in(s, jitter(REFUSED_MS));
	s->changed(s);
}

/* A page of a list came to its end. */
static void
page_done(struct source *s)
{
	json_t *o;
	const char *next;

	o = json_loadb(s->split.rest.data, s->split.rest.len, 0, NULL);
	if (!split_done(&s->split) || o == NULL || source_rv(o) == 0) {
		json_decref(o);
		tell(s, "a list that is none", "dropped");
		journal_list_abort(&s->j);
		back_off(s);
		return;
	}
	source_kind(s, o, 1);
	free(s->next);
	s->next = NULL;
	next = json_string_value(
	    json_object_get(json_object_get(o, "metadata"), "continue"));
	if (next != NULL && *next != '\0')
		s->next = strdup(next);
	if (s->next != NULL)
		start(s);
	else if (source_commit(s, source_rv(o)) == -1) {
		tell(s, "a list was not kept", strerror(s->verdict));
		back_off(s);
	} else
		retry_in(s, 0);
	json_decref(o);
}

/* 1 if the connection merely ended, as they do when a master goes. */
static int
is_ordinary(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_WRITE_ERROR:
		return 1;
	default:
		return 0;
	}
}

void
source_done(CURL *easy, CURLcode code)
{
	struct source *s;
	enum source_state state;
	char *private = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	s = (struct source *)(void *)private;
	if (s->code == 0)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &s->code);
	curl_easy_cleanup(easy);
	s->easy = NULL;
	state = s->state;
	if (state == SOURCE_ASKING) {
		asked(s, code);
		return;
	}
	if (s->code == 200 && code == CURLE_OK && state == SOURCE_LISTING) {
		page_done(s);
		return;
	}
	free(s->next);
	s->next = NULL;
	if (state != SOURCE_WATCHING)
		journal_list_abort(&s->j);
	if (s->code != 200 && s->code != 0) {
		refused(s);
		return;
	}
	if (s->verdict != 0 && s->verdict != EPROTO)
		tell(s, "dropped what came", strerror(s->verdict));
	else if (!is_ordinary(code))
		tell(s, "no answer", curl_easy_strerror(code));
	if (s->relist && s->verdict == EPROTO)
		tell(s, "too old for the master", "listing again");
	/* a watch that did its time, or told us why it could not */
	if (state == SOURCE_WATCHING &&
	    (s->events > 0 || (code == CURLE_OK && s->verdict == 0)))
		s->backoff_ms = 0;
	if (state == SOURCE_WATCHING && s->events > 0 &&
	    (s->verdict == 0 || s->relist))
		retry_in(s, jitter(20));
	else
		back_off(s);
}

int
source_open(struct source *s, struct curlev *c, struct upstream *up, int datafd,
    const char *data, const struct feed_query *q,
    void (*told)(void *, const char *))
{
	memset(s, 0, sizeof(*s));
	s->curlev = c;
	s->up = up;
	if (journal_open(&s->j, datafd, data, q, told, s) == -1)
		return -1;
	split_init(&s->split, source_item, s, SOURCE_LINE_MAX);
	s->state = SOURCE_WAITING;
	s->relist = s->j.feed.q.code == 404;
	if ((s->retry = evtimer_new(c->base, on_retry, s)) == NULL) {
		journal_free(&s->j);
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

void
source_pause(struct source *s)
{
	event_del(s->retry);
	if (s->easy != NULL) {
		curlev_remove(s->curlev, s->easy);
		curl_easy_cleanup(s->easy);
		s->easy = NULL;
	}
	if (s->state != SOURCE_WATCHING)
		journal_list_abort(&s->j);
	s->state = SOURCE_WAITING;
}

void
source_resume(struct source *s)
{
	if (*s->master_up)
		retry_in(s, 1000);
}

void
source_kick(struct source *s)
{
	s->backoff_ms = 0;
	if (s->easy == NULL && s->state == SOURCE_WAITING) {
		event_del(s->retry);
		start(s);
	}
}

void
source_nudge(struct source *s)
{
	if (time(NULL) - s->tried > 1)
		source_kick(s);
}

void
source_free(struct source *s)
{
	source_pause(s);
	event_free(s->retry);
	split_free(&s->split);
	buf_free(&s->line);
	free(s->next);
	journal_free(&s->j);
}
