/*
 * Lists as files: what is sent as it stands in the tree and has a middling
 * size is written down once and sent by lighttpd itself (X-Sendfile), again
 * and again while the feed does not change.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "listfile.h"
#include "parts.h"

#define FILE_MIN (32 * 1024)
#define FILE_MAX (8 * 1024 * 1024)
#define FILES_MAX 8

static void
list_free(struct edge *e, struct list_file *l)
{
	char path[64];

	snprintf(path, sizeof(path), "run/lists/%s", l->name);
	if (unlinkat(e->datafd, path, 0) == -1 && errno != ENOENT)
		warn("%s/%s", e->data, path);
	free(l->key);
	free(l);
}

void
list_release(struct list_file *l)
{
	if (--l->refs == 0 && l->stale)
		list_free(l->edge, l);
}

static void
retire(struct list_file *l)
{
	LIST_REMOVE(l, next);
	l->stale = 1;
	if (l->refs == 0)
		list_free(l->edge, l);
}

void
list_forget(struct feed_handle *h)
{
	while (!LIST_EMPTY(&h->lists))
		retire(LIST_FIRST(&h->lists));
}

int
list_init(struct edge *e)
{
	struct dirent *d;
	DIR *in;
	int fd;

	if (atomic_mkdirs(e->datafd, "run/lists") == -1)
		return -1;
	fd = openat(e->datafd, "run/lists", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if ((in = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while ((d = readdir(in)) != NULL)
		if (d->d_name[0] != '.')
			unlinkat(dirfd(in), d->d_name, 0);
	closedir(in);
	return 0;
}

static char *
list_key(const struct request *r)
{
	char *key;

	if (asprintf(&key, "%s\n%s\n%s", r->p.ns, r->q.labels, r->q.fields) ==
	    -1)
		return NULL;
	return key;
}

struct list_file *
list_find(const struct feed_handle *h, const struct request *r)
{
	struct list_file *l = NULL;
	char *key;

	if ((key = list_key(r)) != NULL)
		LIST_FOREACH(l, &h->lists, next)
			if (strcmp(l->key, key) == 0)
				break;
	free(key);
	return l;
}

static int
write_items(FILE *f, struct items *it, struct render *d,
    const struct render_list *head)
{
	struct buf b = { 0 }, object = { 0 };
	struct span span;
	int rc, first = 1;

	rc = render_head(d, &b, head) == -1 ? -1 : 1;
	while (rc == 1) {
		object.len = 0;
		if ((rc = items_next(it, &object)) == 1) {
			span.p = object.data;
			span.n = object.len;
			if (render_item(d, &b, span, first) == -1)
				rc = -1;
			first = 0;
		} else if (rc == 0 &&
		    (render_tail(d, &b, first) == -1 ||
			buf_puts(&b, "\n") == -1))
			rc = -1;
		if (rc != -1 && fwrite(b.data, 1, b.len, f) != b.len)
			rc = -1;
		b.len = 0;
	}
	buf_free(&object);
	buf_free(&b);
	return rc;
}

static int
write_file(const struct edge *e, const char *path, struct items *it,
    struct render *d, const struct render_list *head)
{
	FILE *f;
	int fd, rc;

	fd = openat(e->datafd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	if ((f = fdopen(fd, "w")) == NULL) {
		close(fd);
		return -1;
	}
	rc = write_items(f, it, d, head);
	if (fclose(f) == EOF || rc == -1) {
		unlinkat(e->datafd, path, 0);
		return -1;
	}
	return 0;
}

struct list_file *
list_make(struct feed_handle *h, const struct request *r, struct items *it,
    struct render *d, const struct render_list *head)
{
	struct edge *e = h->edge;
	struct list_file *l, *old, *last = NULL;
	char path[64];
	int n = 0;

	if (it->bytes < FILE_MIN || it->bytes > FILE_MAX ||
	    (l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->edge = e;
	snprintf(l->name, sizeof(l->name), "%lu", ++e->lists);
	snprintf(path, sizeof(path), "run/lists/%s", l->name);
	if ((l->key = list_key(r)) == NULL ||
	    write_file(e, path, it, d, head) == -1) {
		free(l->key);
		free(l);
		return NULL;
	}
	LIST_FOREACH(old, &h->lists, next)
		last = old, n++;
	if (n >= FILES_MAX)
		retire(last);
	LIST_INSERT_HEAD(&h->lists, l, next);
	return l;
}

void
list_send(struct request *r, struct list_file *l, const char *warning)
{
	char head[1400];
	int n;

	n = snprintf(head, sizeof(head),
	    "Status: 200 OK\r\n"
	    "Cache-Control: no-cache, private\r\n"
	    "Content-Type: application/json\r\n%s%s%s"
	    "X-Sendfile: %s/run/lists/%s\r\n\r\n",
	    warning == NULL ? "" : "Warning: ", warning == NULL ? "" : warning,
	    warning == NULL ? "" : "\r\n", r->edge->data, l->name);
	l->refs++;
	r->list = l;
	fcgi_write(r->c, head, (size_t)n);
	fcgi_end(r->c);
}
