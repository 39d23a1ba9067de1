/*
 * Requests that go through to the master: headers, then bodies both ways as
 * they come, with a bounded number of bytes under way.
 *
 * libcurl's callbacks never end a connection themselves (its handle must not
 * be removed from within): they note what happened, pass_done() acts.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "as.h"
#include "may.h"
#include "parts.h"
#include "recent.h"

#define UNDER_WAY (256 * 1024)
#define HEADERS_MAX (64 * 1024)
#define RV_WAIT_MS 3000
#define WRITE_WAIT_MS 4000

struct pass {
	struct request *r;
	struct curlev *curlev; /* that easy is in */
	CURL *easy;
	struct curl_slist *headers;
	void (*fallback)(struct request *);
	struct event *deadline;
	struct buf upload;
	const struct outbox_uids *uids; /* to be set right in it; or NULL */
	struct buf head;		/* of the response, as CGI wants it */
	struct reply *reply;
	int code;
	int retried;
	unsigned began : 1, /* the response's headers were sent on */
	    uploading : 1, upload_ended : 1, upload_waits : 1, stalled : 1;
};

/* --- the request's headers --- */

static const char *const not_passed[] = { "HTTP_AUTHORIZATION",
	"HTTP_CONNECTION", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE",
	"HTTP_EXPECT", "HTTP_HOST", "HTTP_KEEP_ALIVE", "HTTP_PROXY",
	"HTTP_PROXY_AUTHORIZATION", "HTTP_TE", "HTTP_TRAILER",
	"HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE", NULL };

static int
is_passed(const struct request *r, const char *name)
{
	int i;

	if (strncmp(name, "HTTP_", 5) != 0 ||
	    (!r->poses && strncmp(name, "HTTP_IMPERSONATE", 16) == 0) ||
	    strncmp(name, "HTTP_X_OTE", 10) == 0 ||
	    strncmp(name, "HTTP_X_REMOTE", 13) == 0)
		return 0;
	for (i = 0; not_passed[i] != NULL; i++)
		if (strcmp(name, not_passed[i]) == 0)
			return 0;
	return 1;
}

static void
add_header(struct pass *p, const char *name, const char *value)
{
	struct curl_slist *l;
	char *line;

	/* an empty value is spelled with a semicolon for libcurl */
	if (asprintf(&line, *value == '\0' ? "%s;" : "%s: %s", name, value) ==
	    -1)
		return;
	if ((l = curl_slist_append(p->headers, line)) != NULL)
		p->headers = l;
	free(line);
}

static void
pass_header(void *arg, const char *param, const char *value)
{
	struct pass *p = arg;
	char name[128];
	size_t i;

	if (!is_passed(p->r, param) || strlen(param) - 5 >= sizeof(name) ||
	    ((p->reply != NULL || p->r->ask != NULL) &&
		strcmp(param, "HTTP_ACCEPT_ENCODING") == 0))
		return;
	for (i = 0, param += 5; *param != '\0'; param++, i++)
		name[i] = *param == '_'		     ? '-'
		    : *param >= 'A' && *param <= 'Z' ? *param - 'A' + 'a'
						     : *param;
	name[i] = '\0';
	add_header(p, name, value);
}

static int
set_headers(struct pass *p, const struct behalf *b)
{
	const char *type = fcgi_param(p->r->c, "CONTENT_TYPE");

	p->headers = upstream_headers(&p->r->edge->up);
	if (behalf_headers(b, &p->headers) == -1)
		return -1;
	fcgi_params(p->r->c, pass_header, p);
	if (type != NULL && *type != '\0')
		add_header(p, "content-type", type);
	if (fcgi_param(p->r->c, "HTTP_ACCEPT") == NULL)
		add_header(p, "accept", "*/*");
	return curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers) ==
		CURLE_OK
	    ? 0
	    : -1;
}

/* --- the response --- */

static int
is_one_of(const char *const *names, const char *line, size_t n)
{
	size_t len;

	for (; *names != NULL; names++) {
		len = strlen(*names);
		if (n > len && line[len] == ':' &&
		    strncasecmp(line, *names, len) == 0)
			return 1;
	}
	return 0;
}

