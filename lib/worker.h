#ifndef WORKER_H
#define WORKER_H

#include <event2/event.h>

/*
 * A thread beside a loop, for one job at a time that waits for the disk.
 */
struct worker;

/*
 * job(arg) runs in the thread and returns an errno, or 0; done(arg, errno) is
 * called by the loop then. NULL with errno.
 */
struct worker *worker_new(struct event_base *base, int (*job)(void *arg),
    void (*done)(void *arg, int error), void *arg);
/* Waits for a job that runs; done is not called. */
void worker_free(struct worker *w);
/* Run the job. Not again before done was called. */
void worker_start(struct worker *w);

#endif
