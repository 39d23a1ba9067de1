#ifndef TUNNEL_STUB_H
#define TUNNEL_STUB_H

#include <sys/queue.h>

#include <event2/bufferevent.h>

#include "websocket.h"

/*
 * The tunnel of a k3s agent, where there is no server to carry it to: a
 * websocket that ends here, so that the agent goes on. It is closed when a
 * master is up again, so that the agent dials that one.
 */
struct tunnel_stub {
	/* private; zeroed memory is none */
	LIST_ENTRY(tunnel_stub) next;
	struct tunnel_stubs *all;
	struct bufferevent *client;
	struct websocket_reader in;
	int said;   /* a Close */
	int heard;  /* theirs, or what is none: it only has to be flushed */
	int left_s; /* of what is limited, 0: nothing is */
	void (*over)(void *);
	void *arg;
};

/* All of a process. */
struct tunnel_stubs {
	const char *data; /* borrowed */
	struct event *tick;
	LIST_HEAD(tunnel_stub_list, tunnel_stub) list;
};

/*
 * Once for a process. data: the data directory, for run/masters. 0, or -1 with
 * errno.
 */
int tunnel_stubs_init(struct tunnel_stubs *all, struct event_base *base,
    const char *data);

/*
 * Answer 101 to a client whose head was read from its input, and be its peer:
 * data is passed over, Ping has its Pong, Close its Close. over(arg) is called
 * once, when the client has gone, was silent for 60 s (it says Ping every 5),
 * or both have said Close; the caller frees client and calls
 * tunnel_stub_end() then. doubtful: a master counts as up, and yet could not
 * be reached; while that is so it is closed after 5 s. 0, or -1 with errno.
 */
int tunnel_stub_begin(struct tunnel_stub *s, struct tunnel_stubs *all,
    struct bufferevent *client, const char *accept, int doubtful,
    void (*over)(void *), void *arg);
void tunnel_stub_end(struct tunnel_stub *s);

#endif
