/*
 * BOOT AT US, when it was kept, and then RENEWTIME SEEN SEENTIME RENEWED HEARD
 * DEAD REPORT FIRST LAST REPORTED LOST LOSTFROM TOLD GOOD PODS NAME, a line a
 * node; REPORT is -1 as long as there was no EdgeNode, TOLD is which annotation
 * an Event was about. What ends in TIME, and US and REPORT, are since 1970.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "edgenode_memory.h"

#define FILE_MAX (64 * 1024 * 1024)
#define FIELDS 15
#define GIVEN "-" /* for a boot: times were given */
#define MOST (1LL << 60)

static const char *
boot_of(const struct edgenode_clock *now)
{
	return now->boot != NULL ? now->boot : GIVEN;
}

int
edgenode_memory_save(const struct edgenode_table *t,
    const struct edgenode_clock *now, const char *path)
{
	const struct edgenode_seen *s;
	struct buf b = { 0 };
	int rc;
	size_t i;

	rc = buf_printf(&b, "%s %lld %lld\n", boot_of(now), now->at, now->us);
	for (i = 0; rc == 0 && i < t->n; i++) {
		s = &t->rows[i]->seen;
		if (s->lease)
			rc = buf_printf(&b,
			    "%lld %lld %lld %lld %u %u %lld %lld %lld %lld %u "
			    "%lld %" PRIu64 " %lld %d %s\n",
			    s->renew_us, s->at, s->us, s->renewed_at, s->heard,
			    s->dead, s->report ? s->report_us : -1,
			    s->report_first, s->report_last, s->reported_at,
			    s->lost, s->lost_from, t->rows[i]->told_bad,
			    s->good_at, s->pods, t->rows[i]->name);
	}
	if (rc == 0)
		rc = atomic_write(AT_FDCWD, path, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

/* n numbers, each with a blank behind it. What follows, or NULL. */
static char *
numbers(char *p, long long *v, int n)
{
	char *end;
	int i;

	for (i = 0; i < n; i++, p = end + 1) {
		errno = 0;
		v[i] = strtoll(p, &end, 10);
		if (end == p || *end != ' ' || errno != 0)
			return NULL;
	}
	return p;
}

/* How long ago it was kept: of a clock that was set only a given time counts. */
int
edgenode_memory_head(struct edgenode_memory_age *a,
    const struct edgenode_clock *now, char *line)
{
	char *p = strchr(line, ' '), *end;
	long long us, passed = 0;

	if (p == NULL)
		return -1;
	*p++ = '\0';
	if ((p = numbers(p, &a->kept_at, 1)) == NULL)
		return -1;
	errno = 0;
	us = strtoll(p, &end, 10);
	if (end == p || *end != '\0' || errno != 0 || a->kept_at < 0 ||
	    a->kept_at > MOST || us < 0 || us > MOST)
		return -1;
	if (now->boot == NULL)
		passed = now->us - us;
	else if (strcmp(now->boot, line) == 0)
		passed = now->at - a->kept_at;
	a->shift = now->at - (passed > 0 ? passed : 0) - a->kept_at;
	return 0;
}

/* 0 is none. */
static long long
to_at(long long at, const struct edgenode_memory_age *a)
{
	if (at == 0)
		return 0;
	if (at > a->kept_at)
		at = a->kept_at;
	if (at < -MOST)
		at = -MOST;
	/* before this machine was started, at the first look after a boot */
	return at + a->shift != 0 ? at + a->shift : -1;
}

void
edgenode_memory_line(struct edgenode_table *t,
    const struct edgenode_memory_age *a, const struct edgenode_clock *now,
    char *line)
{
	long long v[FIELDS];
	struct edgenode *n;
	const char *name;

	if ((name = numbers(line, v, FIELDS)) == NULL ||
	    (n = edgenode_table_find(t, name)) == NULL || n->seen.lease)
		return;
	n->seen = (struct edgenode_seen) { .renew_us = v[0],
		.at = to_at(v[1], a),
		.us = v[2] > now->us ? now->us : v[2],
		.renewed_at = to_at(v[3], a),
		.heard = v[4] == 1,
		.dead = v[5] == 1,
		.report_us = v[6] == -1 ? 0 : v[6],
		.report_first = to_at(v[7], a),
		.report_last = to_at(v[8], a),
		.reported_at = to_at(v[9], a),
		.lost = v[10] == 1,
		.lost_from = to_at(v[11], a),
		.good_at = to_at(v[13], a),
		.pods =
		    v[14] < EDGENODE_HEALED || v[14] > INT_MAX ? 0 : (int)v[14],
		.lease = 1,
		.report = v[6] != -1 };
	n->told_bad = (uint64_t)v[12];
}

int
edgenode_memory_load(struct edgenode_table *t, const struct edgenode_clock *now,
    const char *path)
{
	struct edgenode_memory_age age;
	struct buf b = { 0 };
	char *line, *rest;
	int rc;

	rc = buf_read_file(&b, AT_FDCWD, path, FILE_MAX);
	rest = b.data;
	if (rc == 0 && rest != NULL &&
	    ((line = strsep(&rest, "\n")) == NULL ||
		edgenode_memory_head(&age, now, line) == -1))
		rest = NULL;
	while (rc == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (rest != NULL)
			edgenode_memory_line(t, &age, now, line);
	buf_free(&b);
	return rc;
}
