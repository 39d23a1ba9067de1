#ifndef GENERATIONS_H
#define GENERATIONS_H

#include <poll.h>
#include <sys/types.h>

#define GENERATIONS_MAX 4

/*
 * Servers on one listening socket, of which the newest takes the connections
 * and the others finish what they have. Each is told SIGINT when a newer one
 * has been there for a moment: lighttpd takes no more connections then, and
 * ends when the last of those that it has is done. Each has SIGTERM at the
 * end of this process.
 */
struct generation {
	pid_t pid;
	int fd; /* pidfd */
	int finishing;
};

struct generations {
	char *const *command;
	int listener;
	struct generation g[GENERATIONS_MAX]; /* the oldest first */
	int n;
	long long since_ms; /* when the newest began; monotonic */
};

/*
 * One more; the oldest is ended where they would be too many. Its process id,
 * or -1 with errno.
 */
pid_t generations_start(struct generations *s);
/* 1 while the newest has only just begun: it may still find that it cannot. */
int generations_young(const struct generations *s);
/* Tell the older ones that they are. Call it from time to time. */
void generations_retire(struct generations *s);

/* fds[GENERATIONS_MAX] are readable when one has ended. How many. */
int generations_poll(const struct generations *s, struct pollfd *fds);
/*
 * Take leave of those that have ended: 1 if the newest has, and none is there
 * that would take connections, with its wait(2) status. A young one that ends
 * is told in *failed, with that status; the one before goes on.
 */
int generations_reap(struct generations *s, int *status, int *failed);

/* End them all: SIGTERM, and SIGKILL for those that are there after ms. */
void generations_end(struct generations *s, int ms);

#endif
