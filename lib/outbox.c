/*
 * Accepting writes. What is added is a file in tmp/ until a sync takes all of
 * them to new/ together: the files first, then their names, then the names of
 * what they replaced go, and one fsync of the directory makes that durable.
 * A crash in between leaves a replaced entry beside its replacement, which
 * has the higher generation; who lists the directory takes that one.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "outbox_parts.h"

/* --- what there is --- */

void
outbox_count(struct outbox *o, const struct outbox_slot *s, int sign)
{
	int event = s->kind == OUTBOX_EVENT;

	o->count[event] += (size_t)sign;
	o->bytes[event] += (size_t)sign * s->size;
}

static void
remove_replaced(void *arg, const char *name, int replaced)
{
	struct outbox *o = arg;

	if (replaced)
		(void)outbox_remove_replaced(o->d.newfd, name);
}

/* Names never go back, so that the new is behind the old. */
void
outbox_note_time(struct outbox *o, const struct outbox_slot *s)
{
	if (s->time < o->last_time ||
	    (s->time == o->last_time && s->seq <= o->last_seq))
		return;
	o->last_time = s->time;
	o->last_seq = s->seq;
}

static int
load(struct outbox *o)
{
	struct outbox_list l;
	size_t i;

	if (outbox_list(&l, o->d.newfd, remove_replaced, o) == -1)
		return -1;
	outbox_list_free(&o->list);
	o->list = l;
	memset(o->count, 0, sizeof(o->count));
	memset(o->bytes, 0, sizeof(o->bytes));
	for (i = 0; i < l.n; i++) {
		outbox_count(o, &l.slots[i], 1);
		outbox_note_time(o, &l.slots[i]);
	}
	return 0;
}

static void
read_dropped(struct outbox *o)
{
	struct buf b = { 0 };

	if (buf_read_file(&b, o->d.fd, "dropped", 64) == 0 && b.len > 0)
		o->dropped = strtoull(b.data, NULL, 10);
	o->dropped_told = o->dropped;
	buf_free(&b);
}

int
outbox_open(struct outbox *o, int datafd, const struct outbox_limits *l)
{
	int e;

	memset(o, 0, sizeof(*o));
	o->limits = *l;
	if (outbox_dirs_open(&o->d, datafd, OUTBOX_TEMP) == -1)
		return -1;
	if (flock(o->d.newfd, LOCK_EX | LOCK_NB) == 0 && load(o) == 0) {
		read_dropped(o);
		return 0;
	}
	e = errno;
	outbox_dirs_close(&o->d);
	errno = e;
	return -1;
}

/* Forget those that ote-outbox took away since. At most once a second. */
void
outbox_refresh(struct outbox *o)
{
	char name[OUTBOX_NAME_LEN];
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (o->refreshed == now.tv_sec)
		return;
	o->refreshed = now.tv_sec;
	for (i = 0; i < o->list.n; i++) {
		struct outbox_slot *s = &o->list.slots[i];

		if (s->mark != 0)
			continue;
		outbox_name(s, name);
		if (faccessat(o->d.newfd, name, F_OK, 0) == 0)
			continue;
		s->mark = OUTBOX_MARK_GONE;
		outbox_count(o, s, -1);
	}
}

static void
compact(struct outbox_list *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (!(l->slots[i].mark & OUTBOX_MARK_GONE))
			l->slots[n++] = l->slots[i];
	l->n = n;
}

int
outbox_waits(struct outbox *o, const char *path)
{
	uint64_t object = outbox_object(path);
	char name[OUTBOX_NAME_LEN];
	size_t i;

	for (i = 0; i < o->list.n; i++) {
		struct outbox_slot *s = &o->list.slots[i];

		if (s->object != object || (s->mark & OUTBOX_MARK_GONE))
			continue;
		outbox_name(s, name);
		if ((s->mark & OUTBOX_MARK_PENDING) ||
		    faccessat(o->d.newfd, name, F_OK, 0) == 0)
			return 1;
	}
	return 0;
}

int
outbox_is_idle(struct outbox *o)
{
	if (o->count[0] > 0)
		outbox_refresh(o);
	return o->count[0] == 0;
}

/* --- removing --- */

int
outbox_reserve_removals(struct outbox *o, size_t more)
{
	struct outbox_removal *r;
	size_t cap = o->removed_cap == 0 ? 64 : o->removed_cap * 2;

	if (o->nremoved + more > OUTBOX_REMOVED_MAX) {
		errno = EAGAIN;
		return -1;
	}
	if (o->nremoved + more <= o->removed_cap)
		return 0;
	if (cap < o->nremoved + more)
		cap = o->nremoved + more;
	if ((r = reallocarray(o->removed, cap, sizeof(*r))) == NULL)
		return -1;
	o->removed = r;
	o->removed_cap = cap;
	return 0;
}

