/*
 * Watches: copying journal lines from a position on, through a filter.
 *
 * No watch holds more than OUT_MAX bytes and one event: a client that does not
 * read leaves its position behind. Its watch is dropped once it has taken
 * nothing for STALL_S, as kube-apiserver drops one that cannot keep up, and
 * ends with 410 where the journal has been compacted past its position.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k3s.h"
#include "watch.h"

#define OUT_MAX (64 * 1024)
#define STALL_S 10

/* An event in the shape that the client wants. */
static void
write_line(struct watcher *w, const char *type, const char *object, size_t n)
{
	struct span span = { object, n };
	struct buf b = { 0 };
	char head[64];
	int len;

	if (w->render != NULL) {
		/* as kube-apiserver: what cannot be transformed goes as it is */
		if (render_object(w->render, &b, span) == 0) {
			object = b.data;
			n = b.len;
		} else
			warn("%s: an object in another shape", w->h->feed.dir);
	}
	len =
	    snprintf(head, sizeof(head), "{\"type\":\"%s\",\"object\":", type);
	fcgi_write(w->r->c, head, (size_t)len);
	fcgi_write(w->r->c, object, n);
	fcgi_write(w->r->c, "}\n", 2);
	buf_free(&b);
}

static void
write_bookmark(struct watcher *w, uint64_t rv, int initial)
{
	struct buf b = { 0 };

	if (buf_puts(&b, "{\"kind\":") == 0 &&
	    buf_json(&b, w->h->feed.kind) == 0 &&
	    buf_puts(&b, ",\"apiVersion\":") == 0 &&
	    buf_json(&b, w->h->feed.api_version) == 0 &&
	    buf_printf(&b, ",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"",
		rv) == 0 &&
	    buf_puts(&b,
		initial ? ",\"annotations\":"
			  "{\"k8s.io/initial-events-end\":\"true\"}}}"
			: "}}") == 0)
		write_line(w, "BOOKMARK", b.data, b.len);
	buf_free(&b);
}

/* The object with another resourceVersion, for a DELETED by transition. */
static void
write_deleted(struct watcher *w, const struct feed_line *was, uint64_t rv)
{
	char text[24], *out;
	json_t *o;

	snprintf(text, sizeof(text), "%" PRIu64, rv);
	o = json_loadb(was->object, was->object_len, 0, NULL);
	json_object_set_new(json_object_get(o, "metadata"), "resourceVersion",
	    json_string(text));
	if ((out = json_dumps(o, JSON_COMPACT)) != NULL)
		write_line(w, "DELETED", out, strlen(out));
	free(out);
	json_decref(o);
}

/* An event as it stands in the journal, if nothing is to be done to it. */
static void
write_as_is(struct watcher *w, const struct feed_line *l)
{
	if (w->render != NULL)
		write_line(w, feed_type_name(l->type), l->object,
		    l->object_len);
	else
		fcgi_write(w->r->c, l->text.data, l->text.len);
}

static void
write_event(struct watcher *w, const struct feed_line *was,
    const struct feed_line *l)
{
	int matched, matches;

	if (l->type == FEED_BOOKMARK) {
		if (w->r->q.bookmarks && l->rv > w->after)
			write_as_is(w, l);
		return;
	}
	if (l->rv <= w->after)
		return;
	if (w->all) {
		write_as_is(w, l);
		return;
	}
	matches = feeds_match(w->r, &l->meta);
	matched = was == NULL ? matches : feeds_match(w->r, &was->meta);
	if (matches && (matched || l->type != FEED_MODIFIED))
		write_as_is(w, l);
	else if (matches)
		write_line(w, "ADDED", l->object, l->object_len);
	else if (matched && l->type == FEED_MODIFIED)
		write_deleted(w, was, l->rv);
}

