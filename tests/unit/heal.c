/*
 * heal.jsonl has a pod, an object and what it should be a line; without a
 * want there is nothing to do. The controllers themselves are asked in
 * tests/cluster/18-heal.t.
 */
#include <errno.h>
#include <stdlib.h>

#include "heal.h"
#include "tap.h"

#define ROWS "tests/unit/heal.jsonl"

/* What is given stays as it is. */
static void
row(const json_t *r)
{
	const char *name = json_string_value(json_object_get(r, "name"));
	const json_t *object = json_object_get(r, "object");
	json_t *want = json_object_get(r, "want"), *got = NULL;
	json_t *before = json_deep_copy(r);
	struct heal h = { json_object_get(r, "pod"),
		json_object_get(r, "service"), "edge-1", 0 };
	int rc = heal_object(&h, object, &got);
	char *s;

	if (!ok(rc == (want != NULL) && (want == NULL || json_equal(got, want)),
		"%s", name)) {
		s = json_dumps(got, JSON_COMPACT);
		printf("# %d %s\n", rc, s != NULL ? s : "");
		free(s);
	}
	ok(json_equal(json_object_get(before, "object"), object),
	    "%s: what was given is as it was", name);
	json_decref(got);
	got = NULL;
	if (want != NULL)
		is_int(heal_object(&h, want, &got), 0, "and once is enough");
	json_decref(got);
	json_decref(before);
}

static void
rows(void)
{
	char line[4096];
	FILE *f = fopen(ROWS, "r");
	json_t *r;

	if (!ok(f != NULL, "%s", ROWS))
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		r = json_loads(line, 0, NULL);
		if (ok(r != NULL, "a row"))
			row(r);
		json_decref(r);
	}
	fclose(f);
}

static void
test_whose(void)
{
	json_t *pod = json_loads("{\"metadata\":{\"name\":\"p\",\"namespace\":"
				 "\"a\"},\"spec\":{\"nodeName\":\"edge-1\"}}",
	    0, NULL);
	json_t *slice = json_loads("{\"addressType\":\"IPv4\",\"metadata\":"
				   "{\"namespace\":\"a\"},\"endpoints\":[{"
				   "\"addresses\":[\"10.0.0.1\"],"
				   "\"targetRef\":{\"kind\":\"Pod\",\"name\":"
				   "\"p\"}}]}",
	    0, NULL);
	json_t *none = json_object(), *got = NULL;
	struct heal h = { pod, NULL, "edge-2", 1 };

	is_int(heal_object(&h, slice, &got), 0, "not a pod of this node");
	h.node = NULL;
	is_int(heal_object(&h, slice, &got), 1, "it is gone");
	is_int(json_array_size(json_object_get(got, "endpoints")), 0,
	    "so is its endpoint");
	json_decref(got);
	is_int(heal_object(&h, none, &got), -1, "neither kind");
	is_int(errno, EINVAL, "is EINVAL");
	h.pod = none;
	is_int(heal_object(&h, slice, &got), -1, "no pod");
	is_int(errno, EINVAL, "is EINVAL");
	json_object_set_new(slice, "kind", json_string("Endpoints"));
	h.pod = pod;
	is_int(heal_object(&h, slice, &got), -1, "a kind that it is not");
	json_decref(none);
	json_decref(slice);
	json_decref(pod);
}

int
main(void)
{
	rows();
	test_whose();
	return done_testing();
}
