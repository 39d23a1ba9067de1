/*
 * Adding one write: its entry, its place, and the room for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apipath.h"
#include "clock.h"
#include "outbox_parts.h"

static void
remove_held(struct outbox *o, struct outbox_plan *p, size_t index)
{
	size_t i;

	for (i = 0; i < p->nheld; i++)
		if (p->held[i].index == index) {
			outbox_remove_slot(o, index, &p->held[i].fd);
			return;
		}
}

/* The oldest events that nobody is sending make room. */
static int
drop_events(struct outbox *o, size_t more)
{
	char why[128];
	json_t *entry;
	size_t i;
	int fd;

	for (i = 0; i < o->list.n &&
	     (o->count[1] >= o->limits.events ||
		 o->bytes[1] + more > o->limits.event_bytes);
	     i++) {
		if (o->list.slots[i].kind != OUTBOX_EVENT ||
		    o->list.slots[i].mark != 0)
			continue;
		if (outbox_reserve_removals(o, 1) == -1)
			return -1;
		if (outbox_claim(&o->d, &o->list.slots[i], &fd, &entry, why,
			sizeof(why)) == 0) {
			json_decref(entry);
			outbox_remove_slot(o, i, &fd);
			o->dropped++;
		} else if (fd != -1)
			close(fd);
	}
	if (o->bytes[1] + more <= o->limits.event_bytes)
		return 0;
	errno = o->npend > 0 ? EAGAIN : ENOSPC;
	return -1;
}

static int
put(json_t *o, const char *member, const char *text)
{
	return json_object_set_new(o, member, json_string(text));
}

static int
put_path(json_t *o, const char *path, const char *subresource)
{
	char version[APIPATH_MAX];
	struct apipath p;

	if (apipath_parse(&p, path) == -1)
		return -1;
	snprintf(version, sizeof(version), "%s%s%s", p.group,
	    p.group[0] != '\0' ? "/" : "", p.version);
	return put(o, "path", path) | put(o, "subresource", subresource) |
	    put(o, "apiVersion", version) | put(o, "resource", p.resource) |
	    put(o, "namespace", p.ns) | put(o, "name", p.name);
}

static int
put_value(json_t *o, const char *member, const json_t *v)
{
	return v == NULL ? 0
			 : json_object_set(o, member, (json_t *)(uintptr_t)v);
}

/* Without what a write to the status cannot have changed. */
static int
put_status(json_t *o, const char *member, const json_t *v)
{
	json_t *bare = json_copy((json_t *)(uintptr_t)v);
	json_t *m = json_copy(json_object_get(v, "metadata"));

	if (!json_is_object(v) || bare == NULL || m == NULL) {
		json_decref(bare);
		json_decref(m);
		return put_value(o, member, v);
	}
	(void)json_object_del(bare, "spec");
	(void)json_object_del(m, "managedFields");
	return json_object_set_new(bare, "metadata", m) |
	    json_object_set_new(o, member, bare);
}

/* The states before and behind the write. */
static int
put_states(json_t *e, const struct outbox_write *w, const struct outbox_plan *p)
{
	if (w->subresource == NULL || strcmp(w->subresource, "status") != 0)
		return put_value(e, "body", p->body) |
		    put_value(e, "before", p->before);
	return put_status(e, "body", p->body) |
	    put_status(e, "before", p->before);
}

/* NULL with errno. */
static json_t *
make_entry(const struct outbox_write *w, const struct outbox_plan *p)
{
	json_t *e = json_object();
	char time[CLOCK_TEXT_LEN];
	int bad;

	bad = json_object_set_new(e, "version", json_integer(1));
	bad |= put(e, "time", clock_text(wall_s(), time));
	bad |= put(e, "kind", outbox_kind_name(w->kind));
	bad |= put(e, "verb", p->verb);
	bad |= put_path(e, w->path, w->subresource ? w->subresource : "");
	bad |= put(e, "uid", p->uid);
	bad |= put(e, "contentType", w->content_type ? w->content_type : "");
	bad |= w->caller != NULL ? put_value(e, "user", w->caller)
				 : put(e, "user", w->user ? w->user : "");
	if (p->apart)
		bad |= json_object_set_new(e, "apart", json_true());
	bad |= json_object_set_new(e, "created", json_boolean(p->created));
	bad |= json_object_set_new(e, "maybeDone", json_boolean(w->maybe_done));
	bad |= json_object_set_new(e, "attempts", json_integer(0));
	bad |= put_value(e, "options", w->options);
	bad |= put_states(e, w, p);
	if (bad == 0)
		return e;
	json_decref(e);
	errno = ENOMEM;
	return NULL;
}

