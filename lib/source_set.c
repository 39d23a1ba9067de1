#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resource.h"
#include "source_set.h"

static struct source *
find(struct source_set *set, const struct feed_query *q)
{
	const struct feed_query *have;
	size_t i;

	for (i = 0; i < set->n; i++) {
		have = &set->sources[i]->j.feed.q;
		if (strcmp(have->path, q->path) == 0 &&
		    strcmp(have->labels, q->labels) == 0 &&
		    strcmp(have->fields, q->fields) == 0)
			return set->sources[i];
	}
	return NULL;
}

static struct source *
add(struct source_set *set, const struct feed_query *q)
{
	struct source *s, **p;

	if (set->n >= SOURCES_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	if ((p = reallocarray(set->sources, set->n + 1, sizeof(*p))) == NULL)
		return NULL;
	set->sources = p;
	if ((s = malloc(sizeof(*s))) == NULL)
		return NULL;
	if (source_open(s, &set->curlev, &set->up, set->datafd, set->data, q,
		set->told) == -1) {
		free(s);
		return NULL;
	}
	s->owner = set->owner;
	s->changed = set->changed;
	s->master_up = &set->up_now;
	s->relist |= set->anew;
	set->sources[set->n++] = s;
	if (set->up_now)
		source_kick(s);
	return s;
}

/* --- definitions of custom resources --- */

/* The feed of q's definition. 0; -1 if q's resource has none. */
static int
definition_of(const struct feed_query *q, struct feed_query *d)
{
	char name[APIPATH_MAX];

	if (resource_find(q->p.group, q->p.resource) != NULL ||
	    strchr(q->p.group, '.') == NULL ||
	    snprintf(name, sizeof(name), "metadata.name=%s.%s", q->p.resource,
		q->p.group) >= (int)sizeof(name))
		return -1;
	return feed_query_make(d,
	    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "",
	    name);
}

static void
add_definition(struct source_set *set, const struct feed_query *q)
{
	struct feed_query d = { 0 };

	if (definition_of(q, &d) == 0 && find(set, &d) == NULL &&
	    add(set, &d) == NULL)
		warn("the definition of %s", q->path);
	feed_query_free(&d);
}

/* 1 if s is the definition of what another feed keeps. */
static int
is_definition(struct source_set *set, const struct source *s)
{
	struct feed_query d = { 0 };
	size_t i;
	int yes = 0;

	if (strcmp(s->j.feed.q.p.resource, "customresourcedefinitions") != 0)
		return 0;
	for (i = 0; i < set->n && !yes; i++) {
		if (definition_of(&set->sources[i]->j.feed.q, &d) == 0)
			yes = strcmp(d.fields, s->j.feed.q.fields) == 0;
		feed_query_free(&d);
	}
	return yes;
}

/* Another one wants other fields of a feed: from now on it has them all. */
static int
widen(struct source *s)
{
	static const struct project all;

	if (s->j.feed.q.keep.n == 0)
		return 0;
	source_pause(s);
	if (journal_keep(&s->j, &all) == -1)
		return -1;
	if (*s->master_up)
		source_kick(s);
	return 0;
}

struct source *
source_set_add(struct source_set *set, const struct feed_query *q)
{
	struct source *s;

	if ((s = find(set, q)) == NULL)
		s = add(set, q);
	else if (strcmp(project_text(&s->j.feed.q.keep),
		     project_text(&q->keep)) != 0 &&
	    widen(s) == -1)
		return NULL;
	if (s == NULL)
		return NULL;
	add_definition(set, q);
	return s;
}

/* --- all of them --- */

void
source_set_up(struct source_set *set, int up)
{
	size_t i;
	int was = set->up_now;

	set->up_now = up;
	for (i = 0; i < set->n; i++) {
		if (up && !was)
			source_kick(set->sources[i]);
		else if (!up && was &&
		    set->sources[i]->state != SOURCE_WATCHING)
			source_pause(set->sources[i]);
	}
}

void
source_set_retry(struct source_set *set)
{
	size_t i;

	for (i = 0; i < set->n && set->up_now; i++)
		if (set->sources[i]->j.feed.q.code != 0)
			source_nudge(set->sources[i]);
}

static void
drop(struct source_set *set, size_t i)
{
	struct source *s = set->sources[i];

	if (set->verbose)
		warnx("%s: unused, dropped", s->j.feed.dir);
	source_pause(s);
	if (journal_remove(&s->j) == -1)
		warn("%s", s->j.feed.dir);
	source_free(s);
	free(s);
	set->sources[i] = set->sources[--set->n];
}

static int
unused(struct source_set *set, const struct source *s, long age)
{
	struct stat st;

	if (s->required || s->wish[0] != '\0' || is_definition(set, s))
		return 0;
	if (fstatat(s->j.lockfd, "used", &st, 0) == -1 &&
	    fstatat(s->j.lockfd, "feed", &st, 0) == -1)
		return 0;
	return time(NULL) - st.st_mtime > age;
}

void
source_set_sweep(struct source_set *set, long age)
{
	const struct source *s;
	size_t i;

	/* cut off, nothing is dropped: nobody could bring it back */
	if (!set->up_now)
		return;
	for (i = set->n; i > 0; i--) {
		s = set->sources[i - 1];
		if ((s->state == SOURCE_WATCHING || s->j.feed.q.code != 0) &&
		    unused(set, s, age))
			drop(set, i - 1);
	}
}

int
source_set_free(struct source_set *set)
{
	struct source *s;
	int missing = 0, rc;

	while (set->n > 0) {
		s = set->sources[--set->n];
		while ((rc = journal_sync(&s->j)) == 1)
			;
		if (rc == -1)
			warn("%s", s->j.feed.dir);
		if (s->required && (!s->j.synced || s->relist))
			missing++;
		source_free(s);
		free(s);
	}
	free(set->sources);
	set->sources = NULL;
	return missing;
}
