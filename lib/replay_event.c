/*
 * Events: what is to be changed of one, and that which tells what became of an
 * entry that failed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "difference.h"
#include "replay.h"

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text != NULL ? text : "";
}

long long
replay_event_count(const json_t *event)
{
	const json_t *n = json_object_get(event, "count");

	if (n == NULL)
		n = json_object_get(event, "deprecatedCount");
	return json_integer_value(n) +
	    json_integer_value(
		json_object_get(json_object_get(event, "series"), "count"));
}

/* Of an event that another one made here: what this user did to it alone. */
static json_t *
target_of(const json_t *entry, const json_t *master)
{
	json_t *ours = difference_bare(json_object_get(entry, "body"));
	json_t *before, *target;

	if (!json_is_true(json_object_get(entry, "apart")) || ours == NULL)
		return ours;
	before = difference_bare(json_object_get(entry, "before"));
	target = difference_target(before, ours, master, 0);
	json_decref(before);
	json_decref(ours);
	return target;
}

int
replay_event_patch(const json_t *entry, const json_t *master, json_t **patch)
{
	const json_t *before = json_object_get(entry, "before");
	json_t *from, *to;
	int rc;

	*patch = NULL;
	from = master != NULL ? difference_bare(master)
	    : before != NULL  ? difference_bare(before)
			      : json_object();
	to = master != NULL ? target_of(entry, from)
			    : difference_bare(json_object_get(entry, "body"));
	rc =
	    from == NULL || to == NULL ? -1 : difference_patch(from, to, patch);
	json_decref(from);
	json_decref(to);
	return rc;
}

json_t *
replay_event(const json_t *entry, const char *id, const char *reason,
    const char *why, char **path)
{
	const char *name = text_of(entry, "name"), *kind, *ns;
	const json_t *object = json_object_get(entry, "body");
	char event[256], stamp[CLOCK_TEXT_LEN];
	json_t *e;

	if (*text_of(object, "kind") == '\0')
		object = json_object_get(entry, "before");
	kind = text_of(object, "kind");
	ns = text_of(entry, "namespace");
	snprintf(event, sizeof(event), "%.200s.%.40s", name, id);
	clock_text(wall_s(), stamp);
	*path = NULL;
	e = json_pack("{s:s s:s s:{s:s s:s} s:{s:s s:s s:s s:s s:s} s:s s:s"
		      " s:s s:s s:s s:i s:{s:s}}",
	    "kind", "Event", "apiVersion", "v1", "metadata", "name", event,
	    "namespace", *ns != '\0' ? ns : "default", "involvedObject", "kind",
	    kind, "apiVersion", text_of(entry, "apiVersion"), "namespace", ns,
	    "name", name, "uid", text_of(entry, "uid"), "type", "Warning",
	    "reason", reason, "message", why, "firstTimestamp", stamp,
	    "lastTimestamp", stamp, "count", 1, "source", "component",
	    "ote-outbox");
	if (e == NULL ||
	    asprintf(path, "/api/v1/namespaces/%s/events/%s",
		*ns != '\0' ? ns : "default", event) == -1) {
		json_decref(e);
		*path = NULL;
		errno = ENOMEM;
		return NULL;
	}
	return e;
}
