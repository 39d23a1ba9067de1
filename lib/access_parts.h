#ifndef ACCESS_PARTS_H
#define ACCESS_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "hash.h"

/* What access.c and access_file.c share. */
#define ACCESS_TOTAL_MAX 65536 /* decisions of all users, about */
#define ACCESS_REASON_MAX 512  /* bytes */
#define ACCESS_KEEP (ACCESS_LINES_MAX / 8 * 7) /* when a file is rewritten */
#define ACCESS_BUCKETS 1024
#define ACCESS_FILE_LEN (HASH_LEN + 8)

struct access_entry {
	struct access_entry *chain;
	struct access_entry *older, *newer; /* by the last access_keep() */
	uint64_t hash;
	long long stored; /* the time on disk; -1 if it is not there */
	int stored_yes;
	struct access_decision d; /* reason is owned */
	char text[];		  /* of the question, each with its NUL */
};

struct access_user {
	struct access *access;
	struct access_user *chain;
	struct user user; /* groups sorted, each once; no extra */
	uint64_t hash;
	unsigned long used; /* of access->clock */
	unsigned int holds;
	char file[ACCESS_FILE_LEN]; /* in data/access */
	size_t lines;		    /* decisions there; 0: to be written anew */
	struct access_entry **slots, *oldest, *newest;
	size_t nslots, n;
};

struct access {
	int datafd;
	int reads; /* nothing is changed on disk */
	uint64_t seed;
	unsigned long clock;
	struct access_user *users[ACCESS_BUCKETS];
	size_t nusers, total;
};

/* As access_user(), of the file of that name. */
struct access_user *access_user_of(struct access *a, const struct user *u,
    const char *file);
/* Remember in memory alone; NULL with errno. */
struct access_entry *access_put(struct access_user *u,
    const struct access_question *q, int allowed, const char *reason,
    long long at);
void access_entry_question(const struct access_entry *e,
    struct access_question *q);
void access_drop_oldest(struct access_user *u);

/* Files. 0, or -1 with errno. */
int access_files_load(struct access *a);
int access_file_add(struct access_user *u, struct access_entry *e);
int access_file_remove(struct access_user *u);

#endif