/* The line at w->off, and the PREVIOUS one before it if there is one. */
static int
read_event(struct watcher *w)
{
	struct feed_handle *h = w->h;
	const struct resource *res = h->feed.r;
	off_t end = h->feed.end;
	struct feed_line swap;

	if (h->line.off == w->off)
		return 0;
	if (feed_line_read(&h->line, h->feed.file, w->off, end, res) == -1)
		goto bad;
	h->previous.off = -1;
	if (h->line.type == FEED_PREVIOUS) {
		swap = h->previous;
		h->previous = h->line;
		h->line = swap;
		if (feed_line_read(&h->line, h->feed.file, h->previous.next,
			end, res) == -1)
			goto bad;
		/* both are one event, known by where the first stands */
		h->line.off = h->previous.off;
	}
	return 0;
bad:
	h->line.off = -1;
	return -1;
}

static void
drop_start(struct watcher *w)
{
	if (w->start != NULL)
		items_free(w->start);
	free(w->start);
	w->start = NULL;
}

static void
write_start(struct watcher *w)
{
	struct buf b = { 0 };
	uint64_t rv = w->start->rv;
	int rc = 1;

	while (rc == 1 && fcgi_pending(w->r->c) < OUT_MAX) {
		b.len = 0;
		if ((rc = items_next(w->start, &b)) == 1)
			write_line(w, "ADDED", b.data, b.len);
	}
	buf_free(&b);
	if (rc == -1) {
		warn("%s", w->h->feed.dir);
		fcgi_abort(w->r->c);
		return;
	}
	if (rc == 1)
		return;
	drop_start(w);
	if (w->initial_bookmark)
		write_bookmark(w, rv, 1);
	w->initial_bookmark = 0;
}

void
watch_pump(struct watcher *w)
{
	struct fcgi_conn *c = w->r->c;
	struct feed_handle *h = w->h;
	int more;

	/* writing may find the client gone; it stays until we are done */
	c->busy++;
	if (w->start != NULL)
		write_start(w);
	while (!c->dead && w->start == NULL && w->off < w->h->feed.end &&
	    fcgi_pending(c) < OUT_MAX) {
		if (read_event(w) == -1) {
			warn("%s", h->feed.dir);
			c->dead = 1;
			break;
		}
		write_event(w,
		    h->previous.off == h->line.off ? &h->previous : NULL,
		    &h->line);
		w->off = h->line.next;
	}
	more = w->start != NULL || w->off < w->h->feed.end;
	c->busy--;
	if (more)
		fcgi_more(c);
	else if (w->ending && !c->dead) {
		watch_close(w);
		fcgi_end(c);
	} else
		fcgi_flush(c);
}

void
watch_end(struct watcher *w)
{
	w->ending = 1;
	watch_pump(w);
}

void
watch_shift(struct watcher *w, const struct feed *f)
{
	if (w->off < f->shift_from)
		watch_expire(w);
	else
		w->off += f->shift;
}

static void
expire(struct request *r, uint64_t rv, uint64_t oldest)
{
	char message[128];
	struct status s = { .code = 410, .reason = "Expired" };
	struct buf b = { 0 };

	snprintf(message, sizeof(message),
	    "too old resource version: %" PRIu64 " (%" PRIu64 ")", rv, oldest);
	s.message = message;
	if (buf_puts(&b, "{\"type\":\"ERROR\",\"object\":") == 0 &&
	    status_write(&b, &s) == 0 && buf_puts(&b, "}\n") == 0)
		fcgi_write(r->c, b.data, b.len);
	buf_free(&b);
	fcgi_end(r->c);
}

void
watch_expire(struct watcher *w)
{
	struct request *r = w->r;
	uint64_t rv = w->after, oldest = w->h->feed.base_rv;

	watch_close(w);
	expire(r, rv, oldest);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct watcher *w = arg;
	struct request *r = w->r;

	(void)fd;
	(void)what;
	if (r->q.bookmarks && w->start == NULL && w->off >= w->h->feed.end &&
	    fcgi_pending(r->c) == 0 && w->h->feed.rv > w->after)
		write_bookmark(w, w->h->feed.rv, 0);
	watch_close(w);
	fcgi_end(r->c);
}

