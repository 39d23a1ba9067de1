/*
 * queue: writes into an outbox, as a server would that is cut off.
 *
 * queue DATA [BATCH] reads JSON lines of kind, verb, path, subresource, uid,
 * contentType, user, body, before, options, maybeDone; makes them durable
 * BATCH (1) at a time, and prints the number of the last line accepted.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "outbox.h"

static const struct outbox_limits limits = { 20000, 1 << 28, 20000, 1 << 28 };
static struct outbox box;

static const char *
text(const json_t *line, const char *member)
{
	return json_string_value(json_object_get(line, member));
}

static int
add(const json_t *line)
{
	struct outbox_write w = { .kind = OUTBOX_KINDS,
		.verb = text(line, "verb"),
		.path = text(line, "path"),
		.subresource = text(line, "subresource"),
		.uid = text(line, "uid"),
		.content_type = text(line, "contentType"),
		.user = text(line, "user"),
		.caller = json_is_object(json_object_get(line, "user"))
		    ? json_object_get(line, "user")
		    : NULL,
		.body = json_object_get(line, "body"),
		.before = json_object_get(line, "before"),
		.options = json_object_get(line, "options") };
	const char *kind = text(line, "kind");
	unsigned i;

	w.maybe_done = json_is_true(json_object_get(line, "maybeDone"));
	for (i = 0; i < OUTBOX_KINDS; i++)
		if (kind != NULL &&
		    strcmp(kind, outbox_kind_name((enum outbox_kind)i)) == 0)
			w.kind = (enum outbox_kind)i;
	if (w.kind == OUTBOX_KINDS || w.verb == NULL || w.path == NULL)
		errx(1, "no kind, verb or path");
	return outbox_add(&box, &w);
}

int
main(int argc, char **argv)
{
	long batch = argc > 2 ? atol(argv[2]) : 1, n = 0;
	char *line = NULL;
	size_t cap = 0;
	json_t *v;
	int fd;

	umask(077);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || outbox_open(&box, fd, &limits) == -1)
		err(1, "%s", argv[1]);
	while (getline(&line, &cap, stdin) != -1) {
		if ((v = json_loads(line, 0, NULL)) == NULL)
			errx(1, "no JSON: %s", line);
		if (add(v) == -1)
			err(2, "line %ld", n + 1);
		json_decref(v);
		if (++n % batch == 0) {
			if (outbox_sync(&box) == -1)
				err(1, "sync");
			printf("%ld\n", n);
			fflush(stdout);
		}
	}
	if (outbox_sync(&box) == -1)
		err(1, "sync");
	printf("%ld\n", n);
	free(line);
	outbox_close(&box);
	return 0;
}
