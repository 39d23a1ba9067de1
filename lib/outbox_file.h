#ifndef OUTBOX_FILE_H
#define OUTBOX_FILE_H

#include <stdint.h>
#include <jansson.h>

#define OUTBOX_TEXT_MAX (16 * 1024 * 1024) /* bytes of an entry's file */
#define OUTBOX_GEN_MAX 999999
#define OUTBOX_NAME_LEN 80

enum outbox_kind {
	OUTBOX_STATUS, /* a status: coalesced, ours wins */
	OUTBOX_OBJECT, /* the rest of an object: the master's wins */
	OUTBOX_EVENT,  /* an Event: in order, bounded */
	OUTBOX_DELETE,
	OUTBOX_KINDS
};

/* Its name as it stands in files, "status". */
const char *outbox_kind_name(enum outbox_kind kind);

/* An entry, by its name: TIME-SEQUENCE-GENERATION-OBJECT-KIND.json */
struct outbox_slot {
	uint64_t time; /* microseconds since 1970, never the same or earlier */
	uint32_t seq;  /* for those of the same microsecond */
	uint32_t gen;  /* a higher one replaces a lower one in its place */
	uint64_t object; /* hash of its path: what is of one object has one */
	uint32_t size;	 /* bytes of the file */
	uint32_t caller; /* private to outbox_limits.c; 0 when listed */
	unsigned char kind;
	unsigned char mark; /* for the owner's use; 0 when listed */
};

struct outbox_list {
	struct outbox_slot *slots; /* in order */
	size_t n, cap;
};

/* The open directories of data/outbox. */
struct outbox_dirs {
	int fd, newfd, tmpfd, failedfd;
};

/*
 * Open data/outbox, made if it is not there. prefix: temps that begin so are
 * left of a crash, and go. 0, or -1 with errno and nothing open.
 */
int outbox_dirs_open(struct outbox_dirs *d, int datafd, const char *prefix);
void outbox_dirs_close(struct outbox_dirs *d);

void outbox_name(const struct outbox_slot *s, char out[OUTBOX_NAME_LEN]);
/* 0, or -1 where it is no name of an entry. size is left alone. */
int outbox_name_parse(struct outbox_slot *s, const char *name);
/* The hash of an object's path. */
uint64_t outbox_object(const char *path);

/*
 * All entries of the directory, sorted; what was replaced is left out and,
 * as foreign names, told to other (NULL: to nobody). 0, or -1 with errno. The caller frees l.
 */
int outbox_list(struct outbox_list *l, int dirfd,
    void (*other)(void *arg, const char *name, int replaced), void *arg);
/*
 * Remove a replaced entry that a crash left. 0; 1 if who replaces it is still
 * at it; -1 with errno.
 */
int outbox_remove_replaced(int dirfd, const char *name);
int outbox_list_add(struct outbox_list *l, const struct outbox_slot *s);
void outbox_list_free(struct outbox_list *l);

/*
 * An entry's file, open, locked by this descriptor, and read. 0; 1 if another
 * has it or it has gone; -1 with errno, EBADMSG and the reason in why where
 * it is no whole entry: it is locked and *fd open then too.
 */
int outbox_claim(const struct outbox_dirs *d, const struct outbox_slot *s,
    int *fd, json_t **entry, char *why, size_t len);

/* The mode of what may be on the master already. */
#define OUTBOX_SENT 0400
int outbox_was_sent(int fd);

/*
 * Write entry as tmp/PREFIX+NAME, locked if lock. The descriptor, not yet
 * synced, or -1 with errno and nothing left. *size is set.
 */
int outbox_temp(const struct outbox_dirs *d, const char *prefix,
    const char *name, const json_t *entry, int lock, uint32_t *size);

/* NULL if entry is one that can be replayed, else what is wrong. Static. */
const char *outbox_check(const json_t *entry);

#endif
