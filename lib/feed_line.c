/*
 * Lines of a journal: a type and an object, written in one way only, so that
 * the object's bytes can be found without a parser and copied as they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"

static const char *const type_names[] = { "ADDED", "MODIFIED", "DELETED",
	"BOOKMARK", "PREVIOUS", "BASE" };

const char *
feed_type_name(enum feed_type t)
{
	return type_names[t];
}

static const char line_start[] = "{\"type\":\"";
static const char line_middle[] = "\",\"object\":";

/* Find type and object bytes in a line without its newline. */
static int
line_split(const char *p, size_t n, enum feed_type *type, const char **object,
    size_t *len)
{
	size_t i, tn, head;

	if (n < sizeof(line_start) || p[n - 1] != '}' ||
	    memcmp(p, line_start, sizeof(line_start) - 1) != 0)
		goto bad;
	for (i = 0; i < sizeof(type_names) / sizeof(*type_names); i++) {
		tn = strlen(type_names[i]);
		head = sizeof(line_start) - 1 + tn + sizeof(line_middle) - 1;
		if (n <= head + 1 ||
		    memcmp(p + sizeof(line_start) - 1, type_names[i], tn) !=
			0 ||
		    memcmp(p + sizeof(line_start) - 1 + tn, line_middle,
			sizeof(line_middle) - 1) != 0)
			continue;
		*type = (enum feed_type)i;
		*object = p + head;
		*len = n - head - 1;
		return 0;
	}
bad:
	errno = EBADMSG;
	return -1;
}

static int
bookmark_rv(const json_t *object, uint64_t *rv)
{
	const char *text;

	text = json_string_value(
	    json_object_get(json_object_get(object, "metadata"),
		"resourceVersion"));
	if (text == NULL || meta_parse_rv(text, rv) == -1) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

int
feed_line_parse(struct feed_line *l, const struct resource *r)
{
	json_t *object;
	int rc = 0;

	meta_free(&l->meta);
	if (line_split(l->text.data, l->text.len - 1, &l->type, &l->object,
		&l->object_len) == -1)
		return -1;
	if ((object = json_loadb(l->object, l->object_len, 0, NULL)) == NULL ||
	    !json_is_object(object)) {
		json_decref(object);
		errno = EBADMSG;
		return -1;
	}
	if (l->type == FEED_BOOKMARK)
		rc = bookmark_rv(object, &l->rv);
	else if (l->type == FEED_BASE)
		l->rv = 0;
	else if ((rc = meta_load(&l->meta, object, r)) == 0)
		l->rv = l->meta.rv;
	json_decref(object);
	return rc;
}

int
feed_line_read(struct feed_line *l, const struct feed_file *file, off_t off,
    off_t end, const struct resource *r)
{
	size_t have = 0, want;
	ssize_t n;
	char *nl;

	l->text.len = 0;
	for (;;) {
		want = have < 4096 ? 4096 : have;
		if ((off_t)want > end - off - (off_t)have)
			want = (size_t)(end - off - (off_t)have);
		if (want == 0 || have > FEED_LINE_MAX) {
			errno = EBADMSG;
			return -1;
		}
		if (buf_reserve(&l->text, want) == -1)
			return -1;
		n = pread(file->fd, l->text.data + have, want,
		    off + (off_t)have);
		if (n <= 0) {
			errno = n == 0 ? EBADMSG : errno;
			return -1;
		}
		nl = memchr(l->text.data + have, '\n', (size_t)n);
		have += (size_t)n;
		if (nl != NULL)
			break;
		l->text.len = have;
	}
	l->text.len = (size_t)(nl + 1 - l->text.data);
	l->off = off;
	l->next = off + (off_t)l->text.len;
	return feed_line_parse(l, r);
}

void
feed_line_free(struct feed_line *l)
{
	buf_free(&l->text);
	meta_free(&l->meta);
}
