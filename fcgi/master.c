/*
 * Is the master there? What ote-master-health wrote to run/masters counts,
 * but a live request that found it slow or refusing is believed at once, for
 * as long as a probe takes to confirm it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "atomic.h"
#include "edge.h"
#include "masters.h"

#define SUSPECT_S 4

static void
on_suspect_over(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;

	(void)fd;
	(void)what;
	e->suspect = 0;
}

int
master_open(struct edge *e)
{
	e->suspect_timer = evtimer_new(e->base, on_suspect_over, e);
	if (e->suspect_timer == NULL) {
		errno = ENOMEM;
		return -1;
	}
	master_changed(e);
	return 0;
}

void
master_changed(struct edge *e)
{
	struct masters ms;
	char path[512];

	if (e->standalone) {
		e->master_up = 0;
		return;
	}
	memset(&ms, 0, sizeof(ms));
	snprintf(path, sizeof(path), "%s/run/masters", e->data);
	if (masters_read(&ms, path) == -1)
		ms.n = 0;
	e->master_up = masters_any_up(&ms);
	e->down_since = masters_down_since(&ms);
	/* the probes have spoken */
	e->suspect = 0;
	event_del(e->suspect_timer);
}

void
master_suspect(struct edge *e, const char *how)
{
	struct timeval tv = { SUSPECT_S, 0 };

	if (!e->suspect && atomic_mkdirs(e->datafd, "run/suspect") == 0)
		atomic_write(e->datafd, "run/suspect/any", how, strlen(how), 0);
	e->suspect = 1;
	event_add(e->suspect_timer, &tv);
}

int
master_ok(const struct edge *e)
{
	return e->master_up && !e->suspect;
}