static void
remove_pending(struct outbox *o, const struct outbox_slot *s)
{
	char name[OUTBOX_NAME_LEN], temp[OUTBOX_NAME_LEN + 16];
	struct outbox_pend *p;
	size_t i;

	for (i = 0; i < o->npend; i++) {
		p = &o->pend[i];
		if (p->slot.time != s->time || p->slot.seq != s->seq)
			continue;
		outbox_name(&p->slot, name);
		snprintf(temp, sizeof(temp), OUTBOX_TEMP "%s", name);
		(void)unlinkat(o->d.tmpfd, temp, 0);
		close(p->fd);
		json_decref(p->entry);
		*p = o->pend[--o->npend];
		return;
	}
}

/* Slot i goes with the next sync; fd holds its lock and is taken. */
void
outbox_remove_slot(struct outbox *o, size_t i, int *fd)
{
	struct outbox_slot *s = &o->list.slots[i];

	outbox_count(o, s, -1);
	if (s->mark & OUTBOX_MARK_PENDING)
		remove_pending(o, s);
	else {
		o->removed[o->nremoved].slot = *s;
		o->removed[o->nremoved++].fd = *fd;
		*fd = -1;
	}
	s->mark = OUTBOX_MARK_GONE;
}

/* --- syncing --- */

static int
sync_files(const struct outbox *o)
{
	static const unsigned flags[2] = { SYNC_FILE_RANGE_WRITE,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
		    SYNC_FILE_RANGE_WAIT_AFTER };
	size_t i, k;

	/* the data of all first, so that they share a commit of the journal */
	for (k = 0; o->npend > 1 && k < 2; k++)
		for (i = 0; i < o->npend; i++)
			(void)sync_file_range(o->pend[i].fd, 0, 0, flags[k]);
	for (i = 0; i < o->npend; i++)
		if (fsync(o->pend[i].fd) == -1)
			return -1;
	return 0;
}

static int
name_files(const struct outbox *o)
{
	char name[OUTBOX_NAME_LEN], temp[OUTBOX_NAME_LEN + 16];
	size_t i;

	for (i = 0; i < o->npend; i++) {
		outbox_name(&o->pend[i].slot, name);
		snprintf(temp, sizeof(temp), OUTBOX_TEMP "%s", name);
		if (renameat(o->d.tmpfd, temp, o->d.newfd, name) == -1)
			return -1;
	}
	return 0;
}

/* What was not synced goes, and what it replaced is as it was. */
static void
give_up(struct outbox *o)
{
	char name[OUTBOX_NAME_LEN], temp[OUTBOX_NAME_LEN + 16];
	size_t i;

	for (i = 0; i < o->npend; i++) {
		outbox_name(&o->pend[i].slot, name);
		snprintf(temp, sizeof(temp), OUTBOX_TEMP "%s", name);
		if (unlinkat(o->d.tmpfd, temp, 0) == -1)
			(void)unlinkat(o->d.newfd, name, 0);
		close(o->pend[i].fd);
		json_decref(o->pend[i].entry);
	}
	for (i = 0; i < o->nremoved; i++)
		close(o->removed[i].fd);
	o->npend = o->nremoved = 0;
}

static void
tell_dropped(struct outbox *o)
{
	char text[32];
	int n;

	if (o->dropped == o->dropped_told)
		return;
	n = snprintf(text, sizeof(text), "%llu\n", o->dropped);
	if (atomic_write(o->d.fd, "dropped", text, (size_t)n, 0) == 0)
		o->dropped_told = o->dropped;
}

int
outbox_flush(const struct outbox *o)
{
	char name[OUTBOX_NAME_LEN];
	size_t i;

	if (o->npend == 0 && o->nremoved == 0)
		return 0;
	if (sync_files(o) == -1 || name_files(o) == -1)
		return -1;
	for (i = 0; i < o->nremoved; i++) {
		outbox_name(&o->removed[i].slot, name);
		(void)unlinkat(o->d.newfd, name, 0);
	}
	return fsync(o->d.newfd);
}

void
outbox_settle(struct outbox *o, int flushed)
{
	size_t i;

	if (o->npend == 0 && o->nremoved == 0)
		return;
	if (!flushed) {
		give_up(o);
		o->dropped = o->dropped_told;
		(void)load(o);
		return;
	}
	for (i = 0; i < o->nremoved; i++)
		close(o->removed[i].fd);
	for (i = 0; i < o->npend; i++) {
		close(o->pend[i].fd);
		json_decref(o->pend[i].entry);
	}
	o->npend = o->nremoved = 0;
	for (i = 0; i < o->list.n; i++)
		o->list.slots[i].mark &= (unsigned char)~OUTBOX_MARK_PENDING;
	compact(&o->list);
	tell_dropped(o);
}

int
outbox_sync(struct outbox *o)
{
	int rc = outbox_flush(o), saved = errno;

	outbox_settle(o, rc == 0);
	errno = saved;
	return rc;
}

void
outbox_close(struct outbox *o)
{
	give_up(o);
	outbox_list_free(&o->list);
	free(o->removed);
	outbox_dirs_close(&o->d);
	memset(o, 0, sizeof(*o));
	o->d.fd = o->d.newfd = o->d.tmpfd = o->d.failedfd = -1;
}
