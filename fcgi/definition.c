#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "definition.h"
#include "resource.h"

const struct feed_object *
definition_find(struct edge *e, const struct apipath *p,
    struct feed_handle **of)
{
	static const char base[] =
	    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/";
	const struct feed_object *o = NULL;
	struct apipath d;
	char path[APIPATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s.%s", base, p->resource,
		p->group) >= (int)sizeof(path) ||
	    apipath_parse(&d, path) == -1)
		return NULL;
	if ((*of = feeds_find_object(e, &d, &o)) == NULL) {
		feeds_open(e, &d);
		*of = feeds_find_object(e, &d, &o);
	}
	return *of == NULL ? NULL : o;
}

json_t *
definition_load(const struct feed_handle *of, const struct feed_object *o)
{
	struct buf b = { 0 };
	json_t *json = NULL;

	if (feed_read(&of->feed, o, &b) == 0)
		json = json_loadb(b.data, b.len, 0, NULL);
	buf_free(&b);
	return json;
}

/* The version's entry in spec.versions, or NULL. */
static const json_t *
find_version(const json_t *crd, const char *version)
{
	const json_t *all, *v;
	const char *name;
	size_t i;

	all = json_object_get(json_object_get(crd, "spec"), "versions");
	json_array_foreach(all, i, v) {
		name = json_string_value(json_object_get(v, "name"));
		if (name != NULL && strcmp(name, version) == 0)
			return v;
	}
	return NULL;
}

int
definition_selects(struct edge *e, const struct apipath *p, const char *label)
{
	const json_t *all, *field;
	const struct feed_object *o;
	struct feed_handle *of;
	const char *path;
	json_t *crd;
	size_t i;
	int yes = 0;

	if (resource_field_known(NULL, label))
		return 1;
	if ((o = definition_find(e, p, &of)) == NULL ||
	    (crd = definition_load(of, o)) == NULL)
		return -1;
	all =
	    json_object_get(find_version(crd, p->version), "selectableFields");
	/* a jsonPath is the label with a dot before it */
	json_array_foreach(all, i, field) {
		path = json_string_value(json_object_get(field, "jsonPath"));
		yes |= path != NULL && *path == '.' &&
		    strcmp(path + 1, label) == 0;
	}
	json_decref(crd);
	return yes;
}
