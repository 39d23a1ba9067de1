/*
 * The hub's own report: how it is, in a few numbers, and what became of the
 * last one.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "clock.h"
#include "masters.h"
#include "report.h"
#include "walk.h"

#define ANSWER_FILE "run/report"

/* --- how old what is cached is --- */

struct ages {
	long long cut_since; /* 0: a master is up */
	long long oldest;    /* 0: nothing is cached */
};

/* As glance_feeds() has it: the journal's time of change. */
static int
each(void *arg, const char *dir)
{
	struct ages *a = arg;
	char path[PATH_MAX];
	long long at;
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/journal", dir) >=
		(int)sizeof(path) ||
	    stat(path, &st) == -1)
		return 0;
	at = st.st_mtime;
	/* while cut off what is written is of this node */
	if (a->cut_since != 0 && at > a->cut_since)
		at = a->cut_since;
	if (a->oldest == 0 || at < a->oldest)
		a->oldest = at;
	return 0;
}

static int
add_age(json_t *o, const char *data, long long now, long long cut_since)
{
	struct ages a = { cut_since, 0 };

	if (walk_feeds(data, NULL, NULL, NULL, each, &a) == -1)
		return errno == ENOENT ? 0 : -1;
	if (a.oldest == 0)
		return 0;
	return json_object_set_new(o, "cacheAge",
	    json_integer(a.oldest > now ? 0 : now - a.oldest));
}

/* --- the outbox --- */

static long long
line_of(const struct buf *b, const char *name)
{
	size_t n = strlen(name);
	const char *p = b->data;

	for (; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, name, n) == 0 && p[n] == ' ')
			return strtoll(p + n, NULL, 10);
	}
	return 0;
}

static int
add_outbox(json_t *o, int datafd)
{
	struct buf b = { 0 };
	int rc = 0;

	if (buf_read_file(&b, datafd, "run/outbox", 4096) == -1 &&
	    errno != ENOENT)
		return -1;
	rc |= json_object_set_new(o, "outboxLength",
	    json_integer(line_of(&b, "waiting")));
	rc |= json_object_set_new(o, "failedLength",
	    json_integer(line_of(&b, "failed")));
	buf_free(&b);
	return rc;
}

/* --- all of it --- */

static int
add_masters(json_t *o, const struct masters *ms)
{
	json_t *list = json_array();
	int rc = json_object_set_new(o, "masters", list);
	json_int_t up = 0;
	size_t i;

	for (i = 0; i < ms->n && rc == 0; i++) {
		rc = json_array_append_new(list,
		    json_pack("{s:s, s:b}", "address", ms->m[i].addr, "up",
			ms->m[i].up));
		up += ms->m[i].up != 0;
	}
	if (rc == 0)
		rc = json_object_set_new(o, "mastersUp", json_integer(up));
	return rc;
}

static int
add_time(json_t *o, long long now)
{
	char text[CLOCK_TEXT_LEN];

	return json_object_set_new(o, "time",
	    json_string(clock_text(now, text)));
}

json_t *
report_make(const char *data, long long now)
{
	char path[PATH_MAX];
	struct masters ms;
	json_t *o = NULL;
	int fd, saved;

	if ((fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return NULL;
	snprintf(path, sizeof(path), "%s/run/masters", data);
	/* as many as could be read are in it in any case */
	if (masters_read(&ms, path) == -1 && errno != ENOENT &&
	    errno != EBADMSG)
		goto fail;
	errno = ENOMEM;
	if ((o = json_object()) == NULL ||
	    json_object_set_new(o, "version", json_string(VERSION)) == -1 ||
	    add_age(o, data, now, masters_down_since(&ms)) == -1 ||
	    add_outbox(o, fd) == -1 || add_masters(o, &ms) == -1 ||
	    add_time(o, now) == -1)
		goto fail;
	close(fd);
	return o;
fail:
	saved = errno;
	json_decref(o);
	close(fd);
	errno = saved;
	return NULL;
}

char *
report_patch(json_t *report)
{
	static const char *const optional[] = { "cacheAge", "peers" };
	json_t *o = json_pack("{s:{s:o}}", "status", "report", report);
	char *text = NULL;
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (json_object_get(report, optional[i]) == NULL)
			rc |= json_object_set_new(report, optional[i],
			    json_null());
	if (o != NULL && rc == 0)
		text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL)
		errno = ENOMEM;
	return text;
}

/* --- what became of it --- */

int
report_read(struct report_answer *a, int datafd)
{
	struct buf b = { 0 };
	int at = 0, saved;

	memset(a, 0, sizeof(*a));
	a->code = -1;
	if (buf_read_file(&b, datafd, ANSWER_FILE, 4096) == -1) {
		saved = errno;
		buf_free(&b);
		errno = saved;
		return errno == ENOENT || errno == EFBIG ? 0 : -1;
	}
	if (b.len == 0 ||
	    sscanf(b.data, "%d %lld %lld %n", &a->code, &a->since, &a->next,
		&at) != 3)
		a->code = -1;
	else
		snprintf(a->reason, sizeof(a->reason), "%.*s",
		    (int)strcspn(b.data + at, "\n"), b.data + at);
	buf_free(&b);
	return 0;
}

int
report_write(const struct report_answer *a, int datafd)
{
	struct buf b = { 0 };
	int rc;

	rc = buf_printf(&b, "%d %lld %lld %s\n", a->code, a->since, a->next,
	    a->reason);
	if (rc == 0)
		rc = atomic_write(datafd, ANSWER_FILE, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}
