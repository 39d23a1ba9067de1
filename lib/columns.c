/*
 * Columns of Tables: asked for with the feed's own query, which is allowed,
 * and a limit of one row.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "atomic.h"
#include "columns.h"
#include "feed.h"
#include "resource.h"
#include "walk.h"

#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io"
#define BODY_MAX (4 * 1024 * 1024)
#define VERSION_FILE "replies/version/application,json"

static int
on_body(void *arg, const char *p, size_t n)
{
	struct buf *b = arg;

	if (b->len + n > BODY_MAX) {
		errno = EFBIG;
		return -1;
	}
	return buf_add(b, p, n);
}

static int
add_param(struct buf *b, const char *name, const char *value)
{
	char *text;
	int rc;

	if (*value == '\0')
		return 0;
	if ((text = curl_easy_escape(NULL, value, 0)) == NULL)
		return -1;
	rc = buf_printf(b, "&%s=%s", name, text);
	curl_free(text);
	return rc;
}

/* 1 if the file has to be made anew. */
static int
is_due(const struct columns *c, const struct feed_query *q, const char *name)
{
	struct stat st, version;

	if (fstatat(c->datafd, name, &st, 0) == -1)
		return 1;
	if (fstatat(c->datafd, VERSION_FILE, &version, 0) == 0 &&
	    (version.st_mtim.tv_sec > st.st_mtim.tv_sec ||
		(version.st_mtim.tv_sec == st.st_mtim.tv_sec &&
		    version.st_mtim.tv_nsec > st.st_mtim.tv_nsec)))
		return 1;
	return c->custom_again &&
	    resource_find(q->p.group, q->p.resource) == NULL;
}

/* Keep the columns of the Table in b. */
static int
keep(const struct columns *c, const struct buf *b, char *name)
{
	json_t *o, *columns;
	struct buf text = { 0 };
	char *line = NULL, *slash;
	int rc = -1;

	if ((o = json_loadb(b->data, b->len, 0, NULL)) == NULL)
		return 0;
	columns = json_object_get(o, "columnDefinitions");
	if (!json_is_array(columns)) {
		json_decref(o);
		return 0;
	}
	line = json_dumps(columns, JSON_COMPACT);
	json_decref(o);
	slash = strrchr(name, '/');
	*slash = '\0';
	if (line != NULL && atomic_mkdirs(c->datafd, name) == 0 &&
	    buf_printf(&text, "%s\n", line) == 0) {
		*slash = '/';
		rc = atomic_write(c->datafd, name, text.data, text.len, 0);
	}
	*slash = '/';
	free(line);
	buf_free(&text);
	return rc;
}

static int
ask(struct columns *c, const struct feed_query *q, char *name)
{
	struct buf path = { 0 }, body = { 0 };
	struct fetch_sink sink = { NULL, on_body, &body };
	char why[256];
	int code = 0, rc = -1;

	if (buf_printf(&path, "%s?limit=1&includeObject=None", q->path) == 0 &&
	    add_param(&path, "labelSelector", q->labels) == 0 &&
	    add_param(&path, "fieldSelector", q->fields) == 0)
		code = fetch_get(c->fetch, path.data, TABLE, NULL, &sink, why,
		    sizeof(why));
	if (code == 200 && body.len > 0)
		rc = keep(c, &body, name);
	else if (code != 0)
		rc = 0;
	buf_free(&path);
	buf_free(&body);
	return rc;
}

/* A resource may have many feeds, one behind the other: one is enough. */
static int
on_feed(void *arg, const char *dir)
{
	struct columns *c = arg;
	struct feed_query q;
	const char *part = dir + strlen(c->data) + sizeof("/cache");
	char name[600];
	int fd, rc = 0, n;

	n = snprintf(name, sizeof(name), "tables/%.*s",
	    (int)(strrchr(dir, '/') - part), part);
	if (n >= (int)sizeof(name) || strcmp(name, c->last) == 0)
		return 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (feed_read_query(&q, fd) == 0) {
		if (q.code == 0) {
			memcpy(c->last, name, (size_t)n + 1);
			if (is_due(c, &q, name))
				rc = ask(c, &q, name);
		}
		feed_query_free(&q);
	}
	close(fd);
	return rc;
}

int
columns_refresh(struct columns *c)
{
	c->last[0] = '\0';
	return walk_feeds(c->data, NULL, NULL, NULL, on_feed, c);
}
