#ifndef APPLY_H
#define APPLY_H

#include <stdint.h>

#include "feed.h"
#include "source_set.h"

/*
 * Local events of a tree. ote-watch-sync is the only writer of it while it
 * runs, so ote-edge-server hands it what a client wrote, over a unix socket:
 * a line `TYPE LENGTH PATH' and the object, on one line and with some
 * resourceVersion, as often as it likes. Each
 * is answered in its turn, with a line `RESOURCEVERSION FEEDS' when the event
 * is durable in all feeds that have the object, or shall have it, else with
 * `! REASON'. Those that come together share their syncs.
 */
#define APPLY_OBJECT_MAX (16 * 1024 * 1024)
#define APPLY_HEAD_MAX (APIPATH_MAX + 64)

struct sockaddr_un;

/* The address of a socket: 0, or -1 with errno ENAMETOOLONG. */
int apply_address(struct sockaddr_un *sun, const char *path);

/*
 * The client's side: waits timeout_ms at most. path: of the object. 0, with
 * the resourceVersion that the object got and how many feeds have taken it;
 * -1 with errno (ETIMEDOUT: it may have been done).
 */
int apply_send(const char *socket, enum feed_type type, const char *path,
    const char *object, size_t len, int timeout_ms, uint64_t *rv, int *feeds);

/* The server's side: one for a process, on data/run/sync.sock. */
struct apply;
/* NULL with errno. set and base are borrowed. */
struct apply *apply_listen(struct event_base *base, struct source_set *set,
    const char *socket);
void apply_free(struct apply *a);

/* An event that came, and what became of it. All borrowed. */
struct apply_event {
	enum feed_type type;
	const char *path, *object;
	size_t len;
	int error; /* errno (EBADMSG: it does not parse), 0: it is durable */
	uint64_t rv;
	int feeds;
};

/*
 * What the server does: number these objects and append them, in order, then
 * make all of them durable. A failure of one is that one's alone, but for
 * those of a disk.
 */
void apply_events(struct source_set *set, struct apply_event *events, size_t n);

#endif
