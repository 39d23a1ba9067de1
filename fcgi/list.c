/*
 * LIST from a feed: the index picks, the journal gives the bytes.
 *
 * A list goes out piece by piece as the client takes it; listfile.c keeps what
 * many ask for.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "items.h"
#include "k3s.h"
#include "listfile.h"
#include "out.h"
#include "parts.h"

#define OUT_MAX (64 * 1024)
#define TURN_MAX (512 * 1024) /* bytes of objects before others have a turn */

struct lister {
	struct request *r;
	struct items it;
	struct render render;
	struct out out;
	struct buf b;
	int began;
};

/* --- lists as streams --- */

static void
lister_free(struct lister *l)
{
	items_free(&l->it);
	render_free(&l->render);
	out_free(&l->out);
	buf_free(&l->b);
	l->r->own = NULL;
	l->r->owner = OWNER_NONE;
	free(l);
}

void
list_close(struct request *r)
{
	lister_free(r->own);
}

/* One object more into l->b: 1, 0 at the end, -1 with errno. */
static int
add_one(struct lister *l, struct buf *object)
{
	struct span span;
	int rc;

	object->len = 0;
	if ((rc = items_next(&l->it, object)) == 1) {
		span.p = object->data;
		span.n = object->len;
		if (render_item(&l->render, &l->b, span, !l->began) == -1)
			return -1;
		l->began = 1;
		return 1;
	}
	if (rc == 0 &&
	    (render_tail(&l->render, &l->b, !l->began) == -1 ||
		(!l->r->pretty && buf_puts(&l->b, "\n") == -1)))
		return -1;
	return rc;
}

/* As far as the client takes it, and others wait: 1 if there is more. */
static int
pump(struct lister *l)
{
	struct fcgi_conn *c = l->r->c;
	struct buf object = { 0 };
	size_t turn = 0;
	int rc = 1;

	while (rc == 1 && turn < TURN_MAX && fcgi_pending(c) < OUT_MAX) {
		rc = add_one(l, &object);
		turn += l->b.len;
		if (rc != -1 && out_write(&l->out, l->b.data, l->b.len) == -1)
			rc = -1;
		l->b.len = 0;
	}
	buf_free(&object);
	return rc;
}

void
list_pump(struct request *r)
{
	struct lister *l = r->own;
	struct fcgi_conn *c = r->c;
	struct out out;
	int rc;

	c->busy++;
	rc = pump(l);
	c->busy--;
	if (rc == 1) {
		fcgi_more(c);
		return;
	}
	out = l->out;
	memset(&l->out, 0, sizeof(l->out));
	lister_free(l);
	if (rc == 0)
		out_end(&out);
	else {
		warn("a list cannot be read");
		out_free(&out);
		fcgi_abort(c);
	}
}

/* Takes it and d. */
static void
stream(struct request *r, struct items *it, struct render *d,
    const struct render_list *head, const char *warning)
{
	struct lister *l;

	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    render_head(d, &l->b, head) == -1) {
		if (l != NULL)
			buf_free(&l->b);
		free(l);
		items_free(it);
		render_free(d);
		answer_error(r, 500, "no memory for a list");
		return;
	}
	l->r = r;
	l->it = *it;
	l->render = *d;
	l->out.r = r;
	l->out.code = 200;
	l->out.type = "application/json";
	l->out.warning = warning;
	r->own = l;
	r->owner = OWNER_LIST;
	list_pump(r);
}

/* 1 if one resourceVersion is asked for, and no other. */
int
list_is_exact(const struct query *q)
{
	if (q->cont != NULL || q->rv == NULL || q->rv_number == 0)
		return 0;
	if (q->match != NULL)
		return strcmp(q->match, "Exact") == 0;
	return q->limit > 0;
}

/* 1 if many may ask for these very bytes, and lighttpd can send them. */
static int
may_be_file(const struct request *r)
{
	return r->media.shape == MEDIA_OBJECT && !r->pretty &&
	    r->q.limit <= 0 && r->q.cont == NULL && !list_is_exact(&r->q) &&
	    !out_takes_gzip(r) && !k3s_leads(r);
}

/* --- which objects --- */

