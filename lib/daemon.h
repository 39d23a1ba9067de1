#ifndef DAEMON_H
#define DAEMON_H

#include <event2/event.h>

/*
 * SIGTERM and SIGINT end the loop of base, SIGPIPE is ignored, and the process
 * leaves no core. 0, or -1 with errno ENOMEM. Once for a process.
 */
int daemon_signals(struct event_base *base);

/* Call each(fd, EV_READ, arg) whenever fd has something. 0, or -1 ENOMEM. */
int daemon_read(struct event_base *base, int fd, event_callback_fn each,
    void *arg);

/* A decimal option argument from low to high; -1 if it is none. */
long daemon_number(const char *text, long low, long high);

/*
 * Have so many descriptors at a time, or as many as may be, if they are more
 * than now: how many there are.
 */
unsigned long daemon_descriptors(unsigned long want);

#endif
