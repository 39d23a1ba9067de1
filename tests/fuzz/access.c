/*
 * A file of remembered decisions, objects and a question, an answer to a
 * review: any bytes.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_question.h"
#include "access_review.h"
#include "node_restriction.h"
#include "node_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/ote-fuzz.XXXXXX";
static int datafd = -1;

static void
leave(void)
{
	unlinkat(datafd, "access/0", 0);
	unlinkat(datafd, "access", AT_REMOVEDIR);
	rmdir(dir);
}

static void
enter(void)
{
	if (mkdtemp(dir) == NULL || atexit(leave) != 0 ||
	    (datafd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    mkdirat(datafd, "access", 0700) == -1)
		abort();
}

/* What is found is what was listed. */
static int
look(void *arg, const struct user *u, const struct access_question *q,
    const struct access_decision *d)
{
	struct access *a = arg;
	struct access_user *p = access_user(a, u);

	if (p == NULL || access_find(p, q) != d)
		abort();
	return 0;
}

static void
file(const uint8_t *data, size_t size)
{
	struct access *a;
	int fd;

	fd = openat(datafd, "access/0", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if ((a = access_open_read(datafd)) == NULL)
		abort();
	access_each(a, look, a);
	access_free(a);
}

/* A line an object; each but the first is a question too. */
static void
objects(const char *text, size_t size)
{
	struct node_write w = { .node = "n", .verb = "update", .ns = "x" };
	struct node_refs r = { 0 };
	struct access_question q;
	struct user u = { 0 };
	struct buf b = { 0 };
	char why[64];
	json_t *o = json_loadb(text, size, 0, NULL);

	(void)node_refs_pod(&r, o);
	(void)node_refs_volume(&r, o);
	(void)node_refs_slice(&r, "n", o);
	if (access_question_load(&q, o) > 0) {
		(void)node_rules_allow("n", &r, &q, why, sizeof(why));
		(void)access_forbidden(&b, &q, &u, why);
		w.verb = q.verb;
		w.group = q.group;
		w.resource = q.resource;
		w.subresource = q.subresource;
		w.name = q.name;
		w.old = json_object_get(o, "old");
		w.new = json_object_get(o, "new");
		(void)node_restriction(&w, &b);
	}
	buf_free(&b);
	node_refs_free(&r);
	json_decref(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[16];

	if (datafd == -1)
		enter();
	file(data, size);
	(void)access_review_read((const char *)data, size, why, sizeof(why));
	objects((const char *)data, size);
	return 0;
}
