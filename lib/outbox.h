#ifndef OUTBOX_H
#define OUTBOX_H

#include "outbox_file.h"

/*
 * The side of the outbox that accepts writes: see ote-edge(7). One process
 * has it at a time, and calls from one thread at a time; ote-outbox(8) may
 * take entries away meanwhile.
 */
#define OUTBOX_PENDING_MAX 256
#define OUTBOX_REMOVED_MAX 4096

struct outbox_limits {
	size_t entries, bytes;	    /* of what is no event; full is full */
	size_t events, event_bytes; /* the oldest are dropped */
};
#define OUTBOX_LIMITS                                             \
	{                                                         \
		10000, 128 * 1024 * 1024, 10000, 32 * 1024 * 1024 \
	}

/*
 * Those that text names, `entries=N,bytes=N,events=N,event_bytes=N', in any
 * order; it is cut apart. 0; -1 with errno EINVAL where one is unknown, or not
 * 1 to 500000, of bytes 4096 to 2^40.
 */
int outbox_limits_parse(struct outbox_limits *l, char *text);

/*
 * A write that is applied locally. All borrowed; NULL is none. The JSON is
 * kept a reference to: it stays as it is until outbox_sync().
 */
struct outbox_write {
	enum outbox_kind kind;
	const char *verb; /* create, update, patch, delete */
	const char *path; /* of the object, decoded, its name at the end */
	const char *subresource;
	const char *uid; /* of the object; NULL: the one in before or body */
	/* of body where that is a patch; it is merged with nothing then */
	const char *content_type;
	/* whose write it is, as user_json() has it; NULL: the hub's own */
	const json_t *caller;
	const char *user;      /* a name to be noted, without a caller */
	const json_t *body;    /* the object as it is now, or a patch */
	const json_t *before;  /* the object, last known from the master */
	const json_t *options; /* of DeleteOptions */
	int maybe_done;	       /* it was sent, its answer was lost */
	int all; /* user may have all of the outbox, others half of it */
};

struct outbox_pend {
	struct outbox_slot slot;
	json_t *entry;
	int fd;
};

struct outbox_removal {
	struct outbox_slot slot;
	int fd; /* holds the lock */
};

struct outbox {
	struct outbox_dirs d;
	struct outbox_limits limits;
	struct outbox_list list; /* what waits and is pending; may be gone */
	struct outbox_pend pend[OUTBOX_PENDING_MAX];
	struct outbox_removal *removed;
	size_t npend, nremoved, removed_cap;
	size_t count[2], bytes[2]; /* [1]: events */
	unsigned long long dropped, dropped_told;
	uint64_t last_time;
	uint32_t last_seq;
	long long refreshed; /* s, monotonic */
};

/* 0, or -1 with errno: EWOULDBLOCK where another process has it. */
int outbox_open(struct outbox *o, int datafd, const struct outbox_limits *l);
/* What was not synced is given up. Zeroed memory is not fine. */
void outbox_close(struct outbox *o);

/*
 * Take w in, merged into what waits for the same object where that is safe.
 * It is accepted when outbox_sync() has returned 0, not before. 0, or -1 with
 * errno and nothing changed: ENOSPC (the outbox or the disk is full), EDQUOT
 * (user has half of it, events aside), EINVAL (no write that can be replayed),
 * EFBIG, EAGAIN (sync first), others.
 */
int outbox_add(struct outbox *o, const struct outbox_write *w);
/*
 * Make all that was added durable: their files, then their names. 0; -1 with
 * errno: nothing that was added since the last one is accepted.
 */
int outbox_sync(struct outbox *o);
/*
 * The same in two steps, for who does not want to wait for the disk: another
 * thread may flush, while this one calls nothing but outbox_waits(); then it
 * settles. 0; -1 with errno.
 */
int outbox_flush(const struct outbox *o);
void outbox_settle(struct outbox *o, int flushed);
/*
 * 1 if something waits, or was added, for the object of this path: a write to
 * it has to stand behind that, also when the master is up.
 */
int outbox_waits(struct outbox *o, const char *path);
/* 1 if but events waits nothing, or has not for the last second. */
int outbox_is_idle(struct outbox *o);

#endif
