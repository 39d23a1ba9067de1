/*
 * Answers of discovery and the like: kept as they come, and given again while
 * the master is away, with what kube-apiserver makes of methods, Accept,
 * If-None-Match and ?hash=. lib/replies.h has the files.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "out.h"
#include "parts.h"
#include "replies.h"
#include "resource.h"

#define FILES_MAX 2000
#define BYTES_MAX (128LL * 1024 * 1024)
#define CHUNK (16 * 1024)
#define UNDER_WAY (128 * 1024)
#define PRETTY_MAX (8 * 1024 * 1024)
#define GZIP_MIN (128 * 1024) /* kube-apiserver's own; /openapi/v2 has none */
#define V3 "/openapi/v3/"

/* --- remembering --- */

struct reply {
	struct replies_writer w;
	int bad;
};

struct reply *
reply_begin(struct request *r)
{
	char key[REPLIES_PATH_MAX];
	struct reply *p;

	if (strcmp(r->method, "GET") != 0 || r->pretty ||
	    replies_kind(r->path, key) == REPLIES_NONE ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if (replies_begin(&p->w, r->edge->datafd, key) == -1) {
		warn("replies");
		free(p);
		return NULL;
	}
	return p;
}

void
reply_header(struct reply *p, const char *name, const char *value)
{
	if (replies_header(&p->w, name, value) == -1)
		p->bad = 1;
}

void
reply_body(struct reply *p, const char *bytes, size_t n)
{
	if (!p->bad && replies_write(&p->w, bytes, n) == -1)
		p->bad = 1;
}

void
reply_end(struct reply *p, int whole)
{
	int datafd = p->w.datafd, rc = 0;

	if (!whole || p->bad)
		replies_abort(&p->w);
	else if ((rc = replies_commit(&p->w, NULL)) == -1)
		warn("replies");
	if (rc == 1 && replies_trim(datafd, FILES_MAX, BYTES_MAX) == -1)
		warn("replies");
	free(p);
}

/* --- giving again --- */

struct replay {
	struct request *r;
	struct replies_file f;
	enum replies_kind kind;
	char key[REPLIES_PATH_MAX];
	int raw; /* packed, as it lies there */
};

static void
replay_free(struct replay *p)
{
	replies_close(&p->f);
	p->r->own = NULL;
	p->r->owner = OWNER_NONE;
	free(p);
}

void
reply_close(struct request *r)
{
	replay_free(r->own);
}

void
reply_pump(struct request *r)
{
	struct replay *p = r->own;
	struct fcgi_conn *c = r->c;
	char bytes[CHUNK];
	ssize_t n = 1;

	c->busy++;
	while (n > 0 && !c->dead && fcgi_pending(c) < UNDER_WAY)
		if ((n = replies_read(&p->f, bytes, sizeof(bytes), p->raw)) > 0)
			fcgi_write(c, bytes, (size_t)n);
	c->busy--;
	if (n > 0) {
		fcgi_more(c);
		return;
	}
	if (n == -1)
		warn("replies: %s", p->key);
	replay_free(p);
	if (n == 0)
		fcgi_end(c);
	else
		fcgi_abort(c);
}

/* RFC 9110's weak comparison with a list of tags. */
static int
has_tag(const char *list, const char *etag)
{
	size_t n = strlen(etag);
	const char *p;

	for (p = list; *p != '\0'; p += strcspn(p, ",")) {
		p += strspn(p, ", \t");
		if (*p == '*')
			return 1;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (n > 0 && strncmp(p, etag, n) == 0)
			return 1;
	}
	return 0;
}

/* The value of a header that is kept, or NULL. out: at least 64 bytes. */
static const char *
kept_header(const struct replies_head *h, const char *name, char *out)
{
	size_t n = strlen(name);
	const char *p;

	for (p = h->lines; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
			snprintf(out, 64, "%.*s", (int)strcspn(p + n + 2, "\r"),
			    p + n + 2);
			return out;
		}
	return NULL;
}

/*
 * Aggregated discovery compares the one ETag; the schemas are of Go's
 * http.ServeContent; all else has no condition.
 */
static int
is_unchanged(const struct replay *p)
{
	const char *none = fcgi_param(p->r->c, "HTTP_IF_NONE_MATCH");
	const char *since = fcgi_param(p->r->c, "HTTP_IF_MODIFIED_SINCE");
	const char *etag = p->f.head.etag, *last;
	char text[64];

	if (p->kind != REPLIES_OPENAPI && p->kind != REPLIES_INDEX)
		return none != NULL && *etag != '\0' && strcmp(none, etag) == 0;
	if (none != NULL && *none != '\0')
		return has_tag(none, etag);
	last = kept_header(&p->f.head, "last-modified", text);
	return since != NULL && last != NULL && !p->r->has_body &&
	    (p->r->head || strcmp(p->r->method, "GET") == 0) &&
	    curl_getdate(since, NULL) >= curl_getdate(last, NULL);
}

/* The headers; not those of a body where there is none (304). */
static int
add_headers(const struct replay *p, struct buf *b, int code)
{
	static const char *const of_body[] = { "content-type:",
		"last-modified:", "accept-ranges:", NULL };
	const char *line;
	size_t n;
	int i, rc = 0;

	for (line = p->f.head.lines; *line != '\0' && rc == 0; line += n) {
		n = strcspn(line, "\n") + 1;
		for (i = 0; code != 200 && of_body[i] != NULL; i++)
			if (strncasecmp(line, of_body[i], strlen(of_body[i])) ==
			    0)
				break;
		if (code == 200 || of_body[i] == NULL)
			rc = buf_add(b, line, n);
	}
	return rc;
}

/* The value of hash= in the query, "" if there is none. */
static void
asked_hash(const struct request *r, char *out, size_t len)
{
	const char *p = strchr(r->uri, '?');
	size_t n;

	*out = '\0';
	for (; p != NULL; p = strchr(p, '&')) {
		p++;
		if (strncmp(p, "hash=", 5) != 0)
			continue;
		n = strcspn(p + 5, "&");
		snprintf(out, len, "%.*s", (int)n, p + 5);
		return;
	}
}

/* kube-openapi's handler3: what is asked for by its hash never changes. */
static int
add_of_hash(const struct replay *p, struct buf *b, const char *hash)
{
	char expires[64];
	struct tm tm;
	time_t now = time(NULL);

	if (*hash == '\0')
		return buf_puts(b, "Cache-Control: no-cache, private\r\n");
	gmtime_r(&now, &tm);
	tm.tm_year++;
	now = timegm(&tm);
	gmtime_r(&now, &tm);
	strftime(expires, sizeof(expires), "%a, %d %b %Y %T UTC", &tm);
	(void)p;
	return buf_printf(b,
	    "Cache-Control: public, immutable\r\nExpires: %s\r\n", expires);
}

/* The hash is an old one: where the new one is. */
static void
moved(struct replay *p)
{
	const struct replies_head *h = &p->f.head;
	int n = (int)strlen(h->etag);
	struct buf b = { 0 };
	struct fcgi_conn *c = p->r->c;

	buf_printf(&b,
	    "Status: 301 Moved Permanently\r\n"
	    "Cache-Control: no-cache, private\r\nContent-Type: %s\r\n"
	    "Etag: %s\r\nVary: Accept\r\nLocation: %s?hash=%.*s\r\n"
	    "Content-Length: 0\r\n\r\n",
	    h->type, h->etag, p->key, n > 2 ? n - 2 : 0, h->etag + (n > 2));
	replay_free(p);
	fcgi_write(c, b.data, b.len);
	buf_free(&b);
	fcgi_end(c);
}

/* Indented, for people; what is large is left as it is. */
static int
make_pretty(struct replay *p, struct buf *body)
{
	struct indent in = { 0 };
	char bytes[CHUNK];
	ssize_t n;

	while ((n = replies_read(&p->f, bytes, sizeof(bytes), 0)) > 0) {
		if (p->f.left == 0 && bytes[n - 1] == '\n')
			n--;
		if (indent_add(&in, body, bytes, (size_t)n) == -1)
			return -1;
	}
	return n == 0 ? 0 : -1;
}

static int
is_pretty(const struct replay *p)
{
	return p->r->pretty && strncmp(p->key, "/api", 4) == 0 &&
	    strncmp(p->f.head.type, "application/json", 16) == 0 &&
	    p->f.head.size <= PRETTY_MAX;
}

/* 1 if the client gets it packed. */
static int
goes_packed(const struct replay *p)
{
	return p->f.head.gzip && !p->r->head && !p->r->pretty &&
	    out_takes_gzip(p->r) && strncmp(p->key, V3, strlen(V3)) != 0 &&
	    (p->kind == REPLIES_OPENAPI || p->f.head.size > GZIP_MIN);
}

static void
replay_start(struct replay *p)
{
	struct buf head = { 0 }, body = { 0 };
	struct request *r = p->r;
	int code = is_unchanged(p) ? 304 : 200, rc, pretty;
	char hash[REPLIES_TYPE_MAX];

	asked_hash(r, hash, sizeof(hash));
	if (*hash != '\0' &&
	    (strlen(p->f.head.etag) != strlen(hash) + 2 ||
		strncmp(p->f.head.etag + 1, hash, strlen(hash)) != 0) &&
	    strncmp(p->key, V3, strlen(V3)) == 0) {
		moved(p);
		return;
	}
	pretty = code == 200 && is_pretty(p);
	p->raw = code == 200 && goes_packed(p);
	rc = buf_printf(&head, "Status: %d %s\r\n", code, status_phrase(code));
	if (strncmp(p->key, V3, strlen(V3)) == 0)
		rc |= add_of_hash(p, &head, hash);
	rc |= add_headers(p, &head, code);
	if (pretty)
		rc |= make_pretty(p, &body);
	if (p->raw)
		rc |= buf_printf(&head, "Content-Encoding: gzip\r\n%s",
		    p->kind == REPLIES_OPENAPI ? ""
					       : "Vary: Accept-Encoding\r\n");
	else if (code == 200)
		rc |= buf_printf(&head, "Content-Length: %lld\r\n",
		    pretty ? (long long)body.len : p->f.head.size);
	rc |= buf_puts(&head, "\r\n");
	if (rc == 0) {
		fcgi_write(r->c, head.data, head.len);
		if (pretty && !r->head)
			fcgi_write(r->c, body.data, body.len);
	}
	buf_free(&head);
	buf_free(&body);
	if (rc == 0 && code == 200 && !r->head && !pretty) {
		r->own = p;
		r->owner = OWNER_REPLY;
		reply_pump(r);
		return;
	}
	replay_free(p);
	if (rc == 0)
		fcgi_end(r->c);
	else
		fcgi_abort(r->c);
}

/* --- what the client does not take --- */

static void
not_acceptable(struct request *r, enum replies_kind kind, const char *key,
    const char *type)
{
	char text[384];
	struct status s = { .code = 406, .message = text };
	const char *vary =
	    strcmp(key, "/openapi/v2") == 0 ? "Vary: Accept-Encoding\r\n" : "";
	int n;

	if (kind == REPLIES_OPENAPI) {
		n = snprintf(text, sizeof(text),
		    "Status: 406 Not Acceptable\r\n"
		    "Cache-Control: no-cache, private\r\n%sVary: Accept\r\n"
		    "Content-Length: 0\r\n\r\n",
		    vary);
		fcgi_write(r->c, text, (size_t)n);
		fcgi_end(r->c);
		return;
	}
	/* the router has its own words; behind it they are the encoder's */
	s.details = kind == REPLIES_ROUTE &&
	    !(strncmp(key, "/api", 4) == 0 &&
		media_is_known(fcgi_param(r->c, "HTTP_ACCEPT")));
	snprintf(text, sizeof(text), "%s%s%s",
	    s.details ? "406: Not Acceptable\n\nAvailable representations: "
		      : "only the following media types are accepted: ",
	    strncmp(key, "/api", 4) == 0 ? "application/json" : type,
	    strncmp(key, "/api", 4) == 0
		? ", application/yaml, application/vnd.kubernetes.protobuf"
		: "");
	answer_status(r, &s);
}

static int
segments_of(const char *key)
{
	int n = 0;

	for (; *key != '\0'; key++)
		n += *key == '/';
	return n;
}

/* 1 if it may be that the master has what is asked for, and we do not. */
static int
may_exist(const struct request *r, enum replies_kind kind, const char *key)
{
	const char *accept = fcgi_param(r->c, "HTTP_ACCEPT");

	if (kind == REPLIES_OPENAPI)
		return media_names(accept,
		    strcmp(key, "/openapi/v2") == 0 ? "openapi.spec.v2"
						    : "openapi.spec.v3");
	if (strncmp(key, "/api", 4) != 0)
		return 0;
	return media_names(accept, "/yaml") ||
	    media_names(accept, "/vnd.kubernetes.protobuf") ||
	    (segments_of(key) == 1 && strcmp(r->path, "/apis/") != 0 &&
		media_names(accept, "as=APIGroupDiscoveryList"));
}

/*
 * /apis/GROUP/VERSION of custom resources: what answers there asks for no
 * method (apiextensions-apiserver, customresource_discovery.go).
 */
static int
takes_any_method(const char *path)
{
	char group[256];
	const char *end;

	if (strncmp(path, "/apis/", 6) != 0 ||
	    (end = strchr(path += 6, '/')) == NULL ||
	    strchr(end + 1, '/') != NULL ||
	    snprintf(group, sizeof(group), "%.*s", (int)(end - path), path) >=
		(int)sizeof(group))
		return 0;
	return !resource_group_known(group);
}

static void
no_method(struct request *r)
{
	struct status s = { .code = 405,
		.message = "the server does not allow this method on the "
			   "requested resource",
		.details = 1 };

	answer_status(r, &s);
}

/* The type to answer with: an index, or -1. */
static int
pick(const struct request *r, enum replies_kind kind, const char *key,
    char (*types)[REPLIES_TYPE_MAX], size_t n)
{
	const char *names[REPLIES_VARIANTS];
	size_t i;

	if (kind == REPLIES_ROOT || kind == REPLIES_INDEX)
		return 0;
	/* the aggregated one is not to be had with a slash behind /apis */
	for (i = 0; i < n; i++)
		names[i] = strcmp(r->path, "/apis/") == 0 &&
			strstr(types[i], "as=") != NULL
		    ? ""
		    : types[i];
	return media_pick(fcgi_param(r->c, "HTTP_ACCEPT"), names, n,
	    strncmp(key, "/api", 4) != 0);
}

int
reply_serve(struct request *r)
{
	char types[REPLIES_VARIANTS][REPLIES_TYPE_MAX];
	struct replay *p;
	size_t n;
	int i, plain = r->head || strcmp(r->method, "GET") == 0;

	if (r->has_body || (p = calloc(1, sizeof(*p))) == NULL)
		return -1;
	p->r = r;
	p->f.fd = -1;
	p->kind = replies_kind(r->path, p->key);
	n = p->kind == REPLIES_NONE
	    ? 0
	    : replies_types(r->edge->datafd, p->key, types, REPLIES_VARIANTS);
	if (n == 0) {
		replay_free(p);
		return -1;
	}
	if (p->kind == REPLIES_ROUTE && (r->head || !plain) &&
	    !takes_any_method(r->path)) {
		replay_free(p);
		no_method(r);
		return 0;
	}
	i = pick(r, p->kind, p->key, types, n);
	if (i >= 0 &&
	    replies_open(&p->f, r->edge->datafd, p->key, types[i]) == 0) {
		replay_start(p);
		return 0;
	}
	if (i == -1 && !may_exist(r, p->kind, p->key)) {
		not_acceptable(r, p->kind, p->key, types[0]);
		replay_free(p);
		return 0;
	}
	replay_free(p);
	return -1;
}

int
reply_is_there(const struct request *r)
{
	char key[REPLIES_PATH_MAX], type[1][REPLIES_TYPE_MAX];
	enum replies_kind kind = replies_kind(r->path, key);

	/* a schema may take the master a while, and is worth the wait */
	return !r->has_body && kind != REPLIES_NONE &&
	    kind != REPLIES_OPENAPI &&
	    replies_types(r->edge->datafd, key, type, 1) > 0;
}
