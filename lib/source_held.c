/*
 * A feed with local events and the master that is back. Only a list of the
 * master's ends them, and not before the outbox has told the master of them,
 * or readers would see the old state in between. Both waits are bounded: what
 * the master says counts in the end.
 */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "outbox_file.h"
#include "source_take.h"

#define HELD_MAX_S 30
#define BEHIND_MAX 6

static int
waits(const struct journal *j)
{
	struct outbox_list l = { 0 };
	int fd, found = 0;
	size_t i;

	fd =
	    openat(j->datafd, "outbox/new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (outbox_list(&l, fd, NULL, NULL) == 0)
		for (i = 0; i < l.n && !found; i++)
			found = journal_is_local(j, l.slots[i].object);
	outbox_list_free(&l);
	close(fd);
	return found;
}

int
source_held(struct source *s)
{
	struct timespec now;

	if (s->j.nlocal == 0)
		return 0;
	if (!*s->master_up) {
		s->held_since = 0;
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (s->held_since == 0)
		s->held_since = now.tv_sec + 1;
	return now.tv_sec < s->held_since + HELD_MAX_S && waits(&s->j);
}

int
source_behind(struct source *s, uint64_t rv)
{
	return s->j.nlocal > 0 && !s->reset && rv <= s->j.feed.rv &&
	    s->behind++ < BEHIND_MAX;
}
