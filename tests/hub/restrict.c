/*
 * restrict: writes of kubelets, a JSON line each, and what NodeRestriction
 * says: {"code":0|403|404,"message":...}
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "node_restriction.h"

static const char *
text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static int
judge(const json_t *o, struct buf *why)
{
	struct node_write w = { .node = text(o, "node"),
		.node_uid = text(o, "node_uid"),
		.verb = text(o, "verb"),
		.group = text(o, "group"),
		.resource = text(o, "resource"),
		.subresource = text(o, "subresource"),
		.ns = text(o, "namespace"),
		.name = text(o, "name"),
		.old = json_object_get(o, "old"),
		.new = json_object_get(o, "new") };

	if (json_is_null(w.old))
		w.old = NULL;
	if (node_restriction(&w, why) == 0)
		return 0;
	return errno == EPERM ? 403 : errno == ENOENT ? 404 : 500;
}

int
main(void)
{
	struct buf why = { 0 };
	char *line = NULL;
	size_t len = 0;
	json_t *o, *said;
	int code;

	while (getline(&line, &len, stdin) != -1) {
		if ((o = json_loads(line, 0, NULL)) == NULL)
			errx(100, "not JSON");
		code = judge(o, &why);
		said = json_pack("{s:i,s:s}", "code", code, "message",
		    why.len == 0 ? "" : why.data);
		if (json_dumpf(said, stdout, JSON_COMPACT) == -1 ||
		    putchar('\n') == EOF)
			err(111, "write");
		json_decref(said);
		json_decref(o);
		buf_free(&why);
	}
	free(line);
	return 0;
}