static int
is_hop(const char *line, size_t n)
{
	static const char *const names[] = { "connection", "keep-alive",
		"transfer-encoding", "upgrade", "trailer", "status",
		"x-sendfile", "x-sendfile2", "x-lighttpd-send-file", NULL };

	return is_one_of(names, line, n);
}

/* What libcurl has undone where it decodes the body for us. */
static int
is_of_transfer(const char *line, size_t n)
{
	static const char *const names[] = { "content-encoding",
		"content-length", NULL };

	return is_one_of(names, line, n);
}

static void
send_head(struct pass *p)
{
	struct fcgi_conn *c = p->r->c;

	if (p->deadline != NULL)
		event_del(p->deadline);
	p->began = 1;
	may_learn(p->r, p->code);
	if (p->code == 401)
		who_doubt(p->r);
	/* who may know that it is not there may wait for it, too */
	if (p->r->wishes && (p->code == 200 || p->code == 404))
		wish_leave(p->r);
	audit_answer(p->r, p->code);
	fcgi_write(c, p->head.data, p->head.len);
	fcgi_write(c, "\r\n", 2);
	buf_free(&p->head);
	c->busy++;
	fcgi_flush(c);
	c->busy--;
}

static void
remember_header(struct pass *p, const char *line, size_t n)
{
	char text[512], *colon, *value;

	if (p->reply == NULL || n >= sizeof(text))
		return;
	memcpy(text, line, n);
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if ((colon = strchr(text, ':')) == NULL)
		return;
	*colon = '\0';
	for (value = colon + 1; *value == ' '; value++)
		;
	reply_header(p->reply, text, value);
}

/*
 * A 5xx of something in front of the master, or of one that cannot serve now.
 * What kube-apiserver says of a request has an Audit-Id.
 */
