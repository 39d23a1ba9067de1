/*
 * What the master sends for a feed: items of a list, lines of a watch, and
 * the Status of a refusal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source_take.h"

int
source_fail(struct source *s)
{
	s->verdict = errno;
	return -1;
}

void
source_kind(struct source *s, const json_t *o, int list)
{
	const char *kind, *api_version;
	int n;

	kind = json_string_value(json_object_get(o, "kind"));
	api_version = json_string_value(json_object_get(o, "apiVersion"));
	if (kind == NULL || api_version == NULL)
		return;
	n = (int)strlen(kind);
	if (list && n > 4 && strcmp(kind + n - 4, "List") == 0)
		n -= 4;
	snprintf(s->kind, sizeof(s->kind), "%.*s", n, kind);
	snprintf(s->api_version, sizeof(s->api_version), "%s", api_version);
}

int
source_item(void *arg, const char *p, size_t n)
{
	struct source *s = arg;
	struct buf head = { 0 };
	json_t *o;

	if (s->kind[0] == '\0') {
		/* a built-in list says its kind before its items */
		if (buf_add(&head, s->split.rest.data, s->split.rest.len) ==
			-1 ||
		    buf_puts(&head, "]}") == -1) {
			buf_free(&head);
			return -1;
		}
		if ((o = json_loadb(head.data, head.len, 0, NULL)) != NULL)
			source_kind(s, o, 1);
		json_decref(o);
		buf_free(&head);
	}
	return journal_list_item(&s->j, p, n,
	    s->kind[0] == '\0' ? NULL : s->kind, s->api_version);
}

uint64_t
source_rv(const json_t *o)
{
	const char *text;
	uint64_t rv;

	text = json_string_value(
	    json_object_get(json_object_get(o, "metadata"), "resourceVersion"));
	if (text == NULL || meta_parse_rv(text, &rv) == -1)
		return 0;
	return rv;
}

int
source_commit(struct source *s, uint64_t rv)
{
	if (source_behind(s, rv)) {
		errno = EPROTO;
		return source_fail(s);
	}
	if (journal_list_commit(&s->j, rv, s->kind, s->api_version, s->reset) ==
	    -1)
		return source_fail(s);
	s->relist = s->reset = 0;
	s->behind = 0;
	s->held_since = 0;
	s->backoff_ms = 0;
	journal_refuse(&s->j, 0, "");
	s->changed(s);
	return 0;
}

/* The Status of an ERROR event or of a refused request. */
int
source_status(struct source *s, const json_t *status)
{
	const json_t *causes;
	const char *reason, *cause;
	long code;

	code = (long)json_integer_value(json_object_get(status, "code"));
	reason = json_string_value(json_object_get(status, "reason"));
	causes = json_object_get(json_object_get(status, "details"), "causes");
	cause = json_string_value(
	    json_object_get(json_array_get(causes, 0), "reason"));
	if (code == 410 ||
	    (reason != NULL &&
		(strcmp(reason, "Expired") == 0 ||
		    strcmp(reason, "Gone") == 0)))
		s->relist = 1;
	else if (cause != NULL &&
	    strcmp(cause, "ResourceVersionTooLarge") == 0 && s->j.synced) {
		/* told twice: the master was set back to an older state */
		s->reset = s->relist;
		s->relist = 1;
	}
	errno = EPROTO;
	return source_fail(s);
}

static int
take_bookmark(struct source *s, const json_t *o, const char *p, size_t n)
{
	const char *end;

	end = json_string_value(
	    json_object_get(json_object_get(json_object_get(o, "metadata"),
				"annotations"),
		"k8s.io/initial-events-end"));
	if (s->state == SOURCE_STREAMING) {
		if (end == NULL || strcmp(end, "true") != 0)
			return 0;
		source_kind(s, o, 0);
		if (source_commit(s, source_rv(o)) == -1)
			return -1;
		s->state = SOURCE_WATCHING;
		return 0;
	}
	return journal_event(&s->j, FEED_BOOKMARK, p, n) == -1 ? source_fail(s)
							       : 0;
}

