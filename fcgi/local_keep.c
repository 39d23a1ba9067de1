/*
 * How writes are kept while the master is away: many at a time.
 *
 * The order is what keeps the promise of a 2xx: the entry of the outbox is on
 * disk first, then ote-watch-sync has the event on disk, and then the client
 * is told. Who is told nothing may write again, which does no harm.
 *
 * What comes in one turn of the loop, or while the disk is busy, is a batch and
 * shares its syncs, here and there. Of one object there is one write on its
 * way: the next one waits, as it is to see what the first one made.
 */
#include <sys/statvfs.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_link.h"
#include "clock.h"
#include "local.h"
#include "recent.h"
#include "who.h"
#include "worker.h"

#define TREE_MS 5000 /* for ote-watch-sync, which may be starting again */
#define RETRY_MS 50
#define OPEN_AGAIN_MS 1000
#define SYNCS_MAX 8
#define KEPT_MAX 256
#define BATCH_MAX 128
#define BATCH_BYTES (4 * 1024 * 1024)
#define WAITING_MAX 1024
#define WAITING_BYTES (64 * 1024 * 1024)
#define DISK_SPARE (256 * 1024)
#define DISK_EACH (16 * 1024)
#define DISK_TIMES 6 /* an entry with before and body, and two journals */

TAILQ_HEAD(locals, local);

struct keeper {
	struct edge *edge;
	struct apply_link *link;
	struct event *turn;    /* begins a batch */
	struct worker *worker; /* syncs the outbox */
	int syncing;
	struct outbox outbox;
	int has_outbox;
	long long next_open;   /* ms, monotonic: not before */
	struct locals waiting; /* for their turn */
	size_t nwaiting, waiting_bytes;
	struct locals kept; /* on their way to the disk */
	size_t nkept;
	/* of a batch */
	size_t batch, batch_bytes, queued;
	unsigned long long room; /* bytes that the disk has */
	int full;		 /* it takes no more */
};

void
local_free(struct local *l)
{
	buf_free(&l->body);
	free(l->path);
	free(l->text);
	json_decref(l->now);
	json_decref(l->answer);
	free(l);
}

/* --- the outbox --- */

struct outbox *
local_outbox(struct edge *e)
{
	struct keeper *k = e->keeper;

	if (k->has_outbox)
		return &k->outbox;
	if (monotonic_ms() < k->next_open)
		return NULL;
	k->next_open = monotonic_ms() + OPEN_AGAIN_MS;
	if (outbox_open(&k->outbox, e->datafd, &e->outbox_limits) == -1) {
		warn("%s/outbox", e->data);
		return NULL;
	}
	k->has_outbox = 1;
	return &k->outbox;
}

static enum outbox_kind
kind_of(const struct local *l)
{
	if (l->verb == POLICY_DELETE)
		return OUTBOX_DELETE;
	if (*l->r->p.subresource != '\0')
		return OUTBOX_STATUS;
	return local_is_event(&l->r->p) ? OUTBOX_EVENT : OUTBOX_OBJECT;
}

static void
refuse(struct local *l, int error)
{
	if (error == ENOSPC)
		answer_cut_off(l->r,
		    "no more writes can wait for it: the outbox or the disk is "
		    "full");
	else if (error == EDQUOT)
		answer_cut_off(l->r,
		    "no more writes of yours can wait for it: you have half of "
		    "the outbox, or all that the disk lets the hub have");
	else if (error == EFBIG)
		answer_error(l->r, 413, "the object is too large to be kept");
	else
		answer_cut_off(l->r, "the write could not be kept");
}

static int
add_some(const struct local *l, struct outbox *o, const struct outbox_write *w)
{
	int tries;

	for (tries = 0; tries < SYNCS_MAX; tries++) {
		if (outbox_add(o, w) == 0)
			return 0;
		/* too many events go at once; others may be in the batch */
		if (errno != EAGAIN || l->keeper->batch > 0)
			return -1;
		if (outbox_sync(o) == -1)
			return -1;
	}
	return -1;
}

/* Into the outbox, to be synced. 0, or -1 with errno. */
static int
add(struct local *l, const struct local_change *c)
{
	struct outbox *o = local_outbox(l->r->edge);
	const struct user *u = who_user(l->r);
	struct outbox_write w = { .kind = kind_of(l),
		.verb = policy_verb_name(l->verb),
		.path = c->path,
		.subresource = l->r->p.subresource,
		.content_type = c->content_type,
		.user = u == NULL ? NULL : u->name,
		.body = l->verb == POLICY_DELETE ? NULL : c->now,
		.before = c->was,
		.options = c->options,
		.maybe_done = l->late,
		.all = limit_is_first(l->r) };
	json_t *caller = NULL;
	int rc, error;

	if (o == NULL) {
		errno = EIO;
		return -1;
	}
	if (u != NULL && (caller = user_json(u)) == NULL)
		return -1;
	w.caller = caller;
	rc = add_some(l, o, &w);
	error = errno;
	json_decref(caller);
	errno = error;
	return rc;
}

/* --- a batch --- */