static void
expired(struct request *r, const struct token *t)
{
	static const char text[] =
	    "The provided continue parameter is too old to display a "
	    "consistent list result. You can start a new list without the "
	    "continue parameter, or use the continue token in this response "
	    "to retrieve the remainder of the results. Continuing with the "
	    "provided token results in an inconsistent list - objects that "
	    "were created, modified, or deleted between the time the first "
	    "chunk was returned and now may show up in the list.";
	struct status s = { .code = 410,
		.message = "The resourceVersion for the provided list is too "
			   "old." };
	char *again = NULL;

	if (t != NULL) {
		s.cont = again = token_again(t->from, r->p.ns);
		s.message = text;
	}
	answer_status(r, &s);
	free(again);
}

/* 0 if nothing of the feed has changed behind rv. */
static int
changed_since(const struct feed *f, uint64_t rv)
{
	off_t at = feed_position(f, rv);

	return at == -1 || at < f->end;
}

/*
 * The objects of a past moment: the journal, read up to there. t is where a
 * continued list goes on, NULL for a new one. 0; -1 answered.
 */
static int
collect_past(struct request *r, const struct feed_handle *h, uint64_t rv,
    const struct token *t, struct items *it)
{
	const char *from = t == NULL ? "" : t->from;
	const struct feed *f = &h->feed;
	struct feed past = { 0 };
	off_t until;
	int rc;

	if (!changed_since(f, rv)) {
		rc = items_collect(it, r, f, from, r->q.limit);
	} else if (rv >= f->base_rv && (until = feed_position(f, rv)) != -1) {
		rc = feed_salvage(&past, f->dir, until);
		if (rc == 0)
			rc = items_collect(it, r, &past, from, r->q.limit);
		feed_free(&past);
	} else {
		expired(r, t);
		return -1;
	}
	if (rc == -1)
		answer_error(r, 500, "the list cannot be read: %s",
		    strerror(errno));
	it->rv = rv;
	return rc;
}

static int
collect_continued(struct request *r, const struct feed_handle *h,
    struct items *it)
{
	char why[320], message[400];
	struct token t;

	if (token_parse(&t, r->q.cont, r->p.ns, why, sizeof(why)) == -1) {
		snprintf(message, sizeof(message), "invalid continue token: %s",
		    why);
		answer_bad(r, message);
		return -1;
	}
	if (t.rv > 0)
		return collect_past(r, h, (uint64_t)t.rv, &t, it);
	if (items_collect(it, r, &h->feed, t.from, r->q.limit) == 0)
		return 0;
	answer_error(r, 500, "no memory for a list");
	return -1;
}

static int
collect(struct request *r, const struct feed_handle *h, struct items *it)
{
	const struct query *q = &r->q;
	long limit = q->limit;

	if (q->cont != NULL)
		return collect_continued(r, h, it);
	if (list_is_exact(q))
		return collect_past(r, h, q->rv_number, NULL, it);
	/* "any" is told whole */
	if (q->rv != NULL && q->rv_number == 0)
		limit = 0;
	if (items_collect(it, r, &h->feed, "", limit) == 0)
		return 0;
	answer_error(r, 500, "no memory for a list");
	return -1;
}

void
list_serve(struct request *r, struct feed_handle *h)
{
	struct render_list head = { .remaining = -1 };
	struct list_file *file = NULL;
	struct items it;
	struct render d;
	char *cont = NULL;

	if (may_be_file(r) && (file = list_find(h, r)) != NULL) {
		list_send(r, file, feeds_warning(h));
		return;
	}
	if (render_init(&d, r, &h->feed, feeds_table(r, h)) == -1)
		return;
	if (collect(r, h, &it) == -1) {
		render_free(&d);
		return;
	}
	head.rv = it.rv;
	if (it.behind > 0 &&
	    (cont = token_make(it.last, r->p.ns, (int64_t)it.rv)) != NULL) {
		head.cont = cont;
		if (*r->q.labels == '\0' && *r->q.fields == '\0')
			head.remaining = (long long)it.behind;
	}
	if (may_be_file(r) &&
	    (file = list_make(h, r, &it, &d, &head)) != NULL) {
		list_send(r, file, feeds_warning(h));
		items_free(&it);
		render_free(&d);
	} else {
		it.next = 0;
		stream(r, &it, &d, &head, feeds_warning(h));
	}
	free(cont);
}