static int
take_object(struct source *s, enum feed_type t, const char *p, size_t n)
{
	int rc;

	if (s->state != SOURCE_STREAMING)
		rc = journal_event(&s->j, t, p, n);
	else if (t == FEED_ADDED)
		rc = journal_list_item(&s->j, p, n, NULL, NULL);
	else {
		errno = EBADMSG;
		rc = -1;
	}
	return rc == -1 ? source_fail(s) : 0;
}

static int
take_event(struct source *s, const char *type, const json_t *o, const char *p,
    size_t n)
{
	enum feed_type t;

	if (strcmp(type, "ERROR") == 0)
		return source_status(s, o);
	if (strcmp(type, "BOOKMARK") == 0)
		return take_bookmark(s, o, p, n);
	if (strcmp(type, "ADDED") == 0)
		t = FEED_ADDED;
	else if (strcmp(type, "MODIFIED") == 0)
		t = FEED_MODIFIED;
	else if (strcmp(type, "DELETED") == 0)
		t = FEED_DELETED;
	else {
		errno = EBADMSG;
		return source_fail(s);
	}
	return take_object(s, t, p, n);
}

/* The object's bytes in a watch line, where it is written as usual; else "". */
static void
object_bytes(const char *line, size_t n, const char *type, const char **p,
    size_t *len)
{
	char head[64];
	int h;

	h = snprintf(head, sizeof(head), "{\"type\":\"%s\",\"object\":", type);
	*p = NULL;
	*len = 0;
	if (h < (int)sizeof(head) && n > (size_t)h + 1 &&
	    memcmp(line, head, (size_t)h) == 0 && line[n - 1] == '}') {
		*p = line + h;
		*len = n - (size_t)h - 1;
	}
}

/*
 * The line of an object that is kept in part, written as usual: what is left
 * out is not parsed. 1 if it is one, 0 if not, -1.
 */
static int
take_part(struct source *s, const char *line, size_t n)
{
	static const enum feed_type types[] = { FEED_ADDED, FEED_MODIFIED,
		FEED_DELETED };
	const char *p;
	size_t i, len;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		object_bytes(line, n, feed_type_name(types[i]), &p, &len);
		if (p == NULL)
			continue;
		s->events++;
		return take_object(s, types[i], p, len) == -1 ? -1 : 1;
	}
	return 0;
}

static int
take_line(struct source *s, const char *line, size_t n)
{
	json_t *root, *o;
	const char *type, *p;
	char *text = NULL;
	size_t len;
	int rc = -1, part;

	if (n == 0)
		return 0;
	if (s->j.feed.q.keep.n > 0 && (part = take_part(s, line, n)) != 0)
		return part == -1 ? -1 : 0;
	root = json_loadb(line, n, 0, NULL);
	type = json_string_value(json_object_get(root, "type"));
	o = json_object_get(root, "object");
	errno = EBADMSG;
	if (type == NULL || !json_is_object(o)) {
		source_fail(s);
		goto out;
	}
	object_bytes(line, n, type, &p, &len);
	if (p == NULL) {
		if ((text = json_dumps(o, JSON_COMPACT)) == NULL) {
			errno = ENOMEM;
			source_fail(s);
			goto out;
		}
		p = text;
		len = strlen(text);
	}
	s->events++;
	rc = take_event(s, type, o, p, len);
out:
	free(text);
	json_decref(root);
	return rc;
}

int
source_lines(struct source *s, const char *p, size_t n)
{
	const char *nl;
	size_t part;
	int rc;

	while (n > 0 && (nl = memchr(p, '\n', n)) != NULL) {
		part = (size_t)(nl - p);
		if (s->line.len > 0) {
			if (buf_add(&s->line, p, part) == -1)
				return source_fail(s);
			rc = take_line(s, s->line.data, s->line.len);
			s->line.len = 0;
		} else
			rc = take_line(s, p, part);
		if (rc == -1)
			return -1;
		p += part + 1;
		n -= part + 1;
	}
	if (s->line.len + n > SOURCE_LINE_MAX) {
		errno = EMSGSIZE;
		return source_fail(s);
	}
	if (s->line.cap > 64 * 1024 && s->line.len == 0 && n == 0)
		buf_free(&s->line);
	return buf_add(&s->line, p, n) == -1 ? source_fail(s) : 0;
}