static int
is_in(const struct keeper *k, uint64_t object)
{
	const struct local *l;

	TAILQ_FOREACH(l, &k->kept, next)
	if (l->object == object)
		return 1;
	return 0;
}

/* What can be written without filling the disk halfway. */
static unsigned long long
room(const struct edge *e)
{
	unsigned long long bytes;
	struct statvfs s;

	if (fstatvfs(e->datafd, &s) == -1)
		return 0;
	if (s.f_files != 0 && s.f_favail < BATCH_MAX)
		return 0;
	bytes = (unsigned long long)s.f_bavail * s.f_frsize;
	return bytes > DISK_SPARE ? bytes - DISK_SPARE : 0;
}

/* 0, or -1 with errno. */
static int
take(struct keeper *k, struct local *l, const struct local_change *c)
{
	size_t len = strlen(l->text);

	if (len * DISK_TIMES + DISK_EACH > k->room) {
		errno = ENOSPC;
		return -1;
	}
	if (l->policy == POLICY_QUEUE && add(l, c) == -1)
		return -1;
	k->queued += l->policy == POLICY_QUEUE;
	k->room -= len * DISK_TIMES + DISK_EACH;
	k->batch_bytes += len;
	return 0;
}

void
local_keep(struct local *l, const struct local_change *c)
{
	struct keeper *k = l->r->edge->keeper;

	l->object = outbox_object(c->path);
	if (is_in(k, l->object)) {
		l->fate = LOCAL_AGAIN;
		return;
	}
	if (l->dry) {
		local_answer(l, c->code,
		    c->answer != NULL ? c->answer : c->now);
		return;
	}
	l->type = c->type;
	l->code = c->code;
	l->queued = l->policy == POLICY_QUEUE;
	l->path = strdup(c->path);
	l->text = json_dumps(c->now, JSON_COMPACT);
	if (l->path == NULL || l->text == NULL)
		answer_error(l->r, 500, "no memory for an object");
	else if (take(k, l, c) == 0) {
		l->now = json_incref(c->now);
		l->answer = json_incref(c->answer);
		l->fate = LOCAL_KEPT;
	} else if (errno == EAGAIN && k->batch > 0) {
		k->full = 1;
		l->fate = LOCAL_AGAIN;
	} else
		refuse(l, errno);
	if (c->treeless || l->fate != LOCAL_KEPT) {
		free(l->text);
		l->text = NULL;
	}
	if (l->fate == LOCAL_AGAIN) {
		free(l->path);
		l->path = NULL;
	}
}

static void
remove_waiting(struct keeper *k, struct local *l)
{
	TAILQ_REMOVE(&k->waiting, l, next);
	k->nwaiting--;
	k->waiting_bytes -= l->body.len;
}

static void
arm(struct keeper *k, long ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(k->turn, &tv);
}

/* Who waits may have waited for it. */
static void
leave(struct keeper *k, struct local *l)
{
	TAILQ_REMOVE(&k->kept, l, next);
	k->nkept--;
	local_free(l);
	if (k->nwaiting > 0)
		arm(k, 0);
}

static void
refuse_kept(struct keeper *k, struct local *l, int error)
{
	struct request *r = l->r;

	if (r != NULL) {
		r->own = NULL;
		r->owner = OWNER_NONE;
		refuse(l, error);
	}
	leave(k, l);
}

/* Answer now, at its resourceVersion. */
static void
answer_now(struct local *l, uint64_t rv)
{
	char *text;

	if ((text = meta_renumber(l->text, strlen(l->text), rv)) == NULL)
		answer_error(l->r, 500, "no memory for an object");
	else
		answer_object(l->r, l->code, text);
	free(text);
}

/* rv: 0 if it has none. */
static void
answer_kept(struct keeper *k, struct local *l, uint64_t rv)
{
	struct request *r = l->r;

	if (r != NULL) {
		r->own = NULL;
		r->owner = OWNER_NONE;
		if (rv > 0)
			feeds_follow_open(r->edge, &r->p);
		if (rv > 0 && l->answer == NULL)
			answer_now(l, rv);
		else
			local_answer(l, l->code,
			    l->answer != NULL ? l->answer : l->now);
	}
	leave(k, l);
}

/* ote-watch-sync has it. */
static void
on_applied(void *arg, int rc, uint64_t rv, int feeds)
{
	struct local *l = arg;
	struct keeper *k = l->keeper;
	int error = errno;

	if (rc == 0) {
		recent_forget(k->edge, l->path);
		answer_kept(k, l, feeds > 0 ? rv : 0);
	} else {
		errno = error;
		warn("%s: not applied", l->path);
		refuse_kept(k, l, error);
	}
}

/* One that waits: 1 if it does so no more. */
static int
begin(struct keeper *k, struct local *l)
{
	struct request *r = l->r;
	char path[APIPATH_MAX];

	if (*r->p.name != '\0' &&
	    local_path(&r->p, r->p.name, path, sizeof(path)) == 0 &&
	    is_in(k, outbox_object(path)))
		return 0;
	r->own = NULL;
	r->owner = OWNER_NONE;
	local_act(l);
	if (l->fate != LOCAL_ANSWERED) {
		r->own = l;
		r->owner = OWNER_LOCAL;
	}
	if (l->fate == LOCAL_AGAIN)
		return 0;
	remove_waiting(k, l);
	if (l->fate == LOCAL_ANSWERED)
		local_free(l);
	else {
		l->state = LOCAL_KEEPING;
		TAILQ_INSERT_TAIL(&k->kept, l, next);
		k->nkept++;
		k->batch++;
	}
	return 1;
}

