/*
 * Any bytes as a journal: line by line, as a feed, salvaged, and followed
 * after more has come. The tree is a directory of its own in $TMPDIR.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char dir[64];

static void
put(const char *name, const void *p, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void
clean(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/journal", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/feed", dir);
	unlink(path);
	rmdir(dir);
}

static void
setup(void)
{
	static const char query[] = "{\"path\":\"/api/v1/pods\"}";

	snprintf(dir, sizeof(dir), "/tmp/ote-fuzz.XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	atexit(clean);
	put("feed", query, sizeof(query) - 1);
}

/* An index that is sorted, within the journal, and readable. */
static void
check(struct feed *f)
{
	struct buf b = { 0 };
	size_t i;

	for (i = 0; i < f->nobjects; i++) {
		if (i > 0 &&
		    strcmp(f->objects[i - 1]->meta.key,
			f->objects[i]->meta.key) >= 0)
			abort();
		if (f->objects[i]->off + f->objects[i]->len > f->end)
			abort();
		b.len = 0;
		if (feed_read(f, f->objects[i], &b) == -1)
			abort();
	}
	for (i = 1; i < f->nevents; i++)
		if (f->events[i].rv < f->events[i - 1].rv ||
		    f->events[i].off <= f->events[i - 1].off)
			abort();
	(void)feed_position(f, f->rv);
	(void)feed_get(f, "x", "a");
	buf_free(&b);
}

static void
lines(const struct feed *f, off_t end)
{
	struct feed_line l = { 0 };
	off_t off = 0;

	while (off < end && feed_line_read(&l, f->file, off, end, f->r) == 0) {
		if (l.next <= off || l.next > end)
			abort();
		off = l.next;
	}
	feed_line_free(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct feed f = { 0 }, whole = { 0 };

	if (dir[0] == '\0')
		setup();
	put("journal", data, n / 2);
	if (feed_open(&f, dir) == 0) {
		check(&f);
		put("journal", data, n);
		if (feed_follow(&f) != -1)
			check(&f);
		/* what was followed is what is read at once */
		if (f.end > 0 && feed_open(&whole, dir) == 0 &&
		    feed_follow(&f) != -1 &&
		    (f.end != whole.end || f.nobjects != whole.nobjects ||
			f.rv != whole.rv || f.nevents != whole.nevents))
			abort();
		feed_free(&whole);
	}
	feed_free(&f);
	put("journal", data, n);
	if (feed_salvage(&f, dir, 0) == 0)
		check(&f);
	if (f.file != NULL)
		lines(&f, (off_t)n);
	feed_free(&f);
	return 0;
}
