/*
 * Answers of discovery and the like, kept in replies/ as they come and given
 * again while the master is away: a line of JSON about the answer, then its
 * bytes.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "atomic.h"
#include "hash.h"
#include "parts.h"

#define REPLY_MAX (32 * 1024 * 1024)

struct reply {
	struct edge *edge;
	char path[64], temp[80];
	char *uri, *accept;
	char type[256], etag[256];
	int fd;
	int began;
	size_t size;
};

static int
is_remembered(const struct request *r)
{
	static const char *const starts[] = { "/api", "/version", "/openapi/",
		"/.well-known/", NULL };
	int i;

	if (strcmp(r->method, "GET") != 0 || *r->p.resource != '\0')
		return 0;
	if (strcmp(r->path, "/") == 0)
		return 1;
	for (i = 0; starts[i] != NULL; i++)
		if (strncmp(r->path, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

static const char *
accept_of(const struct request *r)
{
	const char *accept = fcgi_param(r->c, "HTTP_ACCEPT");

	return accept == NULL ? "" : accept;
}

/* Take timeout=... out of a query: the same answer for the patient. */
static void
drop_timeout(char *uri)
{
	char *p = strchr(uri, '?'), *end;

	while (p != NULL && *p != '\0') {
		if (strncmp(p + 1, "timeout=", 8) != 0) {
			p = strchr(p + 1, '&');
			continue;
		}
		end = p + 1 + strcspn(p + 1, "&");
		/* what follows takes its place behind the ? or & */
		if (*end == '\0')
			*p = '\0';
		else
			memmove(p + 1, end + 1, strlen(end + 1) + 1);
	}
}

static int
reply_path(const char *uri, const char *accept, char *path, size_t len)
{
	char *text, *key, hash[HASH_LEN];
	int n;

	if ((key = strdup(uri)) == NULL)
		return -1;
	drop_timeout(key);
	n = asprintf(&text, "%s\n%s", key, accept);
	free(key);
	if (n == -1)
		return -1;
	hash_name(text, (size_t)n, hash);
	free(text);
	snprintf(path, len, "replies/%s", hash);
	return 0;
}

struct reply *
reply_begin(struct request *r)
{
	struct reply *p;

	if (!is_remembered(r) || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->edge = r->edge;
	p->fd = -1;
	p->uri = strdup(r->uri);
	p->accept = strdup(accept_of(r));
	if (p->uri == NULL || p->accept == NULL ||
	    reply_path(p->uri, p->accept, p->path, sizeof(p->path)) == -1 ||
	    atomic_mkdirs(r->edge->datafd, "replies") == -1) {
		reply_end(p, 0);
		return NULL;
	}
	return p;
}

void
reply_header(struct reply *p, const char *name, const char *value)
{
	if (strcasecmp(name, "content-type") == 0)
		snprintf(p->type, sizeof(p->type), "%s", value);
	else if (strcasecmp(name, "etag") == 0)
		snprintf(p->etag, sizeof(p->etag), "%s", value);
}

/* The first line: what it answers. */
static int
reply_open(struct reply *p)
{
	struct buf b = { 0 };
	int rc = -1;

	p->began = 1;
	snprintf(p->temp, sizeof(p->temp), "%s.%d.new", p->path, getpid());
	p->fd = openat(p->edge->datafd, p->temp,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (p->fd == -1)
		return -1;
	if (buf_puts(&b, "{\"uri\":") == 0 && buf_json(&b, p->uri) == 0 &&
	    buf_puts(&b, ",\"accept\":") == 0 && buf_json(&b, p->accept) == 0 &&
	    buf_puts(&b, ",\"contentType\":") == 0 &&
	    buf_json(&b, p->type) == 0 && buf_puts(&b, ",\"etag\":") == 0 &&
	    buf_json(&b, p->etag) == 0 && buf_puts(&b, "}\n") == 0 &&
	    write(p->fd, b.data, b.len) == (ssize_t)b.len)
		rc = 0;
	buf_free(&b);
	return rc;
}

void
reply_body(struct reply *p, const char *bytes, size_t n)
{
	if (p->size > REPLY_MAX)
		return;
	if ((!p->began && reply_open(p) == -1) ||
	    write(p->fd, bytes, n) != (ssize_t)n) {
		p->size = REPLY_MAX + 1;
		return;
	}
	p->size += n;
}

void
reply_end(struct reply *p, int whole)
{
	int ok = whole && p->fd != -1 && p->size <= REPLY_MAX;

	if (ok && fdatasync(p->fd) == -1)
		ok = 0;
	if (p->fd != -1)
		close(p->fd);
	if (ok &&
	    renameat(p->edge->datafd, p->temp, p->edge->datafd, p->path) == -1)
		warn("%s", p->path);
	else if (!ok && p->began)
		unlinkat(p->edge->datafd, p->temp, 0);
	free(p->uri);
	free(p->accept);
	free(p);
}

static void
reply_answer(struct request *r, const json_t *head, const char *body, size_t n)
{
	const char *type, *etag, *have;
	char line[700];
	int len;

	type = json_string_value(json_object_get(head, "contentType"));
	etag = json_string_value(json_object_get(head, "etag"));
	have = fcgi_param(r->c, "HTTP_IF_NONE_MATCH");
	if (etag != NULL && *etag != '\0' && have != NULL &&
	    strcmp(have, etag) == 0) {
		len = snprintf(line, sizeof(line),
		    "Status: 304 Not Modified\r\nETag: %s\r\n\r\n", etag);
		n = 0;
	} else
		len = snprintf(line, sizeof(line),
		    "Status: 200 OK\r\nContent-Type: %s\r\n"
		    "%s%s%sVary: Accept\r\nContent-Length: %zu\r\n\r\n",
		    type == NULL ? "application/json" : type,
		    etag == NULL || *etag == '\0' ? "" : "ETag: ",
		    etag == NULL ? "" : etag,
		    etag == NULL || *etag == '\0' ? "" : "\r\n", n);
	fcgi_write(r->c, line, (size_t)len);
	fcgi_write(r->c, body, n);
	fcgi_end(r->c);
}

int
reply_serve(struct request *r)
{
	struct buf b = { 0 };
	char path[64], *nl;
	json_t *head;
	int rc = -1;

	if (!is_remembered(r) ||
	    reply_path(r->uri, accept_of(r), path, sizeof(path)) == -1 ||
	    buf_read_file(&b, r->edge->datafd, path, REPLY_MAX + 4096) == -1 ||
	    b.len == 0)
		goto out;
	if ((nl = memchr(b.data, '\n', b.len)) == NULL)
		goto out;
	head = json_loadb(b.data, (size_t)(nl - b.data), 0, NULL);
	if (head != NULL) {
		reply_answer(r, head, nl + 1,
		    b.len - (size_t)(nl + 1 - b.data));
		rc = 0;
	}
	json_decref(head);
out:
	buf_free(&b);
	return rc;
}
