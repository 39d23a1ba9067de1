/*
 * What a write makes of those that wait for the same object.
 *
 * A waiting entry may be replaced only if it is locked here, so that nobody
 * is sending it, and one whose effect on the master matters only if it was
 * never sent. Where that is in doubt the write stands behind it.
 *
 * Each entry is of one user: it holds what that user changed, and nothing of
 * what others did. So another one's write stands behind it in any case.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "difference.h"
#include "outbox_parts.h"

#define CHAIN_MAX 1024

static const char *
text_of(const json_t *entry, const char *member)
{
	const char *text = json_string_value(json_object_get(entry, member));

	return text != NULL ? text : "";
}

static int
is_create(const struct outbox_held *h)
{
	return h != NULL && strcmp(text_of(h->entry, "verb"), "create") == 0;
}

/* Whether the master may have it already. */
static int
was_sent(const struct outbox_held *h)
{
	return !h->locked || (h->fd != -1 && outbox_was_sent(h->fd)) ||
	    json_is_true(json_object_get(h->entry, "maybeDone"));
}

static int
is_patch(const json_t *entry)
{
	return strstr(text_of(entry, "contentType"), "patch") != NULL;
}

/* Read what another has locked: it is not going to be changed here. */
static json_t *
peek(const struct outbox *o, const struct outbox_slot *s)
{
	char name[OUTBOX_NAME_LEN];
	struct buf b = { 0 };
	json_t *entry = NULL;

	outbox_name(s, name);
	if (buf_read_file(&b, o->d.newfd, name, OUTBOX_TEXT_MAX) == 0)
		entry = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	return entry;
}

static json_t *
pending(const struct outbox *o, const struct outbox_slot *s)
{
	size_t i;

	for (i = 0; i < o->npend; i++)
		if (o->pend[i].slot.time == s->time &&
		    o->pend[i].slot.seq == s->seq)
			return o->pend[i].entry;
	return NULL;
}

/* Look at slot i, and lock it if that can be. NULL if it is no more. */
static struct outbox_held *
hold(struct outbox *o, struct outbox_plan *p, size_t i)
{
	struct outbox_slot *s = &o->list.slots[i];
	struct outbox_held *h = &p->held[p->nheld];
	char why[128];
	int rc;

	memset(h, 0, sizeof(*h));
	h->index = i;
	h->fd = -1;
	if (s->mark & OUTBOX_MARK_PENDING) {
		h->entry = json_incref(pending(o, s));
		h->locked = 1;
	} else {
		rc =
		    outbox_claim(&o->d, s, &h->fd, &h->entry, why, sizeof(why));
		if (rc == 0)
			h->locked = 1;
		else if (rc == 1)
			h->entry = peek(o, s);
	}
	if (h->entry != NULL) {
		p->nheld++;
		return h;
	}
	if (h->fd != -1)
		close(h->fd);
	return NULL;
}

/* All that waits for the object, in order. */
static int
hold_chain(struct outbox *o, struct outbox_plan *p, const char *path)
{
	uint64_t object = outbox_object(path);
	struct outbox_held *h;
	size_t i, n = 0;

	for (i = 0; i < o->list.n; i++)
		n += o->list.slots[i].object == object &&
		    !(o->list.slots[i].mark & OUTBOX_MARK_GONE);
	if (n > CHAIN_MAX) {
		errno = ENOSPC;
		return -1;
	}
	p->held = calloc(n + 1, sizeof(*p->held));
	p->drop = calloc(n + 1, sizeof(*p->drop));
	if (p->held == NULL || p->drop == NULL)
		return -1;
	if (n == 0)
		return 0;
	for (i = 0; i < o->list.n; i++) {
		if (o->list.slots[i].object != object ||
		    (o->list.slots[i].mark & OUTBOX_MARK_GONE))
			continue;
		h = hold(o, p, i);
		if (h == NULL || strcmp(text_of(h->entry, "path"), path) == 0)
			continue;
		/* another object with the same hash */
		json_decref(h->entry);
		if (h->fd != -1)
			close(h->fd);
		p->nheld--;
	}
	return 0;
}

