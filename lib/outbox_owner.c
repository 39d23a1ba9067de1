/*
 * Objects that were created here, and what was accepted for them. The master
 * gives them other uids; it removes as garbage what names an owner that it
 * does not have. So an object is sent after those that own it, and names them
 * as the master does.
 */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "outbox_job.h"

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text != NULL ? text : "";
}

static const json_t *
metadata(const json_t *entry)
{
	return json_object_get(json_object_get(entry, "body"), "metadata");
}

static int
is_known(const struct outbox_uids *u, const char *uid)
{
	return outbox_uids_find(u, uid) != NULL;
}

/* The uid of what the entry at s creates is one of those that wait. */
static int
note(struct outbox_pass *t, const struct outbox_slot *s)
{
	char name[OUTBOX_NAME_LEN];
	struct buf b = { 0 };
	json_t *entry = NULL;
	int rc = 0;

	outbox_name(s, name);
	if (buf_read_file(&b, t->dirs->newfd, name, OUTBOX_TEXT_MAX) == 0)
		entry = json_loadb(b.data, b.len, 0, NULL);
	if (entry != NULL && strcmp(text_of(entry, "verb"), "create") == 0)
		rc = outbox_uids_put(&t->made, text_of(metadata(entry), "uid"),
		    "-");
	json_decref(entry);
	buf_free(&b);
	return rc;
}

/* All of those, once a pass, and only if it matters. 0, or -1 with errno. */
static int
note_all(struct outbox_pass *t)
{
	struct outbox_list l;
	size_t i;
	int rc = 0;

	if (t->made_known)
		return 0;
	if (outbox_list(&l, t->dirs->newfd, NULL, NULL) == -1)
		return -1;
	for (i = 0; rc == 0 && i < l.n; i++)
		if (l.slots[i].kind == OUTBOX_OBJECT)
			rc = note(t, &l.slots[i]);
	outbox_list_free(&l);
	t->made_known = rc == 0;
	return rc;
}

int
outbox_owner_check(struct outbox_pass *t, json_t *entry,
    enum outbox_owner *state)
{
	json_t *owners = json_object_get(metadata(entry), "ownerReferences");
	const char *uid, *theirs;
	const json_t *o;
	size_t i;

	*state = OWNER_READY;
	if (outbox_uids_read(&t->uids, t->dirs->fd) == -1)
		return -1;
	json_array_foreach(owners, i, o) {
		uid = text_of(o, "uid");
		theirs = outbox_uids_find(&t->uids, uid);
		if (theirs != NULL && strcmp(theirs, "-") == 0)
			*state = OWNER_FAILED;
		if (theirs != NULL)
			continue;
		if (note_all(t) == -1)
			return -1;
		if (is_known(&t->made, uid) && *state == OWNER_READY)
			*state = OWNER_WAITS;
	}
	if (outbox_uids_map_json(&t->uids, entry) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

int
outbox_owner_made(struct outbox_pass *t, const json_t *entry, const char *uid)
{
	size_t i;

	if (outbox_uids_add(&t->uids, t->dirs->fd,
		text_of(metadata(entry), "uid"), uid) == -1)
		return -1;
	for (i = 0; i < t->list.n; i++)
		if (t->list.slots[i].mark == OUTBOX_HELD)
			t->list.slots[i].mark = OUTBOX_WAITS;
	return 0;
}

void
outbox_owner_forget(struct outbox_pass *t)
{
	outbox_uids_free(&t->made);
	t->made_known = 0;
}
