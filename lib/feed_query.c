/*
 * What a feed is a feed of: path and selectors, from the file `feed`, from
 * feeds.conf or from a wish.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"

#define QUERY_MAX_BYTES (64 * 1024)

static int
query_text(const json_t *root, const char *name, char **out)
{
	const char *s;

	s = json_string_value(json_object_get(root, name));
	*out = strdup(s == NULL ? "" : s);
	return *out == NULL ? -1 : 0;
}

/* 0, or -1 with errno: EINVAL where it is no list of fields. */
static int
query_keep(const json_t *root, struct project *keep)
{
	const char *s = json_string_value(json_object_get(root, "fields"));

	return project_parse(keep, s == NULL ? "" : s);
}

static int
query_load(struct feed_query *q, const json_t *root)
{
	const char *path, *error, *warning;
	char why[128];

	path = json_string_value(json_object_get(root, "path"));
	error = json_string_value(json_object_get(root, "error"));
	warning = json_string_value(json_object_get(root, "warning"));
	if (path == NULL || apipath_parse(&q->p, path) == -1 ||
	    *q->p.resource == '\0')
		goto bad;
	if (query_text(root, "labelSelector", &q->labels) == -1 ||
	    query_text(root, "fieldSelector", &q->fields) == -1 ||
	    query_keep(root, &q->keep) == -1)
		return -1;
	if (selector_parse_labels(&q->label_sel, q->labels, why, sizeof(why)) ==
		-1 ||
	    selector_parse_fields(&q->field_sel, q->fields, why, sizeof(why)) ==
		-1)
		goto bad;
	snprintf(q->path, sizeof(q->path), "%s", path);
	snprintf(q->error, sizeof(q->error), "%s", error == NULL ? "" : error);
	snprintf(q->warning, sizeof(q->warning), "%s",
	    warning == NULL ? "" : warning);
	q->code = (int)json_integer_value(json_object_get(root, "code"));
	return 0;
bad:
	errno = EBADMSG;
	return -1;
}

int
feed_read_query(struct feed_query *q, int dirfd)
{
	struct buf b = { 0 };
	json_t *root = NULL;
	int rc = -1, saved;

	memset(q, 0, sizeof(*q));
	if (buf_read_file(&b, dirfd, "feed", QUERY_MAX_BYTES) == -1)
		goto out;
	errno = EBADMSG;
	if (b.len > 0)
		root = json_loadb(b.data, b.len, 0, NULL);
	if (root != NULL && (rc = query_load(q, root)) == -1 && errno == EINVAL)
		errno = EBADMSG;
out:
	saved = errno;
	json_decref(root);
	buf_free(&b);
	if (rc == -1)
		feed_query_free(q);
	errno = saved;
	return rc;
}

void
feed_query_free(struct feed_query *q)
{
	free(q->labels);
	free(q->fields);
	selector_free(&q->label_sel);
	selector_free(&q->field_sel);
	project_free(&q->keep);
	memset(q, 0, sizeof(*q));
}

int
feed_refresh(struct feed *f)
{
	struct feed_query q;

	if (feed_read_query(&q, f->dirfd) == -1)
		return -1;
	memcpy(f->q.error, q.error, sizeof(q.error));
	memcpy(f->q.warning, q.warning, sizeof(q.warning));
	f->q.code = q.code;
	feed_query_free(&q);
	return 0;
}

int
feed_query_make(struct feed_query *q, const char *path, const char *labels,
    const char *fields)
{
	char why[128];

	memset(q, 0, sizeof(*q));
	if (snprintf(q->path, sizeof(q->path), "%s", path) >=
		(int)sizeof(q->path) ||
	    apipath_parse(&q->p, path) == -1 || *q->p.resource == '\0' ||
	    *q->p.name != '\0' ||
	    selector_parse_labels(&q->label_sel, labels, why, sizeof(why)) ==
		-1 ||
	    selector_parse_fields(&q->field_sel, fields, why, sizeof(why)) ==
		-1) {
		errno = EINVAL;
		return -1;
	}
	q->labels = selector_string_labels(&q->label_sel);
	q->fields = selector_string_fields(&q->field_sel);
	return q->labels == NULL || q->fields == NULL ? -1 : 0;
}

int
feed_query_line(struct feed_query *q, char *line)
{
	const char *labels = "", *fields = "", *keep = "";
	char *path, *word, *save;

	memset(q, 0, sizeof(*q));
	line[strcspn(line, "#\n")] = '\0';
	if ((path = strtok_r(line, " \t", &save)) == NULL)
		return 0;
	while ((word = strtok_r(NULL, " \t", &save)) != NULL) {
		if (strncmp(word, "labelSelector=", 14) == 0)
			labels = word + 14;
		else if (strncmp(word, "fieldSelector=", 14) == 0)
			fields = word + 14;
		else if (strncmp(word, "fields=", 7) == 0 && word[7] != '\0')
			keep = word + 7;
		else {
			errno = EINVAL;
			return -1;
		}
	}
	if (feed_query_make(q, path, labels, fields) == -1)
		return -1;
	return project_parse(&q->keep, keep) == -1 ? -1 : 1;
}

int
feed_query_wish(struct feed_query *q, const char *text, size_t len)
{
	const char *path, *labels, *fields;
	json_t *o;
	int rc = -1;

	memset(q, 0, sizeof(*q));
	o = json_loadb(text == NULL ? "" : text, len, 0, NULL);
	path = json_string_value(json_object_get(o, "path"));
	labels = json_string_value(json_object_get(o, "labelSelector"));
	fields = json_string_value(json_object_get(o, "fieldSelector"));
	errno = EINVAL;
	if (path != NULL)
		rc = feed_query_make(q, path, labels == NULL ? "" : labels,
		    fields == NULL ? "" : fields);
	if (rc == 0)
		rc = query_keep(o, &q->keep);
	json_decref(o);
	return rc;
}

int
feed_touch(const struct feed *f)
{
	int fd, rc;

	fd = openat(f->dirfd, "used", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	rc = futimens(fd, NULL);
	close(fd);
	return rc;
}
