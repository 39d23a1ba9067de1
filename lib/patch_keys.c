/*
 * How the built-in types merge. The table is made of the patchStrategy and
 * patchMergeKey tags of k8s.io/api: fields that are not in it are replaced if
 * they are lists, and merged by key if they are objects.
 */
#include <string.h>

#include "patch_parts.h"
#include "patch_table.h"
#include "resource.h"

const struct patch_field *
patch_field(const struct patch_field *fields, const char *name)
{
	static const struct patch_field none = { "", "", PATCH_PLAIN, NULL };

	for (; fields != NULL && fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return &none;
}

const struct patch_schema *
patch_schema_find(const char *group, const char *version, const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
		if (strcmp(schemas[i].group, group) == 0 &&
		    strcmp(schemas[i].version, version) == 0 &&
		    strcmp(schemas[i].kind, kind) == 0)
			return &schemas[i];
	return resource_group_known(group) ? &plain : NULL;
}

const struct patch_schema *
patch_schema_path(const struct apipath *p)
{
	const struct resource *r = resource_find(p->group, p->resource);

	if (r == NULL || strcmp(p->subresource, "scale") == 0)
		return resource_group_known(p->group) ? &plain : NULL;
	return patch_schema_find(p->group, p->version, r->kind);
}

const struct patch_schema *
patch_schema_object(const json_t *object)
{
	const char *version, *kind, *slash;
	char group[256] = "";

	version = json_string_value(json_object_get(object, "apiVersion"));
	kind = json_string_value(json_object_get(object, "kind"));
	if (version == NULL || kind == NULL)
		return NULL;
	if ((slash = strchr(version, '/')) != NULL) {
		if ((size_t)(slash - version) >= sizeof(group))
			return NULL;
		memcpy(group, version, slash - version);
		version = slash + 1;
	}
	return patch_schema_find(group, version, kind);
}
