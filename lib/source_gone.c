/*
 * Whether a resource that was not found is gone for good: a 404 may come from
 * whatever stands in front of a master, the lists of /apis only from itself.
 */
#include <string.h>

#include "source_take.h"

int
source_ask(const struct source *s, struct buf *b)
{
	const struct apipath *p = &s->j.feed.q.p;

	if (!s->group)
		return buf_puts(b, "/apis");
	return buf_printf(b, "/apis/%s/%s", p->group, p->version);
}

/* The object of the array that has value under name, or NULL. */
static const json_t *
find(const json_t *array, const char *name, const char *value)
{
	const char *text;
	const json_t *o;
	size_t i;

	json_array_foreach(array, i, o) {
		text = json_string_value(json_object_get(o, name));
		if (text != NULL && strcmp(text, value) == 0)
			return o;
	}
	return NULL;
}

int
source_is_known(const struct source *s)
{
	const struct apipath *p = &s->j.feed.q.p;
	const json_t *o, *all;
	const char *kind;
	json_t *root;
	int rc = -1;

	if (s->line.len == 0 ||
	    (root = json_loadb(s->line.data, s->line.len, 0, NULL)) == NULL)
		return -1;
	kind = json_string_value(json_object_get(root, "kind"));
	all = json_object_get(root, s->group ? "resources" : "groups");
	if (kind == NULL || !json_is_array(all) ||
	    strcmp(kind, s->group ? "APIResourceList" : "APIGroupList") != 0)
		rc = -1;
	else if (s->group)
		rc = find(all, "name", p->resource) != NULL;
	else {
		o = find(all, "name", p->group);
		rc = find(json_object_get(o, "versions"), "version",
			 p->version) != NULL;
	}
	json_decref(root);
	return rc;
}
