#ifndef TREE_H
#define TREE_H

/* A data directory of its own, feeds in it, and objects for them. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "tap.h"

static char tree[] = "/tmp/ote-unit.XXXXXX";
static int tree_fd = -1;
static char tree_told[2048]; /* the last thing that was told */
static int tree_ntold;

static inline int
tree_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
tree_remove(void)
{
	nftw(tree, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
tree_make(void)
{
	umask(077);
	if (mkdtemp(tree) == NULL || atexit(tree_remove) != 0)
		abort();
	tree_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline void
tree_tell(void *arg, const char *text)
{
	(void)arg;
	tree_ntold++;
	snprintf(tree_told, sizeof(tree_told), "%s", text);
}

/* As journal_open(), of a path without selectors. */
static inline int
tree_journal(struct journal *j, const char *path)
{
	static char none[] = "";
	struct feed_query q = { 0 };

	tree_ntold = 0;
	snprintf(q.path, sizeof(q.path), "%s", path);
	q.labels = q.fields = none;
	if (apipath_parse(&q.p, path) == -1)
		return -1;
	return journal_open(j, tree_fd, tree, &q, tree_tell, NULL);
}

/* The path of something below the tree. Static. */
static inline const char *
tree_path(const char *below)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", tree, below);
	return path;
}

#define PODS "cache/core/v1/pods/all"

/* The bytes of a file below the tree, NULL if none. To be freed. */
static inline char *
tree_read(const char *below)
{
	struct buf b = { 0 };

	if (buf_read_file(&b, tree_fd, below, 1 << 24) == -1)
		return NULL;
	return b.data;
}

static inline void
tree_write(const char *below, const char *text, int flags)
{
	int fd = openat(tree_fd, below, O_WRONLY | O_CREAT | flags, 0600);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* A pod as an item of a List. Static. */
static inline const char *
pod(const char *name, unsigned long long rv, const char *app)
{
	static char text[512];

	snprintf(text, sizeof(text),
	    "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"x\",\"uid\":"
	    "\"u-%s\",\"resourceVersion\":\"%llu\",\"labels\":{\"app\":"
	    "\"%s\"}},\"status\":{\"phase\":\"Running\"}}",
	    name, name, rv, app);
	return text;
}

static inline int
tree_item(struct journal *j, const char *name, unsigned long long rv,
    const char *app)
{
	const char *text = pod(name, rv, app);

	return journal_list_item(j, text, strlen(text), "Pod", "v1");
}

/* What a watch sends: kind and apiVersion first. */
static inline int
tree_event(struct journal *j, enum feed_type type, const char *name,
    unsigned long long rv, const char *app)
{
	char text[600];

	snprintf(text, sizeof(text),
	    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",%s",
	    pod(name, rv, app) + 1);
	return journal_event(j, type, text, strlen(text));
}

/* A list of pods a, b, c of rv 3, 4, 5 at rv 10. */
static inline int
tree_list(struct journal *j)
{
	if (journal_list_begin(j) == -1 || tree_item(j, "c", 5, "web") == -1 ||
	    tree_item(j, "a", 3, "web") == -1 ||
	    tree_item(j, "b", 4, "db") == -1)
		return -1;
	return journal_list_commit(j, 10, "Pod", "v1", 0);
}

/* "TYPE name rv, ..." of the events from off on. Static. */
static inline const char *
tree_events(const struct feed *f, off_t off)
{
	static char text[4096];
	struct feed_line l = { 0 };
	size_t n = 0;

	text[0] = '\0';
	for (; off < f->end; off = l.next) {
		if (feed_line_read(&l, f->file, off, f->end, f->r) == -1) {
			snprintf(text + n, sizeof(text) - n, "errno %d", errno);
			break;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s %s%s%llu", n > 0 ? ", " : "", feed_type_name(l.type),
		    l.meta.name != NULL ? l.meta.name : "",
		    l.meta.name != NULL ? " " : "", (unsigned long long)l.rv);
		if (n >= sizeof(text))
			break;
	}
	feed_line_free(&l);
	return text;
}

/* "name rv, ..." of all objects. Static. */
static inline const char *
tree_objects(const struct feed *f)
{
	static char text[4096];
	size_t i, n = 0;

	text[0] = '\0';
	for (i = 0; i < f->nobjects && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %llu",
		    i > 0 ? ", " : "", f->objects[i]->meta.key,
		    (unsigned long long)f->objects[i]->meta.rv);
	return text;
}

#endif