static enum outbox_kind
kind_of(const struct outbox *o, const struct outbox_held *h)
{
	return (enum outbox_kind)o->list.slots[h->index].kind;
}

/* The last of this kind behind the last deletion; NULL if there is none. */
static struct outbox_held *
last(const struct outbox *o, const struct outbox_plan *p, enum outbox_kind kind)
{
	size_t i;

	for (i = p->nheld; i > 0; i--) {
		if (kind_of(o, &p->held[i - 1]) == kind)
			return &p->held[i - 1];
		if (kind_of(o, &p->held[i - 1]) == OUTBOX_DELETE)
			return NULL;
	}
	return NULL;
}

/* The creation that what is to come is about, NULL if the master has it. */
static struct outbox_held *
creation(const struct outbox *o, const struct outbox_plan *p)
{
	size_t i;

	for (i = p->nheld; i > 0; i--) {
		if (kind_of(o, &p->held[i - 1]) == OUTBOX_DELETE)
			return NULL;
		if (kind_of(o, &p->held[i - 1]) == OUTBOX_OBJECT &&
		    is_create(&p->held[i - 1]))
			return &p->held[i - 1];
	}
	return NULL;
}

static int
is_same(const struct outbox_plan *p, const struct outbox_held *h,
    const char *subresource)
{
	const char *sub = subresource != NULL ? subresource : "";

	return strcmp(text_of(h->entry, "uid"), p->uid) == 0 &&
	    strcmp(text_of(h->entry, "subresource"), sub) == 0;
}

/* All that is the hub's own is of one user, whatever name was noted. */
static int
is_of(const struct outbox_held *h, const struct outbox_write *w)
{
	const json_t *user = json_object_get(h->entry, "user");

	if (!json_is_object(user) || w->caller == NULL)
		return !json_is_object(user) && w->caller == NULL;
	return json_equal(user, w->caller);
}

/*
 * The last status of this user, NULL if there is none. Whether others wrote
 * the status too, and whether they wrote anything behind that one.
 */
static struct outbox_held *
own_status(const struct outbox *o, const struct outbox_write *w,
    const struct outbox_plan *p, int *apart, int *behind)
{
	struct outbox_held *h, *own = NULL;
	size_t i;

	*apart = *behind = 0;
	for (i = p->nheld; i > 0; i--) {
		h = &p->held[i - 1];
		if (kind_of(o, h) == OUTBOX_DELETE)
			break;
		if (!is_of(h, w)) {
			*apart |= kind_of(o, h) == OUTBOX_STATUS;
			*behind |= own == NULL;
		} else if (own == NULL && kind_of(o, h) == OUTBOX_STATUS)
			own = h;
	}
	return own;
}

/*
 * Others have written behind the last status of this user. It goes, and the
 * new one stands last: as if made of what the old one was made of, and what
 * those others did to it. So there is one of each user at most.
 */
static void
merge_apart(const struct outbox_write *w, struct outbox_plan *p,
    const struct outbox_held *own)
{
	const json_t *before = json_object_get(own->entry, "before");

	if (before == NULL || w->before == NULL)
		return;
	p->made = difference_target(json_object_get(own->entry, "body"),
	    w->before, before, 0);
	if (p->made == NULL)
		return;
	p->before = p->made;
	p->drop[p->ndrop++] = own->index;
}

static void
merge_status(const struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p)
{
	struct outbox_held *own;
	const json_t *before;
	int behind;

	own = own_status(o, w, p, &p->apart, &behind);
	if (own == NULL || !own->locked || !is_same(p, own, w->subresource))
		return;
	p->apart |= json_is_true(json_object_get(own->entry, "apart"));
	if (behind) {
		merge_apart(w, p, own);
		return;
	}
	p->place = (long)own->index;
	if ((before = json_object_get(own->entry, "before")) != NULL)
		p->before = before;
}

