/*
 * Remembered decisions: a hash table of users, and one of questions for each
 * of them. What is found is just what was asked: every text of a question
 * counts, and of a user the name, the uid and the set of groups.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_parts.h"
#include "access_question.h"
#include "buf.h"

#define YOUNG_S 60

/* FNV-1a of a text and its NUL. */
static uint64_t
mix(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	return (h ^ 0x100) * 1099511628211ULL;
}

/* --- questions --- */

static uint64_t
hash_texts(uint64_t h, const char *const t[ACCESS_TEXTS])
{
	int i;

	for (i = 0; i < ACCESS_TEXTS; i++)
		h = mix(h, t[i]);
	return h ^ h >> 32;
}

static int
is_asked(const struct access_entry *e, const char *const t[ACCESS_TEXTS])
{
	const char *p = e->text, *s;
	int i;

	for (i = 0; i < ACCESS_TEXTS; i++, p++) {
		for (s = t[i]; *s != '\0' && *s == *p; s++)
			p++;
		if (*s != *p)
			return 0;
	}
	return 1;
}

static struct access_entry *
find(const struct access_user *u, const char *const t[ACCESS_TEXTS], uint64_t h)
{
	struct access_entry *e;

	if (u->nslots == 0)
		return NULL;
	for (e = u->slots[h & (u->nslots - 1)]; e != NULL; e = e->chain)
		if (e->hash == h && is_asked(e, t))
			return e;
	return NULL;
}

const struct access_decision *
access_find(const struct access_user *u, const struct access_question *q)
{
	const char *t[ACCESS_TEXTS];
	const struct access_entry *e;

	access_question_texts(q, t);
	e = find(u, t, hash_texts(u->access->seed, t));
	return e == NULL ? NULL : &e->d;
}

void
access_entry_question(const struct access_entry *e, struct access_question *q)
{
	const char *t[ACCESS_TEXTS], *p = e->text;
	int i;

	for (i = 0; i < ACCESS_TEXTS; i++, p += strlen(p) + 1)
		t[i] = p;
	access_question_set(q, t);
}

/* --- entries --- */

static void
unlink_age(struct access_user *u, struct access_entry *e)
{
	*(e->older == NULL ? &u->oldest : &e->older->newer) = e->newer;
	*(e->newer == NULL ? &u->newest : &e->newer->older) = e->older;
}

static void
link_newest(struct access_user *u, struct access_entry *e)
{
	e->newer = NULL;
	e->older = u->newest;
	*(u->newest == NULL ? &u->oldest : &u->newest->newer) = e;
	u->newest = e;
}

static void
entry_free(struct access_entry *e)
{
	free((char *)(uintptr_t)e->d.reason);
	free(e);
}

void
access_drop_oldest(struct access_user *u)
{
	struct access_entry *e = u->oldest, **p;

	p = &u->slots[e->hash & (u->nslots - 1)];
	while (*p != e)
		p = &(*p)->chain;
	*p = e->chain;
	unlink_age(u, e);
	entry_free(e);
	u->n--;
	u->access->total--;
}

static int
grow(struct access_user *u)
{
	struct access_entry **slots, *e;
	size_t i, n = u->nslots == 0 ? 16 : u->nslots * 2;

	if (u->n < u->nslots)
		return 0;
	if ((slots = calloc(n, sizeof(struct access_entry *))) == NULL)
		return -1;
	for (e = u->oldest; e != NULL; e = e->newer) {
		i = e->hash & (n - 1);
		e->chain = slots[i];
		slots[i] = e;
	}
	free(u->slots);
	u->slots = slots;
	u->nslots = n;
	return 0;
}

static int
is_utf8(const char *s)
{
	json_t *v = json_string(s);

	json_decref(v);
	return v != NULL;
}

/* The bytes of the texts; 0 with errno. */
static size_t
measure(const char *const t[ACCESS_TEXTS])
{
	size_t n = ACCESS_TEXTS;
	int i;

	for (i = 0; i < ACCESS_TEXTS; i++) {
		n += strlen(t[i]);
		errno = EMSGSIZE;
		if (n > ACCESS_TEXT_MAX)
			return 0;
		errno = EILSEQ;
		if (!is_utf8(t[i]))
			return 0;
	}
	return n;
}

static struct access_entry *
new_entry(struct access_user *u, const char *const t[ACCESS_TEXTS], uint64_t h)
{
	struct access_entry *e, **slot;
	size_t n = measure(t);
	char *p;
	int i;

	if (n == 0 || grow(u) == -1 || (e = calloc(1, sizeof(*e) + n)) == NULL)
		return NULL;
	for (i = 0, p = e->text; i < ACCESS_TEXTS; i++)
		p = stpcpy(p, t[i]) + 1;
	e->hash = h;
	e->stored = -1;
	slot = &u->slots[h & (u->nslots - 1)];
	e->chain = *slot;
	*slot = e;
	link_newest(u, e);
	u->n++;
	u->access->total++;
	if (u->n > ACCESS_LINES_MAX)
		access_drop_oldest(u);
	return e;
}

