/*
 * What the master says of itself, kept in files: the aggregated documents and
 * the schemas by their ETags, what stands in them when it is another than it
 * was, one after the other. What is there tells what is missing: a pass that
 * was cut short goes on where it was.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "clock.h"
#include "columns.h"
#include "discovery.h"
#include "remember.h"
#include "replies.h"
#include "status.h"

#define FULL_PASSES 20
#define DOCUMENTS_MAX 4000
#define PAUSE_MAX_MS 5000
#define LINES_MAX (16 * 1024 * 1024)
#define JSON "application/json"
#define AGGREGATED JSON ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define PROTOBUF "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
#define KEPT "kept" /* source of what belongs to no group */

/* --- one document --- */

static int
on_header(void *w, const char *name, const char *value)
{
	return replies_header(w, name, value);
}

static int
on_body(void *w, const char *p, size_t n)
{
	return replies_write(w, p, n);
}

static void
tell(const struct remember *t, const char *path, const char *what)
{
	char line[REPLIES_PATH_MAX + 320];

	snprintf(line, sizeof(line), "%s: %s", path, what);
	t->told(line);
}

/* The reason is told once, till the master answers again. */
static void
tell_lost(struct remember *t, const char *path, const char *why)
{
	if (!t->lost || t->verbose)
		tell(t, path, why);
	t->lost = 1;
}

/* The disk, not the master: as if it had not answered. */
static int
fail(struct remember *t, const char *path)
{
	tell_lost(t, path, strerror(errno));
	return 0;
}

/*
 * GET path and keep it. type: what is there already, whose ETag counts.
 * *changed is set if it is another than before. The HTTP code, 0 where there
 * was no answer.
 */
static int
keep(struct remember *t, const char *path, const char *accept, const char *type,
    const char *source, int *changed)
{
	struct replies_writer w;
	struct fetch_sink sink = { on_header, on_body, &w };
	struct replies_file f;
	char etag[REPLIES_TYPE_MAX] = "", why[256];
	int code, rc;

	if (replies_open(&f, t->datafd, path, type) == 0) {
		memcpy(etag, f.head.etag, sizeof(etag));
		replies_close(&f);
	}
	if (replies_begin(&w, t->datafd, path) == -1)
		return fail(t, path);
	code = fetch_get(t->fetch, path, accept, etag, &sink, why, sizeof(why));
	if (code != 200) {
		replies_abort(&w);
		if (code == 0)
			tell_lost(t, path, why);
		else if (code != 304 && t->verbose)
			tell(t, path, status_phrase(code));
		return code;
	}
	if ((rc = replies_commit(&w, source)) == -1)
		return fail(t, path);
	t->lost = 0;
	if (rc == 1) {
		*changed = 1;
		/* what clients got in other types is of before */
		if (replies_forget(t->datafd, path) == -1)
			return fail(t, path);
		if (t->verbose)
			tell(t, path, "kept");
	}
	return code;
}

/* Let others have the line for as long as we had it. */
static void
pause_after(const struct remember *t, long long begin)
{
	struct pollfd p = { .fd = t->fetch->stop_fd, .events = POLLIN };
	long long ms = monotonic_ms() - begin;

	(void)poll(&p, 1, (int)(ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : ms));
}

static int
note_seen(struct remember *t, const char *path)
{
	return buf_printf(&t->seen, "\n%s\n", path);
}

static int
is_seen(const struct remember *t, const char *path)
{
	char line[REPLIES_PATH_MAX + 3];

	snprintf(line, sizeof(line), "\n%s\n", path);
	return t->seen.len > 0 && strstr(t->seen.data, line) != NULL;
}

/* --- groups and versions --- */

