/*
 * Whole and streamed answers: status line, headers, body, end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "parts.h"

#define HOLD_MAX (128 * 1024)
#define CHUNK (16 * 1024)

int
out_takes_gzip(const struct request *r)
{
	const char *p = fcgi_param(r->c, "HTTP_ACCEPT_ENCODING");
	size_t n, end;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		while (n > 0 && *p == ' ')
			p++, n--;
		for (end = n; end > 0 && p[end - 1] == ' '; end--)
			;
		if (end == 4 && strncmp(p, "gzip", 4) == 0)
			return 1;
	}
	return 0;
}

/* length: of the body, -1 if it is not known. */
static void
begin(struct out *o, long long length)
{
	char head[1024], size[48] = "", retry[40] = "", warning[320] = "";
	int n;

	audit_answer(o->r, o->code);
	if (o->retry_after > 0)
		snprintf(retry, sizeof(retry), "Retry-After: %d\r\n",
		    o->retry_after);
	if (length >= 0)
		snprintf(size, sizeof(size), "Content-Length: %lld\r\n",
		    length);
	if (o->warning != NULL)
		snprintf(warning, sizeof(warning), "Warning: %s\r\n",
		    o->warning);
	n = snprintf(head, sizeof(head),
	    "Status: %d %s\r\n"
	    "Cache-Control: no-cache, private\r\n"
	    "Content-Type: %s\r\n%s%s%s%s\r\n",
	    o->code, status_phrase(o->code), o->type, retry, warning,
	    o->z == NULL ? ""
			 : "Content-Encoding: gzip\r\n"
			   "Vary: Accept-Encoding\r\n",
	    size);
	if (n >= (int)sizeof(head))
		n = (int)sizeof(head) - 1;
	fcgi_write(o->r->c, head, (size_t)n);
	o->began = 1;
}

static int
compress_some(struct out *o, const char *p, size_t n, int flush)
{
	unsigned char chunk[CHUNK];
	int rc;

	o->z->next_in = (unsigned char *)(uintptr_t)p;
	o->z->avail_in = (unsigned)n;
	do {
		o->z->next_out = chunk;
		o->z->avail_out = sizeof(chunk);
		rc = deflate(o->z, flush);
		if (rc == Z_STREAM_ERROR) {
			errno = EINVAL;
			return -1;
		}
		fcgi_write(o->r->c, chunk, sizeof(chunk) - o->z->avail_out);
	} while (o->z->avail_out == 0);
	return 0;
}

static int
open_gzip(struct out *o)
{
	if ((o->z = calloc(1, sizeof(*o->z))) == NULL)
		return -1;
	/* 15 + 16: a gzip header around it; level 1 as kube-apiserver */
	if (deflateInit2(o->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
	    Z_OK)
		return 0;
	free(o->z);
	o->z = NULL;
	errno = ENOMEM;
	return -1;
}

/* Bytes as the client gets them. */
static int
send_on(struct out *o, const char *p, size_t n)
{
	if (o->r->head)
		return 0;
	if (o->z != NULL)
		return compress_some(o, p, n, Z_NO_FLUSH);
	fcgi_write(o->r->c, p, n);
	return 0;
}

/* What was held is too much to be held. */
static int
let_go(struct out *o)
{
	int rc;

	if (out_takes_gzip(o->r) && open_gzip(o) == -1)
		return -1;
	begin(o, -1);
	rc = send_on(o, o->held.data, o->held.len);
	buf_free(&o->held);
	return rc;
}

int
out_write(struct out *o, const void *p, size_t n)
{
	struct buf pretty = { 0 };
	int rc;

	if (o->began && !o->r->pretty)
		return send_on(o, p, n);
	if (o->began) {
		rc = indent_add(&o->indent, &pretty, p, n);
		if (rc == 0)
			rc = send_on(o, pretty.data, pretty.len);
		buf_free(&pretty);
		return rc;
	}
	rc = o->r->pretty ? indent_add(&o->indent, &o->held, p, n)
			  : buf_add(&o->held, p, n);
	if (rc == -1)
		return -1;
	return o->held.len > HOLD_MAX ? let_go(o) : 0;
}

void
out_end(struct out *o)
{
	struct fcgi_conn *c = o->r->c;
	int rc = 0;

	if (!o->began) {
		begin(o, (long long)o->held.len);
		rc = send_on(o, o->held.data, o->held.len);
	} else if (o->z != NULL && !o->r->head)
		rc = compress_some(o, NULL, 0, Z_FINISH);
	out_free(o);
	if (rc == -1)
		fcgi_abort(c);
	else
		fcgi_end(c);
}

void
out_free(struct out *o)
{
	buf_free(&o->held);
	if (o->z != NULL) {
		deflateEnd(o->z);
		free(o->z);
		o->z = NULL;
	}
}
