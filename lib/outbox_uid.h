#ifndef OUTBOX_UID_H
#define OUTBOX_UID_H

#include <jansson.h>
#include <sys/types.h>

/*
 * The uids of objects that were created here, and those that the master gave
 * them: data/outbox/uids, a line `OURS THEIRS' each; THEIRS is - where the
 * master did not take the object. ote-outbox(8) writes it, others read. The
 * newest OUTBOX_UIDS_MAX count, at least.
 */
#define OUTBOX_UIDS_MAX 4096
#define OUTBOX_UID_LEN 36

struct outbox_uid {
	char ours[OUTBOX_UID_LEN + 1], theirs[OUTBOX_UID_LEN + 1];
};

/* Zeroed memory is an empty one. The caller owns it. */
struct outbox_uids {
	struct outbox_uid *all; /* in the order of the file */
	size_t n, cap;
	off_t read; /* so far, of this file */
	ino_t file;
	int torn; /* the last line has no end */
};

void outbox_uids_free(struct outbox_uids *u);
/* Take in what is new. outboxfd: data/outbox. 0, or -1 with errno. */
int outbox_uids_read(struct outbox_uids *u, int outboxfd);
/*
 * Add one, durably; theirs NULL: it failed. What is no uid is left out. 0, or
 * -1 with errno.
 */
int outbox_uids_add(struct outbox_uids *u, int outboxfd, const char *ours,
    const char *theirs);
/* The same in memory alone. */
int outbox_uids_put(struct outbox_uids *u, const char *ours,
    const char *theirs);
/* "-" where its creation failed; NULL if it is not known. Borrowed. */
const char *outbox_uids_find(const struct outbox_uids *u, const char *ours);

/*
 * Each of ours in it becomes theirs: in bytes of any form, as both are of one
 * length; and in the strings of a JSON value, 0 or -1 (memory).
 */
void outbox_uids_map(const struct outbox_uids *u, char *text, size_t len);
int outbox_uids_map_json(const struct outbox_uids *u, json_t *v);

#endif
