#ifndef GUARD_H
#define GUARD_H

#include <sys/types.h>

/*
 * A command that must not outlive a proof. It runs in a process group of its
 * own under a guard, a small process that ends all of the group in time even
 * if we are stopped, and at once if we are killed. We become the parent of all
 * that it leaves, and have no other children. Times are those of guard_now(). Zeroed memory with fd -1 is none.
 */
struct guard {
	pid_t pid; /* of the guard, and of the group; 0: none runs */
	/* private */
	int fd, is_over, how;
};

/* CLOCK_BOOTTIME in milliseconds: it goes on while the machine sleeps. */
long long guard_now(void);

/*
 * Start argv: SIGTERM at term_ms, SIGKILL at kill_ms unless guard_until() says
 * otherwise until then. 0, or -1 with errno. SIGCHLD tells of its end.
 */
int guard_start(struct guard *g, char **argv, long long term_ms,
    long long kill_ms);
/* Other times; SIGTERM is sent once. 0, or -1 with errno. */
int guard_until(struct guard *g, long long term_ms, long long kill_ms);
/* SIGKILL to all of it, now. */
void guard_kill(struct guard *g);
enum guard_end {
	GUARD_RUNS,
	GUARD_ENDED,  /* the command, by itself or by a signal of others */
	GUARD_IN_TIME /* it was ended, or all of the group was killed */
};
/*
 * Whether it has ended, and all of the group with it; *status is the command's, as
 * of wait(2).
 */
enum guard_end guard_reap(struct guard *g, int *status);

#endif
