#ifndef OUTBOX_PARTS_H
#define OUTBOX_PARTS_H

#include "outbox.h"

/* Between the parts of lib/outbox.h alone. */

#define OUTBOX_TEMP "add-"
#define OUTBOX_MARK_PENDING 1
#define OUTBOX_MARK_GONE 2

/* What becomes of a write: see outbox_merge(). */
struct outbox_plan {
	const char *verb;
	const json_t *body, *before; /* borrowed of the write or of held */
	const char *uid;
	int created;  /* the object was made here: its uid is no master's */
	int apart;    /* others wrote the same status, and have their own */
	json_t *made; /* what before points to, or NULL */
	int nothing;  /* what waited and the write undo each other */
	long place;   /* index of the slot to replace, -1: a new one */
	size_t *drop; /* indices of slots that go */
	size_t ndrop;
	/* entries looked at; fd -1: pending, or not locked */
	struct outbox_held {
		size_t index;
		json_t *entry;
		int fd, locked;
	} * held;
	size_t nheld;
};

/* 0, or -1 with errno. Free the plan in any case. */
int outbox_merge(struct outbox *o, const struct outbox_write *w,
    struct outbox_plan *p);
void outbox_plan_free(struct outbox_plan *p);

/* Count s in or, with -1, out. */
void outbox_count(struct outbox *o, const struct outbox_slot *s, int sign);
/* Names never go back, so that the new is behind the old. */
void outbox_note_time(struct outbox *o, const struct outbox_slot *s);
/* Forget those that were taken away since. At most once a second. */
void outbox_refresh(struct outbox *o);
/* Room for so many outbox_remove_slot(). 0, or -1 with errno (EAGAIN). */
int outbox_reserve_removals(struct outbox *o, size_t more);
/* Slot i goes with the next sync; *fd holds its lock and is taken. */
void outbox_remove_slot(struct outbox *o, size_t i, int *fd);

/*
 * outbox_limits.c: who has an entry, for its slot. user may be NULL.
 */
uint32_t outbox_caller(const char *user);
/* 0 if w's user may have size bytes more; -1 with errno EDQUOT. */
int outbox_share(struct outbox *o, const struct outbox_write *w,
    const struct outbox_plan *p, size_t size);

#endif
