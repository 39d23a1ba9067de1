#ifndef ACCESS_H
#define ACCESS_H

#include <stddef.h>

#include "user.h"

/*
 * What callers may do, as the master has decided it: remembered in memory and
 * in data/access/, a file a user, JSON lines; ote-edge(7) has the format.
 * Times are unix seconds.
 */
#define ACCESS_USERS_MAX 512
#define ACCESS_LINES_MAX 4096 /* of a user; the oldest go */
#define ACCESS_TEXT_MAX 2048  /* bytes of a question's texts, together */

/*
 * A question, attributes of kube-apiserver's authorizer. Strings are
 * borrowed; "" or NULL is none. fields and labels are canonical selector texts
 * of list, watch and deletecollection.
 */
struct access_question {
	const char *verb;
	const char *group, *version, *resource, *subresource, *ns, *name;
	const char *fields, *labels;
	const char *path; /* of what is no resource: all else is "" then */
};

struct access_decision {
	int allowed;
	long long at;	    /* when the master decided */
	const char *reason; /* the authorizer's, "" if none */
};

struct access;
struct access_user;

/* Reads what is there. NULL with errno. datafd is borrowed. */
struct access *access_open(int datafd);
/* As it is now, for looking at: nothing is changed on disk. */
struct access *access_open_read(int datafd);
void access_free(struct access *a);

/* Call each for every decision, until it returns not 0: that. */
typedef int access_visit(void *arg, const struct user *u,
    const struct access_question *q, const struct access_decision *d);
int access_each(const struct access *a, access_visit *each, void *arg);

/*
 * Those who are the same to an authorizer share one: name, uid and groups (in
 * any order) count, extra does not, as it tells one token from the next.
 * Borrowed, good until access_free(); NULL with errno (the least recently
 * used of more than ACCESS_USERS_MAX that nobody holds is dropped: hold one
 * by access_hold(), give it back by access_release(); EILSEQ: not UTF-8,
 * ENOBUFS: all are held).
 */
struct access_user *access_user(struct access *a, const struct user *u);
void access_hold(struct access_user *u);
void access_release(struct access_user *u);

/* The last decision on just this question; NULL if it was never asked.
 * Borrowed until the next access_keep(). */
const struct access_decision *access_find(const struct access_user *u,
    const struct access_question *q);

/*
 * Remember a decision; on disk at once (appended; synced where a yes becomes a
 * no), unless the same one is there and younger than a minute: then in memory
 * alone. reason may be NULL. 0, or -1 with errno (EMSGSIZE: too long a
 * question; EILSEQ: not UTF-8); what could not be written counts in memory.
 */
int access_keep(struct access *a, struct access_user *u,
    const struct access_question *q, int allowed, const char *reason,
    long long now);

#endif
