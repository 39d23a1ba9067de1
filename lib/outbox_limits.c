/*
 * The limits of an outbox, as people write them, and the share of one caller.
 *
 * Whose an entry is stands in its file. That is read when it matters, a few
 * with each write: once more than half of the room is used, for nobody can
 * have more than half of it before. What was not read yet is nobody's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "outbox_parts.h"

#define ENTRIES_MOST 500000ULL
#define BYTES_LEAST 4096ULL
#define BYTES_MOST (1ULL << 40)
#define LEARN_FILES 64
#define LEARN_BYTES (4 * 1024 * 1024)
#define NOBODY 1

/* A decimal number from low to high. 0, or -1. */
static int
parse(const char *text, unsigned long long low, unsigned long long high,
    size_t *out)
{
	unsigned long long n;
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || n < low || n > high)
		return -1;
	*out = (size_t)n;
	return 0;
}

int
outbox_limits_parse(struct outbox_limits *l, char *text)
{
	char entries[] = "entries", bytes[] = "bytes", events[] = "events";
	char event_bytes[] = "event_bytes";
	char *const names[] = { entries, bytes, events, event_bytes, NULL };
	size_t *const fields[] = { &l->entries, &l->bytes, &l->events,
		&l->event_bytes };
	char *value;
	int i, rc;

	while (*text != '\0') {
		if ((i = getsubopt(&text, names, &value)) == -1)
			rc = -1;
		else if (i % 2 == 0)
			rc = parse(value, 1, ENTRIES_MOST, fields[i]);
		else
			rc = parse(value, BYTES_LEAST, BYTES_MOST, fields[i]);
		if (rc == -1) {
			errno = EINVAL;
			return -1;
		}
	}
	return 0;
}

/* --- shares --- */

uint32_t
outbox_caller(const char *user)
{
	uint32_t h = 2166136261u;

	if (user == NULL || *user == '\0')
		return NOBODY;
	for (; *user != '\0'; user++)
		h = (h ^ (unsigned char)*user) * 16777619u;
	return h > NOBODY ? h : h + NOBODY + 1;
}

static uint32_t
read_caller(const struct outbox *o, const struct outbox_slot *s)
{
	char name[OUTBOX_NAME_LEN];
	struct buf b = { 0 };
	const json_t *user;
	json_t *entry = NULL;
	uint32_t caller;

	outbox_name(s, name);
	if (buf_read_file(&b, o->d.newfd, name, OUTBOX_TEXT_MAX) == 0)
		entry = json_loadb(b.data, b.len, 0, NULL);
	user = json_object_get(entry, "user");
	if (json_is_object(user))
		user = json_object_get(user, "username");
	caller = outbox_caller(json_string_value(user));
	json_decref(entry);
	buf_free(&b);
	return caller;
}

static void
learn(struct outbox *o)
{
	size_t i, files = 0, bytes = 0;
	struct outbox_slot *s;

	for (i = 0; i < o->list.n; i++) {
		s = &o->list.slots[i];
		if (s->caller != 0 || s->kind == OUTBOX_EVENT || s->mark != 0)
			continue;
		if (files++ == LEARN_FILES || (bytes += s->size) > LEARN_BYTES)
			return;
		s->caller = read_caller(o, s);
	}
}

/* 1 if slot i makes room for what p plans. */
static int
goes(const struct outbox_plan *p, size_t i)
{
	size_t k;

	for (k = 0; k < p->ndrop; k++)
		if (p->drop[k] == i)
			return 1;
	return p->place == (long)i;
}

int
outbox_share(struct outbox *o, const struct outbox_write *w,
    const struct outbox_plan *p, size_t size)
{
	size_t entries = (o->limits.entries + 1) / 2, n = 1, i;
	size_t most = (o->limits.bytes + 1) / 2, bytes = size;
	uint32_t me = outbox_caller(w->user);
	const struct outbox_slot *s;

	if (w->all || me == NOBODY ||
	    (o->count[0] < entries && o->bytes[0] + size <= most))
		return 0;
	learn(o);
	for (i = 0; i < o->list.n; i++) {
		s = &o->list.slots[i];
		if (s->caller != me || s->kind == OUTBOX_EVENT ||
		    (s->mark & OUTBOX_MARK_GONE) || goes(p, i))
			continue;
		n++;
		bytes += s->size;
	}
	/* what takes the place of another entry is no more than that */
	if ((p->place != -1 || n <= entries) && bytes <= most)
		return 0;
	errno = EDQUOT;
	return -1;
}
