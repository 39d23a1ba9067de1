#ifndef READY_H
#define READY_H

/*
 * Tells who started us, by a newline on descriptor $NOTIFY_FD, that we serve.
 * Closes it and forgets it: a second call does nothing. SIGPIPE should be
 * ignored by then.
 */
void ready_notify(void);

#endif
