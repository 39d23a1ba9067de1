/*
 * RFC 7396 as kube-apiserver applies it: nulls are taken out of what is
 * added, also below lists, where the RFC leaves them.
 */
#include "patch_parts.h"

static void
prune(json_t *v)
{
	const char *key;
	json_t *sub;
	size_t i;
	void *next;

	json_array_foreach(v, i, sub)
		prune(sub);
	json_object_foreach_safe(v, next, key, sub)
	{
		if (json_is_null(sub))
			json_object_del(v, key);
		else
			prune(sub);
	}
}

static int
merge(json_t *to, json_t *patch)
{
	const char *key;
	json_t *v, *was;

	json_object_foreach(patch, key, v) {
		was = json_object_get(to, key);
		if (json_is_null(v)) {
			json_object_del(to, key);
			continue;
		}
		if (json_is_object(was) && json_is_object(v)) {
			if (merge(was, v) == -1)
				return -1;
			continue;
		}
		if (!json_is_object(was))
			prune(v);
		if (json_object_set(to, key, v) == -1)
			return -1;
	}
	return 0;
}

int
patch_merge(json_t **o, json_t *patch, struct patch_error *e)
{
	if (json_is_null(patch))
		return patch_fail(e, 400, NULL, "Invalid JSON Patch");
	if (!json_is_object(patch))
		return patch_fail(e, 400, NULL,
		    "error decoding patch: json: cannot unmarshal %s into Go "
		    "value of type map[string]interface {}",
		    patch_go_word(patch));
	return merge(*o, patch) == -1 ? patch_no_memory(e) : 0;
}