/* A group's own document is fetched when the group is another than it was. */
static int
on_group(void *arg, const char *group, const char *version, const char *mark)
{
	char path[REPLIES_PATH_MAX];
	struct remember *t = arg;
	struct replies_file f;
	int same = 0, changed = 0, n;

	if (*group == '\0' && version == NULL)
		return 0;
	if (*group == '\0')
		n = snprintf(path, sizeof(path), "/api/%s", version);
	else
		n = snprintf(path, sizeof(path), "/apis/%s%s%s", group,
		    version == NULL ? "" : "/", version == NULL ? "" : version);
	if (n >= (int)sizeof(path) || t->documents++ > DOCUMENTS_MAX)
		return 0;
	if (note_seen(t, path) == -1)
		return -1;
	if (replies_open(&f, t->datafd, path, JSON) == 0) {
		same = strcmp(f.head.source, mark) == 0;
		replies_close(&f);
	}
	if (same && !t->all)
		return 0;
	if (keep(t, path, JSON, JSON, mark, &changed) != 0)
		return 0;
	errno = EIO;
	return -1;
}

/* One aggregated document, out of its file. */
static int
walk_groups(struct remember *t, struct discovery *d, const char *path)
{
	struct replies_file f;
	char bytes[8192];
	ssize_t n;

	if (replies_open(&f, t->datafd, path, AGGREGATED) == -1)
		return -1;
	while ((n = replies_read(&f, bytes, sizeof(bytes), 0)) > 0)
		if (discovery_feed(d, bytes, (size_t)n) == -1)
			break;
	replies_close(&f);
	if (n == 0 && discovery_done(d))
		return 0;
	if (n == 0)
		errno = EBADMSG;
	return -1;
}

static int
is_gone_group(void *arg, const char *path)
{
	return (strncmp(path, "/apis/", 6) == 0 ||
		   strncmp(path, "/api/", 5) == 0) &&
	    !is_seen(arg, path);
}

/* data/run/discovery, where it is another than before. */
static int
write_lines(struct remember *t, struct buf *lines, const struct buf *old)
{
	if (discovery_sort(lines) == -1)
		return -1;
	if (lines->len == old->len &&
	    (lines->len == 0 || memcmp(lines->data, old->data, old->len) == 0))
		return 0;
	return atomic_write(t->datafd, "run/discovery", lines->data, lines->len,
	    1);
}

static int
take_groups(struct remember *t)
{
	static const char *const paths[] = { "/api", "/apis" };
	struct buf old = { 0 }, lines = { 0 };
	struct discovery d;
	int i, rc = 0;

	if (buf_read_file(&old, t->datafd, "run/discovery", LINES_MAX) == -1)
		buf_free(&old);
	buf_free(&t->seen);
	t->documents = 0;
	for (i = 0; i < 2 && rc == 0; i++) {
		discovery_init(&d, old.data, on_group, t);
		rc = walk_groups(t, &d, paths[i]);
		if (rc == 0 && d.lines.len > 0)
			rc = buf_add(&lines, d.lines.data, d.lines.len);
		discovery_free(&d);
	}
	if (rc == 0)
		rc = write_lines(t, &lines, &old);
	if (rc == 0)
		rc = replies_sweep(t->datafd, is_gone_group, t);
	if (rc == -1 && errno != EIO)
		tell_lost(t, "/apis", strerror(errno));
	buf_free(&old);
	buf_free(&lines);
	return rc;
}

/* --- schemas --- */

static int
on_schema(void *arg, const char *path, const char *hash)
{
	char have[REPLIES_TYPE_MAX] = "", want[REPLIES_TYPE_MAX];
	struct remember *t = arg;
	struct replies_file f;
	long long begin = monotonic_ms();
	int changed = 0;

	if (strlen(path) >= REPLIES_PATH_MAX || t->documents++ > DOCUMENTS_MAX)
		return 0;
	if (note_seen(t, path) == -1)
		return -1;
	snprintf(want, sizeof(want), "\"%s\"", hash);
	if (replies_open(&f, t->datafd, path, JSON) == 0) {
		memcpy(have, f.head.etag, sizeof(have));
		replies_close(&f);
	}
	if (strcmp(have, want) == 0)
		return 0;
	if (keep(t, path, JSON, JSON, KEPT, &changed) == 0) {
		errno = EIO;
		return -1;
	}
	pause_after(t, begin);
	return 0;
}

static int
is_gone_schema(void *arg, const char *path)
{
	return strncmp(path, "/openapi/v3/", 12) == 0 && !is_seen(arg, path);
}

