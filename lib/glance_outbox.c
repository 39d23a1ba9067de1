/*
 * The outbox at a glance: what waits, by kind, and what the master did not
 * take, the newest with their reasons.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "glance_part.h"
#include "outbox_file.h"

#define TOLD_MAX 20

static void
other(void *arg, const char *name, int replaced)
{
	size_t n = strlen(name);

	/* NAME.reason is of a file that is counted itself */
	if (!replaced && (n < 8 || strcmp(name + n - 7, ".reason") != 0))
		++*(size_t *)arg;
}

/* outbox_list() of a directory that may not be there. */
static int
list(const struct glance *g, const char *dir, struct outbox_list *l,
    size_t *others, int *fd)
{
	int saved;

	memset(l, 0, sizeof(*l));
	*others = 0;
	*fd = openat(g->datafd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (outbox_list(l, *fd, other, others) == 0)
		return 0;
	saved = errno;
	close(*fd);
	errno = saved;
	return -1;
}

/* What can be said of a failed entry. NULL: it cannot be read, or no memory. */
static json_t *
failure(int fd, const struct outbox_slot *s)
{
	static const char *const members[] = { "time", "kind", "verb", "path",
		"failed", "reason" };
	json_t *e = NULL, *o = NULL, *v;
	char name[OUTBOX_NAME_LEN];
	struct buf b = { 0 };
	size_t i;

	outbox_name(s, name);
	if (buf_read_file(&b, fd, name, OUTBOX_TEXT_MAX) == 0)
		e = json_loadb(b.data == NULL ? "" : b.data, b.len, 0, NULL);
	buf_free(&b);
	if (json_is_object(e) && (o = json_pack("{s:s}", "name", name)) != NULL)
		for (i = 0; i < sizeof(members) / sizeof(*members); i++) {
			v = json_object_get(e, members[i]);
			if (json_is_string(v))
				json_object_set(o, members[i], v);
		}
	json_decref(e);
	return o;
}

static int
failed(struct glance *g, json_t *out)
{
	json_t *told = json_array(), *one;
	struct outbox_list l;
	size_t i, others;
	int fd, rc = 0;

	if (told == NULL || list(g, "outbox/failed", &l, &others, &fd) == -1) {
		json_decref(told);
		return -1;
	}
	for (i = l.n; i > 0 && l.n - i < TOLD_MAX; i--)
		if ((one = failure(fd, &l.slots[i - 1])) != NULL)
			rc |= json_array_append_new(told, one);
	if (l.n + others > 0)
		rc |= glance_why(g, "the master did not take %zu of the writes",
		    l.n + others);
	rc |= json_object_set_new(out, "failed",
	    json_integer((json_int_t)(l.n + others)));
	rc |= json_object_set_new(out, "failures", told);
	outbox_list_free(&l);
	if (fd != -1)
		close(fd);
	if (rc != 0)
		errno = ENOMEM;
	return rc == 0 ? 0 : -1;
}

static int
waiting(struct glance *g, json_t *out)
{
	size_t i, others, count[OUTBOX_KINDS] = { 0 };
	long long oldest = 0, bytes = 0;
	json_t *kinds = json_object();
	struct outbox_list l;
	int fd, rc = 0;

	if (kinds == NULL || list(g, "outbox/new", &l, &others, &fd) == -1) {
		json_decref(kinds);
		return -1;
	}
	for (i = 0; i < l.n; i++) {
		count[l.slots[i].kind]++;
		bytes += l.slots[i].size;
	}
	if (l.n > 0)
		oldest = (long long)(l.slots[0].time / 1000000);
	for (i = 0; i < OUTBOX_KINDS; i++)
		rc |= json_object_set_new(kinds,
		    outbox_kind_name((enum outbox_kind)i),
		    json_integer((json_int_t)count[i]));
	rc |= json_object_set_new(out, "length", json_integer((json_int_t)l.n));
	rc |= json_object_set_new(out, "waiting", kinds);
	rc |= json_object_set_new(out, "bytes", json_integer(bytes));
	rc |= json_object_set_new(out, "oldest",
	    l.n > 0 ? json_integer(oldest) : json_null());
	rc |= json_object_set_new(out, "foreign",
	    json_integer((json_int_t)others));
	outbox_list_free(&l);
	if (fd != -1)
		close(fd);
	if (rc != 0)
		errno = ENOMEM;
	return rc == 0 ? 0 : -1;
}

static int
dropped(struct glance *g, json_t *out)
{
	unsigned long long n = 0;
	struct buf b = { 0 };

	if (buf_read_file(&b, g->datafd, "outbox/dropped", 64) == 0 &&
	    b.len > 0)
		n = strtoull(b.data, NULL, 10);
	buf_free(&b);
	return json_object_set_new(out, "dropped", json_integer((json_int_t)n));
}

int
glance_outbox(struct glance *g)
{
	json_t *out = json_object();

	if (out == NULL)
		return -1;
	if (waiting(g, out) == -1 || dropped(g, out) == -1 ||
	    failed(g, out) == -1) {
		json_decref(out);
		return -1;
	}
	return glance_put(g, "outbox", out);
}
