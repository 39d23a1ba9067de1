/*
 * RENEWTIME SEEN RENEWED HEARD DEAD REPORT FIRST LAST REPORTED LOST LOSTFROM
 * TOLD NAME, a line a node; REPORT is -1 as long as there was no EdgeNode, TOLD
 * is which annotation an Event was about.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "edgenode_memory.h"

#define FILE_MAX (64 * 1024 * 1024)
#define FIELDS 12

/* From our monotonic time to one since 1970, and back; 0 is none. */
static long long
to_us(long long at, const struct edgenode_clock *now)
{
	return at == 0 ? 0 : now->us - (now->at - at);
}

static long long
to_at(long long us, const struct edgenode_clock *now)
{
	if (us <= 0)
		return 0;
	return us > now->us ? now->at : now->at - (now->us - us);
}

int
edgenode_memory_save(const struct edgenode_table *t,
    const struct edgenode_clock *now, const char *path)
{
	const struct edgenode_seen *s;
	struct buf b = { 0 };
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < t->n; i++) {
		s = &t->rows[i]->seen;
		if (s->lease)
			rc = buf_printf(&b,
			    "%lld %lld %lld %u %u %lld %lld %lld %lld %u %lld "
			    "%" PRIu64 " %s\n",
			    s->renew_us, to_us(s->at, now),
			    to_us(s->renewed_at, now), s->heard, s->dead,
			    s->report ? s->report_us : -1,
			    to_us(s->report_first, now),
			    to_us(s->report_last, now),
			    to_us(s->reported_at, now), s->lost,
			    to_us(s->lost_from, now), t->rows[i]->told_bad,
			    t->rows[i]->name);
	}
	if (rc == 0)
		rc = atomic_write(AT_FDCWD, path, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

void
edgenode_memory_line(struct edgenode_table *t, const struct edgenode_clock *now,
    char *line)
{
	long long v[FIELDS];
	struct edgenode *n;
	char *p = line, *end;
	int i;

	for (i = 0; i < FIELDS; i++, p = end + 1) {
		errno = 0;
		v[i] = strtoll(p, &end, 10);
		if (end == p || *end != ' ' || errno != 0)
			return;
	}
	if ((n = edgenode_table_find(t, p)) == NULL || n->seen.lease)
		return;
	n->seen = (struct edgenode_seen) { .renew_us = v[0],
		.at = to_at(v[1], now),
		.us = v[1] > now->us ? now->us : v[1],
		.renewed_at = to_at(v[2], now),
		.heard = v[3] == 1,
		.dead = v[4] == 1,
		.report_us = v[5] == -1 ? 0 : v[5],
		.report_first = to_at(v[6], now),
		.report_last = to_at(v[7], now),
		.reported_at = to_at(v[8], now),
		.lost = v[9] == 1,
		.lost_from = to_at(v[10], now),
		.lease = 1,
		.report = v[5] != -1 };
	n->told_bad = (uint64_t)v[11];
}

int
edgenode_memory_load(struct edgenode_table *t, const struct edgenode_clock *now,
    const char *path)
{
	struct buf b = { 0 };
	char *line, *rest;
	int rc;

	rc = buf_read_file(&b, AT_FDCWD, path, FILE_MAX);
	rest = b.data;
	while (rc == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (rest != NULL)
			edgenode_memory_line(t, now, line);
	buf_free(&b);
	return rc;
}
