/*
 * Objects that were created here have another uid on the master: who knows
 * them by the old one is understood.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "parts.h"

const struct outbox_uids *
uids_known(struct edge *e)
{
	int fd;

	fd = openat(e->datafd, "outbox", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	if (outbox_uids_read(&e->uids, fd) == -1)
		warn("%s/outbox/uids", e->data);
	close(fd);
	return e->uids.n > 0 ? &e->uids : NULL;
}

void
uids_map(struct edge *e, struct buf *b)
{
	const struct outbox_uids *u = uids_known(e);

	if (u != NULL)
		outbox_uids_map(u, b->data, b->len);
}
