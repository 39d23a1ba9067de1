/*
 * LIST from a feed: the index picks, the journal gives the bytes.
 *
 * A large list is written to a file once and sent by lighttpd itself
 * (X-Sendfile) for as long as the feed does not change; a small one goes
 * straight through the socket.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "parts.h"

#define FILE_MIN (32 * 1024)
#define FILES_MAX 8

/*
 * kube-apiserver leaves kind and apiVersion out of the items of a built-in
 * list; it writes them first where they are, kind before apiVersion, which
 * custom objects do not have in this order.
 */
static size_t
bare_from(const char *object, const char *prefix, size_t n)
{
	return strncmp(object, prefix, n) == 0 ? n : 0;
}

static int
write_items(struct request *r, struct feed_handle *h, struct buf *b)
{
	const struct feed *f = &h->feed;
	struct buf prefix = { 0 };
	size_t i, at, skip;
	int rc = -1, some = 0;

	if (buf_printf(&prefix, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",",
		f->kind, f->api_version) == -1)
		goto out;
	for (i = 0; i < f->nobjects; i++) {
		if (!feeds_match(r, &f->objects[i]->meta))
			continue;
		if (some++ && buf_puts(b, ",") == -1)
			goto out;
		at = b->len;
		if (feed_read(f, f->objects[i], b) == -1)
			goto out;
		skip = bare_from(b->data + at, prefix.data, prefix.len);
		if (skip > 0) {
			memmove(b->data + at + 1, b->data + at + skip,
			    b->len - at - skip);
			b->len -= skip - 1;
		}
	}
	rc = 0;
out:
	buf_free(&prefix);
	return rc;
}

static int
write_list(struct request *r, struct feed_handle *h, struct buf *b)
{
	if (buf_printf(b,
		"{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"metadata\":"
		"{\"resourceVersion\":\"%" PRIu64 "\"},\"items\":[",
		h->feed.kind, h->feed.api_version, h->feed.rv) == -1 ||
	    write_items(r, h, b) == -1)
		return -1;
	return buf_puts(b, "]}\n");
}

/* --- lists as files --- */

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

static struct list_file *
list_find(const struct feed_handle *h, const char *key)
{
	struct list_file *l;

	LIST_FOREACH(l, &h->lists, next)
		if (strcmp(l->key, key) == 0)
			return l;
	return NULL;
}

/* Keep b as a file; takes key. NULL with errno. */
static struct list_file *
list_make(struct edge *e, struct feed_handle *h, char *key, const struct buf *b)
{
	struct list_file *l, *old;
	char path[64];
	int n = 0;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->edge = e;
	l->key = key;
	snprintf(l->name, sizeof(l->name), "%lu", ++e->lists);
	snprintf(path, sizeof(path), "run/lists/%s", l->name);
	if (atomic_write(e->datafd, path, b->data, b->len, 0) == -1) {
		free(l);
		return NULL;
	}
	LIST_FOREACH(old, &h->lists, next)
		n++;
	if (n >= FILES_MAX)
		retire(LIST_FIRST(&h->lists));
	LIST_INSERT_HEAD(&h->lists, l, next);
	return l;
}

static void
send_file(struct request *r, struct list_file *l)
{
	char head[1024];
	int n;

	n = snprintf(head, sizeof(head),
	    "Status: 200 OK\r\n"
	    "Cache-Control: no-cache, private\r\n"
	    "Content-Type: application/json\r\n"
	    "X-Sendfile: %s/run/lists/%s\r\n\r\n",
	    r->edge->data, l->name);
	l->refs++;
	r->list = l;
	fcgi_write(r->c, head, (size_t)n);
	fcgi_end(r->c);
}

void
list_serve(struct request *r, struct feed_handle *h)
{
	struct buf b = { 0 };
	struct list_file *l;
	char *key;

	if ((key = list_key(r)) == NULL) {
		answer_error(r, 500, "no memory for a list");
		return;
	}
	if ((l = list_find(h, key)) != NULL) {
		free(key);
		send_file(r, l);
		return;
	}
	if (write_list(r, h, &b) == -1) {
		warn("%s", h->feed.dir);
		answer_error(r, 500, "the list cannot be read: %s",
		    strerror(errno));
	} else if (b.len >= FILE_MIN &&
	    (l = list_make(r->edge, h, key, &b)) != NULL) {
		key = NULL;
		send_file(r, l);
	} else
		answer(r, 200, "application/json", b.data, b.len);
	free(key);
	buf_free(&b);
}