void
watch_close(struct watcher *w)
{
	LIST_REMOVE(w, next);
	if (w->timer != NULL)
		event_free(w->timer);
	drop_start(w);
	if (w->render != NULL)
		render_free(w->render);
	free(w->render);
	w->r->own = NULL;
	w->r->owner = OWNER_NONE;
	free(w);
}

/* Remember where the objects stand that the watch begins with. */
static int
collect_start(struct watcher *w)
{
	const struct feed *f = &w->h->feed;

	if ((w->start = calloc(1, sizeof(*w->start))) == NULL ||
	    items_collect(w->start, w->r, f, "", 0) == -1)
		return -1;
	w->after = f->rv;
	w->off = f->end;
	return 0;
}

/* 0; -1 answered. */
static int
take_shape(struct watcher *w, struct request *r, struct feed_handle *h)
{
	if (r->media.shape == MEDIA_OBJECT && !k3s_leads(r))
		return 0;
	if ((w->render = calloc(1, sizeof(*w->render))) == NULL) {
		answer_error(r, 500, "no memory for a watch");
		return -1;
	}
	return render_init(w->render, r, &h->feed, feeds_table(r, h));
}

static int
arm(struct watcher *w)
{
	struct timeval tv = { w->r->q.timeout_s, 0 };

	if (tv.tv_sec <= 0) {
		/* kube-apiserver's --min-request-timeout, to twice that */
		tv.tv_sec = 1800 + arc4random_uniform(1800);
	}
	w->timer = evtimer_new(w->r->edge->base, on_timer, w);
	return w->timer == NULL ? -1 : event_add(w->timer, &tv);
}

/* Where to begin; -1 ESTALE if that is too old. */
static int
place(struct watcher *w)
{
	const struct query *q = &w->r->q;
	const struct feed *f = &w->h->feed;

	if (q->initial_events == 1) {
		w->initial_bookmark = q->bookmarks;
		return collect_start(w);
	}
	if (q->rv_number == 0) {
		if (q->initial_events == 0) {
			w->off = f->end;
			w->after = f->rv;
			return 0;
		}
		return collect_start(w);
	}
	w->after = q->rv_number;
	w->off = feed_position(f, q->rv_number);
	return w->off == -1 ? -1 : 0;
}

/* 1 if the filter lets everything of the feed through. */
static int
takes_all(const struct request *r, const struct feed_query *q)
{
	return strcmp(r->p.ns, q->p.ns) == 0 &&
	    selector_covers(&r->q.label_sel, &q->label_sel) &&
	    selector_covers(&r->q.field_sel, &q->field_sel);
}

void
watch_open(struct request *r, struct feed_handle *h)
{
	static const char head[] = "Status: 200 OK\r\n"
				   "Cache-Control: no-cache, private\r\n"
				   "Content-Type: application/json\r\n";
	const char *warning = feeds_warning(h);
	struct watcher *w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		answer_error(r, 500, "no memory for a watch");
		return;
	}
	if (take_shape(w, r, h) == -1) {
		free(w->render);
		free(w);
		return;
	}
	w->r = r;
	w->h = h;
	w->all = *r->p.name == '\0' && takes_all(r, &h->feed.q);
	LIST_INSERT_HEAD(&h->watchers, w, next);
	r->own = w;
	r->owner = OWNER_WATCH;
	fcgi_forget(r->c);
	fcgi_endless(r->c, STALL_S);
	free(r->uri);
	free(r->path);
	r->uri = r->path = NULL;
	fcgi_write(r->c, head, sizeof(head) - 1);
	if (warning != NULL) {
		fcgi_write(r->c, "Warning: ", 9);
		fcgi_write(r->c, warning, strlen(warning));
		fcgi_write(r->c, "\r\n", 2);
	}
	fcgi_write(r->c, "\r\n", 2);
	if (place(w) == -1) {
		if (errno == ESTALE) {
			watch_expire(w);
			return;
		}
		fcgi_abort(r->c);
		return;
	}
	if (arm(w) == -1) {
		fcgi_abort(r->c);
		return;
	}
	watch_pump(w);
}