static void
new_place(struct outbox *o, struct outbox_slot *s)
{
	s->time = (uint64_t)wall_us();
	s->seq = 0;
	if (s->time <= o->last_time) {
		s->time = o->last_time;
		s->seq = o->last_seq + 1;
		if (s->seq > 999999) {
			s->time++;
			s->seq = 0;
		}
	}
	s->gen = 1;
}

static int
has_room(struct outbox *o, const struct outbox_plan *p, size_t size)
{
	size_t n = o->count[0] + 1, bytes = o->bytes[0] + size, i;

	for (i = 0; i < p->ndrop; i++)
		if (o->list.slots[p->drop[i]].kind != OUTBOX_EVENT) {
			n--;
			bytes -= o->list.slots[p->drop[i]].size;
		}
	if (p->place != -1) {
		n--;
		bytes -= o->list.slots[p->place].size;
	}
	return (p->place != -1 || n <= o->limits.entries) &&
	    bytes <= o->limits.bytes;
}

static int
make_room(struct outbox *o, const struct outbox_write *w,
    const struct outbox_plan *p, size_t size)
{
	if (w->kind == OUTBOX_EVENT && p->place != -1)
		return 0;
	if (w->kind == OUTBOX_EVENT) {
		if (o->count[1] >= o->limits.events ||
		    o->bytes[1] + size > o->limits.event_bytes)
			outbox_refresh(o);
		return drop_events(o, size);
	}
	if (!has_room(o, p, size))
		outbox_refresh(o);
	if (has_room(o, p, size))
		return outbox_share(o, w, p, size);
	errno = ENOSPC;
	return -1;
}

/* Put entry into its place; all that it replaces goes. */
static int
place(struct outbox *o, const struct outbox_write *w, struct outbox_plan *p,
    json_t *entry)
{
	char name[OUTBOX_NAME_LEN], temp[OUTBOX_NAME_LEN + 16];
	struct outbox_slot s = { 0 };
	struct outbox_pend pend;
	int e;

	if (p->place != -1) {
		s = o->list.slots[p->place];
		s.gen++;
	} else
		new_place(o, &s);
	s.kind = (unsigned char)w->kind;
	s.object = outbox_object(w->path);
	s.caller = outbox_caller(w->user);
	s.mark = OUTBOX_MARK_PENDING;
	outbox_name(&s, name);
	pend.fd = outbox_temp(&o->d, OUTBOX_TEMP, name, entry, 0, &s.size);
	if (pend.fd == -1)
		return -1;
	if (make_room(o, w, p, s.size) == -1 ||
	    (p->place == -1 && outbox_list_add(&o->list, &s) == -1)) {
		e = errno;
		snprintf(temp, sizeof(temp), OUTBOX_TEMP "%s", name);
		(void)unlinkat(o->d.tmpfd, temp, 0);
		close(pend.fd);
		errno = e;
		return -1;
	}
	if (p->place != -1) {
		remove_held(o, p, (size_t)p->place);
		o->list.slots[p->place] = s;
	} else
		outbox_note_time(o, &s);
	outbox_count(o, &s, 1);
	pend.slot = s;
	pend.entry = json_incref(entry);
	o->pend[o->npend++] = pend;
	return 0;
}

int
outbox_add(struct outbox *o, const struct outbox_write *w)
{
	struct outbox_plan p;
	json_t *entry = NULL;
	int rc = -1;
	size_t i;

	if (o->npend == OUTBOX_PENDING_MAX) {
		errno = EAGAIN;
		return -1;
	}
	if (outbox_merge(o, w, &p) == -1 ||
	    outbox_reserve_removals(o, p.ndrop + 2) == -1)
		goto out;
	if (p.place != -1 && o->list.slots[p.place].gen >= OUTBOX_GEN_MAX)
		p.place = -1;
	errno = EINVAL;
	if (w->kind == OUTBOX_DELETE && p.uid[0] == '\0' && !p.created)
		goto out;
	if ((entry = make_entry(w, &p)) == NULL)
		goto out;
	errno = EINVAL;
	if (outbox_check(entry) != NULL)
		goto out;
	if (!p.nothing && place(o, w, &p, entry) == -1)
		goto out;
	for (i = 0; i < p.ndrop; i++)
		remove_held(o, &p, p.drop[i]);
	rc = 0;
out:
	outbox_plan_free(&p);
	i = (size_t)errno;
	json_decref(entry);
	errno = (int)i;
	return rc;
}