static void
merge_object(const struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p)
{
	struct outbox_held *h = last(o, p, OUTBOX_OBJECT);

	if (h == NULL || is_patch(h->entry))
		return;
	/* the last local state is what the master has by then */
	p->before = json_object_get(h->entry, "body");
	/* one that was queued and not applied: its writer was told to try again */
	if (strcmp(w->verb, "create") == 0) {
		if (is_create(h) && !was_sent(h) && is_of(h, w)) {
			p->place = (long)h->index;
			p->before = json_object_get(h->entry, "before");
		}
		return;
	}
	if (was_sent(h) || !is_of(h, w) ||
	    (w->content_type != NULL && strstr(w->content_type, "patch")) ||
	    (!is_create(h) && !is_same(p, h, w->subresource)) ||
	    (is_create(h) && w->subresource != NULL && *w->subresource != '\0'))
		return;
	p->place = (long)h->index;
	if (is_create(h)) {
		p->verb = "create";
		p->created = 0;
	} else
		p->before = json_object_get(h->entry, "before");
}

/* Repeats of an event that waits are one with it. */
static void
merge_event(const struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p)
{
	struct outbox_held *h = last(o, p, OUTBOX_EVENT);

	p->created = 0;
	if (h == NULL || strcmp(w->verb, "create") == 0)
		return;
	p->apart =
	    !is_of(h, w) || json_is_true(json_object_get(h->entry, "apart"));
	if (!h->locked || !is_of(h, w) ||
	    (w->content_type != NULL && strstr(w->content_type, "patch")))
		return;
	p->place = (long)h->index;
	if (p->apart)
		p->before = json_object_get(h->entry, "before");
	if (is_create(h)) {
		p->verb = "create";
		p->uid = "";
	}
}

/*
 * All of this user that was never sent goes; nothing is left where the master
 * has nothing.
 */
static void
merge_delete(const struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p)
{
	struct outbox_held *h;
	int made = 0;
	size_t i;

	for (i = p->nheld; i > 0; i--) {
		h = &p->held[i - 1];
		if (made && kind_of(o, h) == OUTBOX_DELETE)
			break;
		if (!is_of(h, w))
			return;
		if (is_create(h)) {
			p->before = json_object_get(h->entry, "body");
			if (kind_of(o, h) != OUTBOX_EVENT && was_sent(h))
				return;
			if (!h->locked)
				return;
			made = 1;
		} else if (strcmp(text_of(h->entry, "uid"), p->uid) != 0)
			return;
		if (h->locked)
			p->drop[p->ndrop++] = h->index;
	}
	p->nothing = made;
}

/* The object's uid, as the write tells it. */
static const char *
uid_of(const struct outbox_write *w)
{
	const json_t *o[2] = { w->before, w->body };
	const char *uid = w->uid;
	int i;

	for (i = 0; i < 2 && uid == NULL; i++)
		uid = json_string_value(
		    json_object_get(json_object_get(o[i], "metadata"), "uid"));
	return uid != NULL ? uid : "";
}

int
outbox_merge(struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p)
{
	memset(p, 0, sizeof(*p));
	p->place = -1;
	p->verb = w->verb;
	p->body = w->body;
	p->before = w->before;
	p->uid = uid_of(w);
	if (hold_chain(o, p, w->path) == -1)
		return -1;
	if (strcmp(w->verb, "create") == 0)
		p->uid = "";
	else if (creation(o, p) != NULL) {
		p->created = 1;
		p->uid = "";
	}
	switch (w->kind) {
	case OUTBOX_STATUS:
		merge_status(o, w, p);
		break;
	case OUTBOX_EVENT:
		merge_event(o, w, p);
		break;
	case OUTBOX_DELETE:
		merge_delete(o, w, p);
		break;
	default:
		merge_object(o, w, p);
	}
	return 0;
}

void
outbox_plan_free(struct outbox_plan *p)
{
	size_t i;
	int e = errno;

	for (i = 0; i < p->nheld; i++) {
		json_decref(p->held[i].entry);
		if (p->held[i].fd != -1)
			close(p->held[i].fd);
	}
	json_decref(p->made);
	free(p->held);
	free(p->drop);
	memset(p, 0, sizeof(*p));
	errno = e;
}