static int
is_not_the_master(const struct pass *p)
{
	if (p->code != 500 && p->code != 504)
		return p->code > 500;
	return strcasestr(p->head.data, "\naudit-id:") == NULL;
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct pass *p = arg;
	int code;

	n *= size;
	if (p->began) /* trailers */
		return n;
	if (p->head.len + n > HEADERS_MAX)
		return 0;
	if (sscanf(line, "HTTP/%*s %d", &code) == 1) {
		p->code = code;
		p->head.len = 0;
		if (buf_printf(&p->head, "Status: %d %s\r\n", code,
			status_phrase(code)) == -1)
			return 0;
		if (code != 200 && p->reply != NULL) {
			reply_end(p->reply, 0);
			p->reply = NULL;
		}
	} else if (n <= 2) {
		if (p->fallback != NULL && is_not_the_master(p))
			return 0;
		if (p->code >= 200)
			send_head(p);
	} else if (!is_hop(line, n) &&
	    !(p->reply != NULL && is_of_transfer(line, n))) {
		remember_header(p, line, n);
		if (buf_add(&p->head, line, n) == -1)
			return 0;
	}
	return n;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct pass *p = arg;
	struct fcgi_conn *c = p->r->c;

	n *= size;
	if (c->dead)
		return 0;
	if (fcgi_pending(c) > UNDER_WAY) {
		p->stalled = 1;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (p->reply != NULL)
		reply_body(p->reply, bytes, n);
	if (p->r->ask != NULL)
		grants_answer(p->r, bytes, n);
	recent_answer(p->r, bytes, n);
	c->busy++;
	fcgi_write(c, bytes, n);
	fcgi_flush(c);
	c->busy--;
	return c->dead ? 0 : n;
}

void
pass_drained(struct request *r)
{
	struct pass *p = r->own;

	if (p->stalled) {
		p->stalled = 0;
		curl_easy_pause(p->easy, CURLPAUSE_CONT);
	}
}

/* --- the request's body --- */

/* How much of it may go: what may be the beginning of a uid may not. */
static size_t
ready_upload(const struct pass *p)
{
	if (p->uids == NULL || p->upload_ended)
		return p->upload.len;
	return p->upload.len < OUTBOX_UID_LEN
	    ? 0
	    : p->upload.len - (OUTBOX_UID_LEN - 1);
}

static size_t
on_upload(char *out, size_t size, size_t n, void *arg)
{
	struct pass *p = arg;
	size_t ready = ready_upload(p);

	n *= size;
	if (ready == 0 && !p->upload_ended) {
		p->upload_waits = 1;
		return CURL_READFUNC_PAUSE;
	}
	if (n > ready)
		n = ready;
	if (n > 0)
		memcpy(out, p->upload.data, n);
	buf_drain(&p->upload, n);
	if (p->upload.len < UNDER_WAY / 2)
		fcgi_pause(p->r->c, 0);
	return n;
}

void
pass_body(struct request *r, const char *bytes, size_t n)
{
	struct pass *p = r->own;

	if (n == 0)
		p->upload_ended = 1;
	else if (!p->uploading)
		return;
	else if (buf_add(&p->upload, bytes, n) == -1) {
		fcgi_abort(r->c);
		return;
	}
	if (p->uids != NULL)
		outbox_uids_map(p->uids, p->upload.data, p->upload.len);
	if (p->upload.len > UNDER_WAY)
		fcgi_pause(r->c, 1);
	if (p->upload_waits) {
		p->upload_waits = 0;
		curl_easy_pause(p->easy, CURLPAUSE_CONT);
	}
}

static void
set_method(struct pass *p)
{
	const char *method = p->r->method;
	const char *length = fcgi_param(p->r->c, "CONTENT_LENGTH");
	long long n = length == NULL ? 0 : atoll(length);

	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(p->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (n > 0 || strcmp(method, "POST") == 0 ||
	    strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0) {
		p->uploading = 1;
		curl_easy_setopt(p->easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(p->easy, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)n);
		curl_easy_setopt(p->easy, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(p->easy, CURLOPT_READDATA, p);
	}
	if (strcmp(method, "GET") != 0)
		curl_easy_setopt(p->easy, CURLOPT_CUSTOMREQUEST, method);
}

/*
 * May the answer be of any size? Then it comes by HTTP/1.1: libcurl lets a
 * master send 32 MB more to an HTTP/2 stream that is paused.
 */
static int
is_boundless(const struct pass *p)
{
	const struct request *r = p->r;
	const char *sub = r->p.subresource;
	size_t n = strcspn(sub, "/");

	if ((n == 5 && strncmp(sub, "proxy", n) == 0) ||
	    (n == 3 && strncmp(sub, "log", n) == 0))
		return 1;
	return p->fallback == NULL && p->reply == NULL && !r->q.watch &&
	    *r->p.name == '\0' && strcmp(r->method, "GET") == 0;
}

/*
 * By HTTP/1.1: nobody's, as kube-apiserver ends the connection by HTTP/2 on
 * which nobody has asked; and what has a body, as it may refuse that before it
 * has read it, resets the rest of the stream (RFC 9113, 8.1), and libcurl 7.88
 * drops the answer then.
 */
static int
goes_alone(const struct pass *p, const struct behalf *b)
{
	return b->kind == BEHALF_NOBODY || p->uploading || is_boundless(p);
}

/* --- begin and end --- */

static void
pass_free(struct pass *p)
{
	if (p->easy != NULL) {
		curlev_remove(p->curlev, p->easy);
		curl_easy_cleanup(p->easy);
	}
	if (p->deadline != NULL)
		event_free(p->deadline);
	curl_slist_free_all(p->headers);
	buf_free(&p->upload);
	buf_free(&p->head);
	if (p->reply != NULL)
		reply_end(p->reply, 0);
	p->r->own = NULL;
	p->r->owner = OWNER_NONE;
	free(p);
}

void
pass_close(struct request *r)
{
	pass_free(r->own);
}

static int
pass_send(struct pass *p)
{
	struct edge *e = p->r->edge;
	struct behalf b;
	char why[256];

	if ((p->easy = upstream_easy(&e->up, p->r->uri)) == NULL)
		return -1;
	curl_slist_free_all(p->headers);
	p->headers = NULL;
	p->head.len = 0;
	p->code = 0;
	if (as_choose(p->r, &b, why, sizeof(why)) == -1 ||
	    behalf_apply(&b, p->easy) == -1) {
		curl_easy_cleanup(p->easy);
		p->easy = NULL;
		return -1;
	}
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p->r);
	curl_easy_setopt(p->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(p->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(p->easy, CURLOPT_HEADERDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	/* what is kept is kept plain, but goes over the link compressed */
	if (p->reply != NULL)
		curl_easy_setopt(p->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	set_method(p);
	p->curlev = goes_alone(p, &b) ? &e->serial : &e->curlev;
	if (p->curlev == &e->serial)
		curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION,
		    (long)CURL_HTTP_VERSION_1_1);
	if (set_headers(p, &b) == 0 && curlev_add(p->curlev, p->easy) == 0)
		return 0;
	curl_easy_cleanup(p->easy);
	p->easy = NULL;
	return -1;
}

/* how: what is wrong with the master, or NULL. */
static void
fall_back(struct pass *p, const char *how)
{
	struct request *r = p->r;
	void (*fallback)(struct request *) = p->fallback;

	if (how != NULL)
		master_suspect(r->edge, how);
	pass_free(p);
	fallback(r);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fall_back(arg, "slow");
}

void
pass_start(struct request *r, void (*fallback)(struct request *))
{
	struct edge *e = r->edge;
	/* the master itself waits for a resourceVersion that is to come */
	long ms = r->ask != NULL
	    ? GRANTS_WAIT_MS
	    : e->deadline_ms + (r->q.rv_number > 0 ? RV_WAIT_MS : 0) +
		(r->shadow != NULL ? WRITE_WAIT_MS : 0);
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct behalf b;
	struct pass *p;

	if (as_caller(r, &b) == -1)
		return;
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		answer_error(r, 500, "no memory for a request");
		return;
	}
	p->r = r;
	p->fallback = fallback;
	p->upload_ended = !r->has_body;
	p->uids = r->has_body ? uids_known(e) : NULL;
	r->own = p;
	r->owner = OWNER_PASS;
	p->reply = reply_begin(r);
	if (fallback != NULL) {
		p->deadline = evtimer_new(e->base, on_deadline, p);
		if (p->deadline != NULL)
			event_add(p->deadline, &tv);
	}
	if (pass_send(p) == -1) {
		pass_free(p);
		answer_error(r, 500, "no request can be made: %s",
		    strerror(errno));
	}
}

/* It ended before the master answered. */
static void
unanswered(struct pass *p, CURLcode code)
{
	struct request *r = p->r;

	/*
	 * another master may be there, or this one ended the connection:
	 * reads may be asked twice
	 */
	if (!p->retried && !p->uploading && r->edge->master_up &&
	    (p->fallback == NULL || upstream_is_ended(code)) &&
	    (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0)) {
		p->retried = 1;
		if (pass_send(p) == 0)
			return;
	}
	if (p->fallback != NULL) {
		/* a stream that ended is nothing of the master's */
		fall_back(p, code == CURLE_HTTP2_STREAM ? NULL : "refused");
		return;
	}
	pass_free(p);
	if (may_is_known(r) && (may_now(r) != MAY_YES || reply_serve(r) == 0))
		return;
	request_refuse(r, curl_easy_strerror(code));
}

void
pass_done(CURL *easy, CURLcode code)
{
	char *private = NULL;
	struct request *r;
	struct pass *p;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	r = (struct request *)(void *)private;
	p = r->own;
	curl_easy_cleanup(easy);
	p->easy = NULL;
	if (!p->began && !r->c->dead) {
		unanswered(p, code);
		return;
	}
	if (p->reply != NULL)
		reply_end(p->reply, code == CURLE_OK);
	p->reply = NULL;
	if (r->ask != NULL && code == CURLE_OK)
		grants_answered(r, p->code);
	if (code == CURLE_OK)
		recent_answered(r, p->code);
	pass_free(p);
	if (code == CURLE_OK)
		fcgi_end(r->c);
	else
		fcgi_abort(r->c);
}
