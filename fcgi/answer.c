/*
 * Whole answers: status line, headers, body, end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "out.h"
#include "parts.h"

void
answer(struct request *r, int code, const char *type, const void *p, size_t n)
{
	char head[512];
	int len;

	audit_answer(r, code);
	len = snprintf(head, sizeof(head),
	    "Status: %d %s\r\n"
	    "Cache-Control: no-cache, private\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    code, status_phrase(code), type, n);
	fcgi_write(r->c, head, (size_t)len);
	if (!r->head)
		fcgi_write(r->c, p, n);
	fcgi_end(r->c);
}

void
answer_go(struct request *r)
{
	static const char text[] = "Status: 400 Bad Request\r\n"
				   "Content-Type: text/plain; charset=utf-8\r\n"
				   "Content-Length: 15\r\n\r\n"
				   "400 Bad Request";

	audit_answer(r, 400);
	fcgi_write(r->c, text, sizeof(text) - 1 - (r->head ? 15 : 0));
	fcgi_end(r->c);
}

void
answer_no_page(struct request *r)
{
	answer(r, 404, "text/plain; charset=utf-8", "404 page not found\n", 19);
}

static void
answer_text(struct request *r, int code, const char *warning, const char *p,
    size_t n)
{
	struct out o = { .r = r,
		.code = code,
		.type = "application/json",
		.warning = warning };

	if (out_write(&o, p, n) == 0 &&
	    (r->pretty || out_write(&o, "\n", 1) == 0)) {
		out_end(&o);
		return;
	}
	out_free(&o);
	fcgi_abort(r->c);
}

void
answer_json(struct request *r, const char *warning, const struct buf *b)
{
	answer_text(r, 200, warning, b->data, b->len);
}

void
answer_object(struct request *r, int code, const char *text)
{
	answer_text(r, code, NULL, text, strlen(text));
}

void
answer_status(struct request *r, const struct status *s)
{
	struct out o = { .r = r,
		.code = s->code,
		.type = "application/json",
		.retry_after = s->retry_after_seconds };
	struct buf b = { 0 };

	/* what the master may have done is not refused for what is here */
	if (r->unsure && (s->code == 404 || s->code == 409)) {
		r->unsure = 0;
		answer_cut_off(r, "it may have done this write, or not");
		return;
	}
	/* where no clause takes a Status it comes in the server's own way */
	r->pretty |= !media_takes_object(fcgi_param(r->c, "HTTP_ACCEPT"));
	r->why = s->message;
	if (status_write(&b, s) == 0 && out_write(&o, b.data, b.len) == 0 &&
	    (r->pretty || out_write(&o, "\n", 1) == 0))
		out_end(&o);
	else {
		out_free(&o);
		fcgi_abort(r->c);
	}
	r->why = NULL;
	buf_free(&b);
}

void
answer_bad(struct request *r, const char *message)
{
	struct status s = { .code = 400, .message = message };

	answer_status(r, &s);
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
	long long t = r->edge->down_since;
	char since[CLOCK_TEXT_LEN] = "";

	if (t != 0)
		clock_text(t, since);
	answer_error(r, 503, "the master is out of reach%s%s: %s",
	    t != 0 ? " since " : "", since, what);
}
