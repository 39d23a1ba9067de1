#ifndef OUTBOX_TAKE_H
#define OUTBOX_TAKE_H

#include "outbox_file.h"

/*
 * The side of the outbox that takes entries away. One process has it at a
 * time; the one that adds may be at work meanwhile.
 */
#define OUTBOX_FAILED_MAX 10000

/* An entry that nobody else can touch until it is released. */
struct outbox_taken {
	struct outbox_slot slot;
	json_t *entry;
	int fd;
};

/* 0, or -1 with errno: EWOULDBLOCK where another process takes. */
int outbox_take_open(struct outbox_dirs *d, int datafd);

/*
 * 0; 1 if it has gone, or another has it; -1 with errno. What is no whole
 * entry is moved to failed/: -1 with EBADMSG and the reason in why.
 */
int outbox_take(const struct outbox_dirs *d, const struct outbox_slot *s,
    struct outbox_taken *t, char *why, size_t len);
void outbox_take_release(struct outbox_taken *t);

/*
 * It is going to be sent, and may be on the master from now on: mode 0400,
 * durably, which needs no room on the disk. 0, or -1 with errno.
 */
int outbox_take_mark(struct outbox_taken *t);
/* The master has it: it goes, and is released. 0, or -1 with errno. */
int outbox_take_done(const struct outbox_dirs *d, struct outbox_taken *t);
/*
 * It goes to failed/ with member reason, durably, and is released. 0, or -1
 * with errno and it is where it was.
 */
int outbox_take_fail(const struct outbox_dirs *d, struct outbox_taken *t,
    const char *reason);
/* Write t->entry, which was changed, to its file, durably. 0 or -1, errno. */
int outbox_take_update(const struct outbox_dirs *d, struct outbox_taken *t);

/* A file that is no entry goes to failed/, beside it NAME.reason. */
int outbox_set_aside(const struct outbox_dirs *d, const char *name,
    const char *reason);

/* Queue an Event of ours. 0, or -1 with errno. */
int outbox_put_event(const struct outbox_dirs *d, const char *path,
    const json_t *event);

/* What lies in failed/, after the oldest beyond OUTBOX_FAILED_MAX have gone. */
size_t outbox_failed(const struct outbox_dirs *d);

#endif
