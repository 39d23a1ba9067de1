/*
 * Whatever a client asks for, the feed's directory has four components, none
 * of which leaves the tree, and the collection parses to the same one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apipath.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_dir(const char *dir)
{
	const char *p = dir;
	size_t n;
	int parts = 0;

	for (;;) {
		n = strcspn(p, "/");
		if (n == 0 || n > 255 || p[0] == '.')
			abort();
		parts++;
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	if (parts != 4)
		abort();
}

static void
check(const char *path, const char *labels, const char *fields)
{
	char out[APIPATH_MAX], a[2048], b[2048];
	struct apipath p, q;

	if (apipath_parse(&p, path) == -1)
		return;
	if (p.resource[0] == '\0') {
		if (apipath_feed_dir(&p, "", "", a, sizeof(a)) != -1)
			abort();
		return;
	}
	if (apipath_collection(&p, out, sizeof(out)) == -1)
		return;
	if (apipath_parse(&q, out) == -1 || strcmp(q.resource, p.resource) != 0)
		abort();
	if (apipath_feed_dir(&p, labels, fields, a, sizeof(a)) == -1)
		return;
	check_dir(a);
	if (apipath_feed_dir(&q, labels, fields, b, sizeof(b)) == -1 ||
	    strcmp(a, b) != 0)
		abort();
}

/* path, then perhaps a line of labels and one of fields */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n), *path, *labels, *fields;

	if (text == NULL)
		return 0;
	fields = text;
	path = strsep(&fields, "\n");
	labels = fields != NULL ? strsep(&fields, "\n") : NULL;
	if (apipath_decode(path, 0) == 0)
		check(path, labels != NULL ? labels : "",
		    fields != NULL ? fields : "");
	free(text);
	return 0;
}