static int
read_index(const struct remember *t, struct buf *b)
{
	char type[1][REPLIES_TYPE_MAX], bytes[8192];
	struct replies_file f;
	ssize_t n;

	if (replies_types(t->datafd, "/openapi/v3", type, 1) == 0 ||
	    replies_open(&f, t->datafd, "/openapi/v3", type[0]) == -1)
		return -1;
	while ((n = replies_read(&f, bytes, sizeof(bytes), 0)) > 0)
		if (buf_add(b, bytes, (size_t)n) == -1)
			break;
	replies_close(&f);
	return n == 0 ? 0 : -1;
}

static int
take_schemas(struct remember *t)
{
	struct buf b = { 0 };
	int changed = 0, code, rc = -1;

	code = keep(t, "/openapi/v3", JSON, "", KEPT, &changed);
	if (code == 0)
		return -1;
	if (code != 200)
		return 0;
	buf_free(&t->seen);
	t->documents = 0;
	if (read_index(t, &b) == 0)
		rc = discovery_schemas(b.data, b.len, on_schema, t);
	buf_free(&b);
	if (rc == 0)
		rc = replies_sweep(t->datafd, is_gone_schema, t);
	if (rc == -1 && errno != EIO)
		tell_lost(t, "/openapi/v3", strerror(errno));
	return rc;
}

/* --- a pass --- */

/* What has no ETag and seldom changes. 0, or -1 if the master is gone. */
static int
take_others(struct remember *t, const char *const *paths, int *changed)
{
	for (; *paths != NULL; paths++)
		if (keep(t, *paths,
			strstr(*paths, "jwks") != NULL ? "*/*" : JSON, JSON,
			KEPT, changed) == 0)
			return -1;
	return 0;
}

/* 0; -1 where it is to be done again. */
static int
pass_groups(struct remember *t)
{
	static const char *const legacy[] = { "/", "/api", "/apis", NULL };
	int changed = 0, a, b;

	a = keep(t, "/api", AGGREGATED, AGGREGATED, KEPT, &changed);
	b = a == 0 ? 0
		   : keep(t, "/apis", AGGREGATED, AGGREGATED, KEPT, &changed);
	if (a == 0 || b == 0)
		return -1;
	if ((a != 200 && a != 304) || (b != 200 && b != 304)) {
		tell_lost(t, "/apis",
		    "the master gives no aggregated discovery");
		return -1;
	}
	t->lost = 0;
	if (changed)
		t->groups_complete = 0;
	if (t->groups_complete && !t->full)
		return 0;
	t->groups_complete = 0;
	if (take_others(t, legacy, &changed) == -1 || take_groups(t) == -1)
		return -1;
	t->groups_complete = 1;
	t->all = 0;
	t->schemas_complete = 0;
	return 0;
}

static int
pass_schemas(struct remember *t)
{
	int changed = 0;

	if (keep(t, "/openapi/v2", JSON, JSON, KEPT, &changed) == 0)
		return -1;
	if (changed)
		t->schemas_complete = 0;
	if (t->schemas_complete && !t->full)
		return 0;
	t->schemas_complete = 0;
	if (keep(t, "/openapi/v2", PROTOBUF, PROTOBUF, KEPT, &changed) == 0 ||
	    take_schemas(t) == -1)
		return -1;
	t->schemas_complete = 1;
	return 0;
}

int
remember_pass(struct remember *t)
{
	static const char *const rare[] = { "/version",
		"/.well-known/openid-configuration", "/openid/v1/jwks", NULL };
	struct columns c = { .fetch = t->fetch,
		.data = t->data,
		.datafd = t->datafd };
	int changed = 0, rc;

	t->full |= t->passes++ % FULL_PASSES == 0;
	rc = t->full ? take_others(t, rare, &changed) : 0;
	/* another master may tell more of the same groups */
	t->all |= changed;
	if (rc == 0)
		rc = pass_groups(t);
	c.custom_again = t->full || t->touched;
	if (rc == 0)
		rc = columns_refresh(&c);
	if (rc == 0)
		rc = pass_schemas(t);
	if (rc == 0)
		t->full = t->touched = 0;
	return rc;
}

void
remember_free(struct remember *t)
{
	buf_free(&t->seen);
}