static void
gather(struct keeper *k)
{
	struct local *l, *next;

	k->room = room(k->edge);
	k->batch = k->batch_bytes = k->queued = 0;
	k->full = k->nkept >= KEPT_MAX;
	for (l = TAILQ_FIRST(&k->waiting); l != NULL && !k->full; l = next) {
		next = TAILQ_NEXT(l, next);
		(void)begin(k, l);
		k->full |= k->batch == BATCH_MAX || k->nkept == KEPT_MAX ||
		    k->batch_bytes >= BATCH_BYTES;
	}
}

/* The outbox is synced, or not (error). */
static void
apply(struct keeper *k, int error)
{
	struct local *l, *next;

	for (l = TAILQ_FIRST(&k->kept); l != NULL; l = next) {
		next = TAILQ_NEXT(l, next);
		if (l->state == LOCAL_SENT)
			continue;
		l->state = LOCAL_SENT;
		if (l->queued && error != 0)
			refuse_kept(k, l, error);
		else if (l->text == NULL)
			answer_kept(k, l, 0);
		else if (apply_link_send(k->link, l->type, l->path, l->text,
			     strlen(l->text), l) == -1)
			refuse_kept(k, l, errno);
	}
}

static void
refuse_late(struct keeper *k)
{
	long long now = monotonic_ms();
	struct local *l;

	while ((l = TAILQ_FIRST(&k->waiting)) != NULL && l->deadline <= now) {
		remove_waiting(k, l);
		l->r->own = NULL;
		l->r->owner = OWNER_NONE;
		answer_cut_off(l->r, "the cache cannot be written");
		local_free(l);
	}
}

/* In a thread of its own, while the loop serves others. */
static int
sync_outbox(void *arg)
{
	const struct keeper *k = arg;

	return outbox_flush(&k->outbox) == 0 ? 0 : errno;
}

static void
on_synced(void *arg, int error)
{
	struct keeper *k = arg;

	outbox_settle(&k->outbox, error == 0);
	k->syncing = 0;
	apply(k, error);
	if (k->nwaiting > 0)
		arm(k, 0);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = arg;

	(void)fd;
	(void)what;
	if (k->nwaiting == 0 || k->syncing)
		return;
	if (apply_link_ready(k->link) == -1) {
		/* nothing is begun that cannot be ended */
		refuse_late(k);
		if (k->nwaiting > 0)
			arm(k, RETRY_MS);
		return;
	}
	gather(k);
	if (k->queued > 0) {
		k->syncing = 1;
		worker_start(k->worker);
		return;
	}
	apply(k, 0);
	if (k->full && k->nkept < KEPT_MAX)
		arm(k, 0);
}

/* --- coming and going --- */

void
local_wait(struct local *l)
{
	struct keeper *k = l->r->edge->keeper;
	struct request *r = l->r;

	if (limit_write(r) == -1) {
		r->own = NULL;
		r->owner = OWNER_NONE;
		local_free(l);
		limit_refuse(r);
		return;
	}
	if (k->nwaiting == WAITING_MAX ||
	    k->waiting_bytes + l->body.len > WAITING_BYTES) {
		l->r->own = NULL;
		l->r->owner = OWNER_NONE;
		answer_cut_off(l->r, "too many writes come at once");
		local_free(l);
		return;
	}
	l->keeper = k;
	l->state = LOCAL_WAITING;
	l->deadline = monotonic_ms() + TREE_MS;
	TAILQ_INSERT_TAIL(&k->waiting, l, next);
	k->nwaiting++;
	k->waiting_bytes += l->body.len;
	/* at the end of this turn of the loop, with all that come in it */
	event_active(k->turn, 0, 0);
}

void
local_leave(struct local *l)
{
	l->r = NULL;
	if (l->state == LOCAL_KEEPING || l->state == LOCAL_SENT)
		return;
	if (l->state == LOCAL_WAITING)
		remove_waiting(l->keeper, l);
	local_free(l);
}

int
local_init(struct edge *e)
{
	struct keeper *k = calloc(1, sizeof(*k));
	char path[512];

	if (k == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/run/sync.sock", e->data);
	k->edge = e;
	TAILQ_INIT(&k->waiting);
	TAILQ_INIT(&k->kept);
	k->turn = evtimer_new(e->base, on_turn, k);
	k->link = apply_link_new(e->base, path, TREE_MS, on_applied);
	k->worker = worker_new(e->base, sync_outbox, on_synced, k);
	if (k->turn != NULL && k->link != NULL && k->worker != NULL) {
		e->keeper = k;
		return 0;
	}
	worker_free(k->worker);
	apply_link_free(k->link);
	if (k->turn != NULL)
		event_free(k->turn);
	free(k);
	errno = ENOMEM;
	return -1;
}