/* A reason that is fit to be kept; to be freed. */
static char *
copy_reason(const char *reason)
{
	size_t n = reason == NULL ? 0 : strlen(reason);

	if (n >= ACCESS_REASON_MAX) {
		n = ACCESS_REASON_MAX - 1;
		while (n > 0 && (reason[n] & 0xc0) == 0x80)
			n--;
	}
	if (n == 0 || !is_utf8(reason))
		return strdup("");
	return strndup(reason, n);
}

struct access_entry *
access_put(struct access_user *u, const struct access_question *q, int allowed,
    const char *reason, long long at)
{
	const char *t[ACCESS_TEXTS];
	struct access_entry *e;
	char *why;
	uint64_t h;

	access_question_texts(q, t);
	h = hash_texts(u->access->seed, t);
	if ((e = find(u, t, h)) != NULL && e->d.allowed && !allowed)
		e->d.allowed = 0; /* whatever comes */
	if ((why = copy_reason(reason)) == NULL)
		return NULL;
	if (e == NULL && (e = new_entry(u, t, h)) == NULL) {
		free(why);
		return NULL;
	}
	free((char *)(uintptr_t)e->d.reason);
	e->d.reason = why;
	e->d.allowed = allowed != 0;
	e->d.at = at;
	unlink_age(u, e);
	link_newest(u, e);
	return e;
}

/* 1 if that decision is on disk already, and young. */
static int
is_there(const struct access_user *u, const struct access_question *q,
    int allowed, long long now)
{
	const char *t[ACCESS_TEXTS];
	const struct access_entry *e;

	access_question_texts(q, t);
	e = find(u, t, hash_texts(u->access->seed, t));
	return e != NULL && e->stored != -1 && u->lines > 0 &&
	    e->d.allowed == (allowed != 0) && now >= e->stored &&
	    now - e->stored < YOUNG_S;
}

int
access_keep(struct access *a, struct access_user *u,
    const struct access_question *q, int allowed, const char *reason,
    long long now)
{
	struct access_entry *e;
	int there = is_there(u, q, allowed, now);

	if ((e = access_put(u, q, allowed, reason, now)) == NULL)
		return -1;
	return there || a->reads ? 0 : access_file_add(u, e);
}

/* --- users --- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The groups of u, sorted, each once; how many. */
static size_t
sort_groups(const struct user *u, const char *groups[USER_GROUPS_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < u->ngroups && i < USER_GROUPS_MAX; i++)
		groups[i] = u->groups[i];
	if (i > 1)
		qsort(groups, i, sizeof(*groups), by_text);
	for (i = 0; i < u->ngroups && i < USER_GROUPS_MAX; i++)
		if (n == 0 || strcmp(groups[n - 1], groups[i]) != 0)
			groups[n++] = groups[i];
	return n;
}

static int
same_user(const struct user *a, const struct user *b, const char *const *groups,
    size_t n)
{
	size_t i;

	if (a->ngroups != n || strcmp(a->name, b->name) != 0 ||
	    strcmp(a->uid, b->uid == NULL ? "" : b->uid) != 0)
		return 0;
	for (i = 0; i < n; i++)
		if (strcmp(a->groups[i], groups[i]) != 0)
			return 0;
	return 1;
}

static struct access_user **
bucket(struct access *a, uint64_t hash)
{
	return &a->users[(hash ^ hash >> 32) % ACCESS_BUCKETS];
}

static void
drop_user(struct access_user *u)
{
	struct access_user **p = bucket(u->access, u->hash);

	while (*p != NULL && *p != u)
		p = &(*p)->chain;
	if (*p == u) {
		*p = u->chain;
		u->access->nusers--;
	}
	while (u->n > 0)
		access_drop_oldest(u);
	user_free(&u->user);
	free(u->slots);
	free(u);
}

/* 1 if u is to go before v. */
static int
goes_before(const struct access_user *u, const struct access_user *v)
{
	if (v == NULL || u->used != v->used)
		return v == NULL || u->used < v->used;
	if (u->newest == NULL || v->newest == NULL)
		return u->newest == NULL;
	return u->newest->d.at < v->newest->d.at;
}

/* Room for one more: 0, or -1 with errno. */
static int
make_room(struct access *a)
{
	struct access_user *u, *old;
	size_t i;

	while (a->nusers >= ACCESS_USERS_MAX || a->total > ACCESS_TOTAL_MAX) {
		old = NULL;
		for (i = 0; i < ACCESS_BUCKETS; i++)
			for (u = a->users[i]; u != NULL; u = u->chain)
				if (u->holds == 0 && goes_before(u, old))
					old = u;
		if (old == NULL)
			break;
		access_file_remove(old);
		drop_user(old);
	}
	errno = ENOBUFS;
	return a->nusers >= ACCESS_USERS_MAX ? -1 : 0;
}

