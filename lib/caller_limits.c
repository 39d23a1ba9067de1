/*
 * Counts by caller. There is an entry of the table for each who has something,
 * and none for others, so that it is bounded by what there is to be had; one
 * entry, of no name, is shared by those for whom there is no other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "caller_limits.h"

#define BUCKETS 256
#define ANONYMOUS "system:anonymous"

struct limits_caller {
	struct limits_caller *next;
	unsigned n[LIMITS_KINDS];
	int first;
	char name[];
};

int
limits_init(struct limits *l, unsigned connections, unsigned writes)
{
	int i;

	l->all[LIMITS_REQUESTS] = connections / 4;
	l->all[LIMITS_WATCHES] = connections / 2;
	l->all[LIMITS_WRITES] = writes / 2;
	for (i = 0; i < LIMITS_KINDS; i++) {
		if (l->all[i] == 0)
			l->all[i] = 1;
		l->each[i] = l->all[i] < 4 ? 1 : l->all[i] / 4 * 3;
	}
	l->table = calloc(BUCKETS, sizeof(struct limits_caller *));
	return l->table == NULL ? -1 : 0;
}

void
limits_free(struct limits *l)
{
	struct limits_caller *c;
	size_t i;

	for (i = 0; l->table != NULL && i < BUCKETS; i++)
		while ((c = l->table[i]) != NULL) {
			l->table[i] = c->next;
			free(c);
		}
	free(l->table);
	for (i = 0; i < l->nfirst; i++)
		free(l->first[i]);
	memset(l, 0, sizeof(*l));
}

int
limits_first(struct limits *l, const char *name)
{
	char *copy;

	if (l->nfirst == LIMITS_FIRST_MAX || strlen(name) > LIMITS_NAME_MAX) {
		errno = E2BIG;
		return -1;
	}
	if ((copy = strdup(name)) == NULL)
		return -1;
	l->first[l->nfirst++] = copy;
	return 0;
}

int
limits_is_first(const struct limits *l, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < l->nfirst; i++)
		if (strcmp(l->first[i], name) == 0)
			return 1;
	return 0;
}

/* Where the entry of name is, or would be. */
static struct limits_caller **
find(const struct limits *l, const char *name)
{
	struct limits_caller **c;
	const char *p;
	uint32_t h = 2166136261u;

	for (p = name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	c = &l->table[h % BUCKETS];
	while (*c != NULL && strcmp((*c)->name, name) != 0)
		c = &(*c)->next;
	return c;
}

/* Put a new entry there. NULL with errno. */
static struct limits_caller *
make(struct limits *l, struct limits_caller **there, const char *name)
{
	size_t n = strlen(name) + 1;
	struct limits_caller *c;

	if ((c = calloc(1, sizeof(*c) + n)) == NULL)
		return NULL;
	memcpy(c->name, name, n);
	c->first = limits_is_first(l, name);
	*there = c;
	l->ncallers++;
	return c;
}

static void
drop_idle(struct limits *l, struct limits_caller *c)
{
	struct limits_caller **there;
	int i;

	for (i = 0; i < LIMITS_KINDS; i++)
		if (c->n[i] > 0)
			return;
	there = find(l, c->name);
	*there = c->next;
	l->ncallers--;
	free(c);
}

static struct limits_caller *
caller(struct limits *l, const char *name)
{
	struct limits_caller **there = NULL;

	if (strlen(name) <= LIMITS_NAME_MAX)
		there = find(l, name);
	if (there == NULL ||
	    (*there == NULL && l->ncallers >= LIMITS_CALLERS_MAX &&
		!limits_is_first(l, name))) {
		name = "";
		there = find(l, name);
	}
	return *there != NULL ? *there : make(l, there, name);
}

struct limits_caller *
limits_begin(struct limits *l, enum limits_kind kind, const char *name)
{
	struct limits_caller *c;

	c = caller(l, name == NULL || *name == '\0' ? ANONYMOUS : name);
	if (c == NULL)
		return NULL;
	if (!c->first &&
	    (c->n[kind] >= l->each[kind] || l->n[kind] >= l->all[kind])) {
		drop_idle(l, c);
		l->refused++;
		errno = EAGAIN;
		return NULL;
	}
	c->n[kind]++;
	l->n[kind] += !c->first;
	return c;
}

void
limits_end(struct limits *l, enum limits_kind kind, struct limits_caller *c)
{
	if (c == NULL)
		return;
	c->n[kind]--;
	l->n[kind] -= !c->first;
	drop_idle(l, c);
}
