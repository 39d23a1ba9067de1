#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <sys/types.h>

/*
 * One command at a time, for a tool whose only work it is to run it now and
 * then. Signals are taken from a descriptor, between two steps of its loop.
 */
struct child {
	char **argv;	   /* borrowed */
	int signals;	   /* to be polled for POLLIN */
	sigset_t old_mask; /* what the command gets back */
	pid_t pid;	   /* 0: it does not run */
	int stopped;	   /* by SIGHUP, SIGINT or SIGTERM */
};

/* Block signals, open .signals. -1 with errno. For the life of the process. */
int child_init(struct child *c, char **argv);

/*
 * Start it. It gets SIGTERM when its parent dies. -1 with errno. What cannot be
 * executed says so on stderr and ends with 127 if it is not there, else 126.
 */
int child_start(struct child *c);

/*
 * Its exit code once it has ended, 111 if a signal did it, which is then in
 * *sig (else 0); -1 while it runs, or does not.
 */
int child_reap(struct child *c, int *sig);

/* Read what came. A signal that ends us is handed on to the command. */
void child_signals(struct child *c);

#endif