static int
file_is_taken(const struct access *a, const char *file)
{
	const struct access_user *u;
	size_t i;

	for (i = 0; i < ACCESS_BUCKETS; i++)
		for (u = a->users[i]; u != NULL; u = u->chain)
			if (strcmp(u->file, file) == 0)
				return 1;
	return 0;
}

/* Its hash; with a number behind it where another user has that one. */
static int
name_file(struct access_user *u)
{
	struct buf b = { 0 };
	unsigned int n;
	size_t i;

	if (buf_add(&b, u->user.name, strlen(u->user.name) + 1) == -1 ||
	    buf_add(&b, u->user.uid, strlen(u->user.uid) + 1) == -1)
		goto bad;
	for (i = 0; i < u->user.ngroups; i++)
		if (buf_add(&b, u->user.groups[i],
			strlen(u->user.groups[i]) + 1) == -1)
			goto bad;
	hash_name(b.data, b.len, u->file);
	buf_free(&b);
	for (n = 1; file_is_taken(u->access, u->file); n++)
		snprintf(u->file + HASH_LEN - 1, 8, "-%u", n % 10000);
	return 0;
bad:
	buf_free(&b);
	return -1;
}

/* u into user, without extra. 0, or -1 with errno. */
static int
copy_user(struct user *user, const struct user *u, const char *const *groups,
    size_t n)
{
	size_t i;

	errno = EILSEQ;
	if (!is_utf8(u->name) || (u->uid != NULL && !is_utf8(u->uid)))
		return -1;
	if (user_set(user, u->name, u->uid == NULL ? "" : u->uid) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		errno = EILSEQ;
		if (!is_utf8(groups[i]) ||
		    user_add_group(user, groups[i]) == -1)
			return -1;
	}
	return 0;
}

struct access_user *
access_user_of(struct access *a, const struct user *u, const char *file)
{
	const char *groups[USER_GROUPS_MAX];
	size_t i, n = sort_groups(u, groups);
	struct access_user *p, **b;
	uint64_t h;

	h = mix(mix(a->seed, u->name), u->uid == NULL ? "" : u->uid);
	for (i = 0; i < n; i++)
		h = mix(h, groups[i]);
	b = bucket(a, h);
	for (p = *b; p != NULL; p = p->chain)
		if (p->hash == h && same_user(&p->user, u, groups, n))
			break;
	if (p != NULL) {
		errno = EEXIST;
		p->used = ++a->clock;
		return file == NULL ? p : NULL;
	}
	if (make_room(a) == -1 || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->access = a;
	p->hash = h;
	if (file == NULL)
		p->used = ++a->clock;
	if (copy_user(&p->user, u, groups, n) == -1 || name_file(p) == -1) {
		drop_user(p);
		return NULL;
	}
	if (file != NULL)
		snprintf(p->file, sizeof(p->file), "%s", file);
	p->chain = *b;
	*b = p;
	a->nusers++;
	return p;
}

struct access_user *
access_user(struct access *a, const struct user *u)
{
	return access_user_of(a, u, NULL);
}

void
access_hold(struct access_user *u)
{
	u->holds++;
}

void
access_release(struct access_user *u)
{
	if (u->holds > 0)
		u->holds--;
}

/* --- all --- */

static struct access *
open_access(int datafd, int reads)
{
	struct access *a = calloc(1, sizeof(*a));
	int e;

	if (a == NULL)
		return NULL;
	a->datafd = datafd;
	a->reads = reads;
	arc4random_buf(&a->seed, sizeof(a->seed));
	if (access_files_load(a) == 0)
		return a;
	e = errno;
	access_free(a);
	errno = e;
	return NULL;
}

struct access *
access_open(int datafd)
{
	return open_access(datafd, 0);
}

struct access *
access_open_read(int datafd)
{
	return open_access(datafd, 1);
}

int
access_each(const struct access *a, access_visit *each, void *arg)
{
	const struct access_user *u;
	const struct access_entry *e;
	struct access_question q;
	size_t i;
	int rc;

	for (i = 0; i < ACCESS_BUCKETS; i++)
		for (u = a->users[i]; u != NULL; u = u->chain)
			for (e = u->oldest; e != NULL; e = e->newer) {
				access_entry_question(e, &q);
				rc = each(arg, &u->user, &q, &e->d);
				if (rc != 0)
					return rc;
			}
	return 0;
}

void
access_free(struct access *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < ACCESS_BUCKETS; i++)
		while (a->users[i] != NULL)
			drop_user(a->users[i]);
	free(a);
}
