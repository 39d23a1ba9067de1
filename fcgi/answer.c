/*
 * Whole answers: status line, headers, body, end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "edge.h"

/* after: seconds for Retry-After, 0 for none */
static void
send_whole(struct request *r, int code, const char *type, int after,
    const void *p, size_t n)
{
	char head[512], retry[40] = "";
	int len;

	if (after > 0)
		snprintf(retry, sizeof(retry), "Retry-After: %d\r\n", after);

	len = snprintf(head, sizeof(head),
	    "Status: %d %s\r\n"
	    "Cache-Control: no-cache, private\r\n"
	    "Content-Type: %s\r\n"
	    "%sContent-Length: %zu\r\n\r\n",
	    code, status_phrase(code), type, retry, n);
	fcgi_write(r->c, head, (size_t)len);
	if (!r->head)
		fcgi_write(r->c, p, n);
	fcgi_end(r->c);
}

void
answer(struct request *r, int code, const char *type, const void *p, size_t n)
{
	send_whole(r, code, type, 0, p, n);
}

void
answer_status(struct request *r, const struct status *s)
{
	struct buf b = { 0 };

	if (status_write(&b, s) == 0 && buf_puts(&b, "\n") == 0)
		send_whole(r, s->code, "application/json",
		    s->retry_after_seconds, b.data, b.len);
	else
		fcgi_abort(r->c);
	buf_free(&b);
}

void
answer_error(struct request *r, int code, const char *fmt, ...)
{
	char message[1024];
	struct status s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	s.code = code;
	s.message = message;
	if (r->p.resource != NULL && *r->p.resource != '\0') {
		s.name = *r->p.name != '\0' ? r->p.name : NULL;
		s.group = *r->p.group != '\0' ? r->p.group : NULL;
		s.kind = r->p.resource;
	}
	answer_status(r, &s);
}

void
answer_cut_off(struct request *r, const char *what)
{
	char since[64] = "";
	struct tm tm;
	time_t t = (time_t)r->edge->down_since;

	if (t != 0) {
		gmtime_r(&t, &tm);
		strftime(since, sizeof(since), " since %Y-%m-%dT%H:%M:%SZ",
		    &tm);
	}
	answer_error(r, 503, "the master is out of reach%s: %s", since, what);
}
