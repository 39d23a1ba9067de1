/*
 * Local events, appended to every feed that they concern.
 *
 * All feeds get an event at one resourceVersion, greater than what any of
 * their readers has seen. A feed that has such an event is marked before: what
 * the master sends is not taken into it, but for a whole list, which ends that
 * (see source_held() and journal_list_commit()). So the marks of all events
 * are synced first, then their lines.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* An event that was taken apart. */
struct parsed {
	struct apply_event *e;
	struct apipath p;
	struct meta m;
	json_t *o;
};

static int
is_of(const struct source *s, const struct apipath *p)
{
	const struct feed_query *q = &s->j.feed.q;

	return s->j.synced && strcmp(q->p.resource, p->resource) == 0 &&
	    strcmp(q->p.group, p->group) == 0 &&
	    strcmp(q->p.version, p->version) == 0 &&
	    (*q->p.ns == '\0' || strcmp(q->p.ns, p->ns) == 0);
}

static int
selects(const struct feed_query *q, const struct meta *m)
{
	return selector_match(&q->label_sel, meta_label, m) &&
	    selector_match_fields(&q->field_sel, meta_field, m);
}

/* 1 if the event concerns the feed: it has the object, or shall have it. */
static int
concerns(const struct source *s, const struct parsed *v)
{
	if (v->e->error != 0 || !is_of(s, &v->p))
		return 0;
	if (feed_get(&s->j.feed, v->p.ns, v->p.name) != NULL)
		return 1;
	return v->e->type != FEED_DELETED && selects(&s->j.feed.q, &v->m);
}

static void
parse(struct parsed *v)
{
	struct apply_event *e = v->e;

	e->error = EBADMSG;
	if (apipath_parse(&v->p, e->path) == -1 ||
	    (v->o = json_loadb(e->object, e->len, 0, NULL)) == NULL)
		return;
	if (meta_load(&v->m, v->o, resource_find(v->p.group, v->p.resource)) ==
	    -1)
		e->error = errno;
	else
		e->error = 0;
}

/* A feed that cannot be written fails all that is of its resource. */
static void
fail_all(const struct source *s, struct parsed *v, size_t n, int error)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].e->error == 0 && is_of(s, &v[i].p))
			v[i].e->error = error;
}

/* --- marks --- */

static void
mark(struct source *s, struct parsed *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (concerns(s, &v[i]) &&
		    journal_local(&s->j, v[i].e->path) == -1)
			v[i].e->error = errno;
	if (journal_local_sync(&s->j) == -1)
		fail_all(s, v, n, errno);
}

/* --- lines --- */

/* The object's text at its new resourceVersion; NULL with errno. */
static char *
number(struct parsed *v)
{
	struct apply_event *e = v->e;
	json_t *m = json_object_get(v->o, "metadata");
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, e->rv);
	if (json_object_set_new(m, "resourceVersion", json_string(text)) ==
	    -1) {
		errno = ENOMEM;
		return NULL;
	}
	return meta_renumber(e->object, e->len, e->rv);
}

/* One feed. What it selects no more leaves it. */
static int
append_to(struct source *s, const struct parsed *v, const char *text)
{
	enum feed_type type = v->e->type;

	if (type != FEED_DELETED && !selects(&s->j.feed.q, &v->m))
		type = FEED_DELETED;
	source_pause(s);
	return journal_put(&s->j, type, text, strlen(text), v->o) == -1 ? -1
									: 0;
}

static void
append(struct source_set *set, struct parsed *v, char *touched)
{
	struct apply_event *e = v->e;
	char *text;
	size_t i;

	for (i = 0; i < set->n; i++)
		if (concerns(set->sources[i], v) &&
		    set->sources[i]->j.feed.rv > e->rv)
			e->rv = set->sources[i]->j.feed.rv;
	e->rv++;
	if ((text = number(v)) == NULL) {
		e->error = errno;
		return;
	}
	for (i = 0; i < set->n && e->error == 0; i++) {
		if (!concerns(set->sources[i], v))
			continue;
		touched[i] = 1;
		if (append_to(set->sources[i], v, text) == -1)
			e->error = errno;
		else
			e->feeds++;
	}
	free(text);
}

/* --- all of them --- */

static void
flush(struct source_set *set, struct parsed *v, size_t n, const char *touched)
{
	struct source *s;
	size_t i;

	for (i = 0; i < set->n; i++)
		if (touched[i])
			journal_flush_begin(&set->sources[i]->j);
	for (i = 0; i < set->n; i++) {
		if (!touched[i])
			continue;
		s = set->sources[i];
		if (journal_flush(&s->j) == -1)
			fail_all(s, v, n, errno);
		else
			(void)journal_compact(&s->j, 0);
		/* objects/ follows within a second */
		s->changed(s);
		source_resume(s);
	}
}

void
apply_events(struct source_set *set, struct apply_event *events, size_t n)
{
	struct parsed *v = calloc(n, sizeof(*v));
	char *touched = calloc(set->n + 1, 1);
	size_t i;

	for (i = 0; i < n; i++) {
		events[i].rv = 0;
		events[i].feeds = 0;
		events[i].error = ENOMEM;
	}
	if (v == NULL || touched == NULL)
		goto out;
	for (i = 0; i < n; i++) {
		v[i].e = &events[i];
		parse(&v[i]);
	}
	for (i = 0; i < set->n; i++)
		mark(set->sources[i], v, n);
	for (i = 0; i < n; i++)
		if (v[i].e->error == 0)
			append(set, &v[i], touched);
	flush(set, v, n, touched);
out:
	for (i = 0; v != NULL && i < n; i++) {
		json_decref(v[i].o);
		meta_free(&v[i].m);
	}
	free(v);
	free(touched);
}
