/*
 * A read that no feed covers leaves a wish, a small file in wishes/. When
 * ote-watch-sync has made a feed of it, or knows that it cannot, it removes
 * the file, and the requests that wait for it are served again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "hash.h"
#include "parts.h"

#define WISHES_MAX 256
#define WAIT_MS 2000

struct wish {
	LIST_ENTRY(wish) next;
	struct request *r;
	struct event *timer;
	char name[32];
};

struct wishes {
	LIST_HEAD(wish_list, wish) all;
	size_t n;
};

int
wish_init(struct edge *e)
{
	if (atomic_mkdirs(e->datafd, "wishes") == -1)
		return -1;
	return (e->wishes = calloc(1, sizeof(*e->wishes))) == NULL ? -1 : 0;
}

void
wish_free(struct edge *e)
{
	free(e->wishes);
	e->wishes = NULL;
}

static void
wish_end(struct wish *w)
{
	LIST_REMOVE(w, next);
	w->r->edge->wishes->n--;
	event_free(w->timer);
	w->r->own = NULL;
	w->r->owner = OWNER_NONE;
	free(w);
}

void
wish_close(struct request *r)
{
	wish_end(r->own);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct wish *w = arg;
	struct request *r = w->r;

	(void)fd;
	(void)what;
	wish_end(w);
	request_read(r);
}

void
wish_granted(struct edge *e, const char *name)
{
	struct wish *w, *next;

	for (w = LIST_FIRST(&e->wishes->all); w != NULL; w = next) {
		struct request *r = w->r;

		next = LIST_NEXT(w, next);
		if (strcmp(w->name, name) != 0)
			continue;
		wish_end(w);
		request_read(r);
	}
}

/* The feed to wish for: by name where one object is asked for. */
static int
wish_text(const struct request *r, struct buf *b)
{
	struct selector fields = { 0 };
	char path[APIPATH_MAX], why[64], name[APIPATH_MAX + 32] = "";
	char *labels = NULL, *text = NULL;
	int rc = -1;

	if (apipath_collection(&r->p, path, sizeof(path)) == -1)
		return -1;
	if (*r->p.name != '\0')
		snprintf(name, sizeof(name), "metadata.name=%s", r->p.name);
	if (*name != '\0') {
		if (selector_parse_fields(&fields, name, why, sizeof(why)) ==
		    -1)
			return -1;
		text = selector_string_fields(&fields);
		selector_free(&fields);
	} else
		text = selector_string_fields(&r->q.field_sel);
	labels = *name != '\0' ? strdup("")
			       : selector_string_labels(&r->q.label_sel);
	if (labels != NULL && text != NULL && buf_puts(b, "{\"path\":") == 0 &&
	    buf_json(b, path) == 0 && buf_puts(b, ",\"labelSelector\":") == 0 &&
	    buf_json(b, labels) == 0 &&
	    buf_puts(b, ",\"fieldSelector\":") == 0 && buf_json(b, text) == 0)
		rc = buf_puts(b, "}\n");
	free(labels);
	free(text);
	return rc;
}

/* Write the wish, unless it stands there. name gets its file's. */
static int
wish_write(const struct request *r, char *name, size_t len)
{
	struct edge *e = r->edge;
	struct buf b = { 0 };
	char path[64], hash[HASH_LEN];
	int rc = -1;

	if (wish_text(r, &b) == 0) {
		/* the same wish, the same name */
		hash_name(b.data, b.len, hash);
		snprintf(name, len, "%s.json", hash);
		snprintf(path, sizeof(path), "wishes/%s", name);
		rc = faccessat(e->datafd, path, F_OK, 0);
		if (rc == -1)
			rc = atomic_write(e->datafd, path, b.data, b.len, 0);
	}
	buf_free(&b);
	return rc;
}

void
wish_leave(const struct request *r)
{
	char name[32];

	(void)wish_write(r, name, sizeof(name));
}

int
wish_make(struct request *r)
{
	struct timeval tv = { WAIT_MS / 1000, WAIT_MS % 1000 * 1000 };
	struct edge *e = r->edge;
	struct wish *w;

	if (e->wishes->n >= WISHES_MAX || (w = calloc(1, sizeof(*w))) == NULL)
		return -1;
	w->r = r;
	w->timer = evtimer_new(e->base, on_timer, w);
	if (w->timer == NULL || wish_write(r, w->name, sizeof(w->name)) == -1) {
		if (w->timer != NULL)
			event_free(w->timer);
		free(w);
		return -1;
	}
	LIST_INSERT_HEAD(&e->wishes->all, w, next);
	e->wishes->n++;
	event_add(w->timer, &tv);
	r->own = w;
	r->owner = OWNER_WISH;
	return 0;
}
