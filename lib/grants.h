#ifndef GRANTS_H
#define GRANTS_H

#include <jansson.h>
#include <stddef.h>

#include "apipath.h"
#include "buf.h"

/*
 * Answers to TokenRequests and access reviews, remembered: a file each in
 * data/tokens and data/reviews; ote-edge(7) has the formats. datafd is the
 * data directory, times are unix seconds.
 */
#define GRANT_BODY_MAX (64 * 1024) /* bytes of a question, or an answer */
#define GRANT_NAME_MAX 256
#define GRANT_TEXT_MAX 256

enum grant_kind {
	GRANT_NONE,
	GRANT_TOKEN,  /* POST serviceaccounts/NAME/token */
	GRANT_REVIEW, /* Token-, SubjectAccess- and LocalSubjectAccessReview */
	GRANT_SELF,   /* a review of the caller: who asks counts */
};

/* Is a POST to p one of those? */
enum grant_kind grant_kind(const struct apipath *p);

/* The object that a token is bound to; "" if there is none. */
struct grant_bound {
	char ns[64];
	char kind[64]; /* Pod, Secret, Node */
	char name[GRANT_TEXT_MAX];
	char uid[64];
};

/* A question. Zeroed memory is none. */
struct grant {
	enum grant_kind kind;
	char file[GRANT_NAME_MAX]; /* below the data directory */
	const char *review;	   /* its Kind, NULL of a token */
	json_t *request;	   /* as it was sent */
	json_t *question;	   /* what must be the same; of a token */
	struct grant_bound bound;  /* of a token */
	int protobuf;		   /* so are question and answer */
};

/*
 * What the n bytes of JSON ask at p. caller tells callers apart: it counts
 * for GRANT_SELF alone and is kept as a hash. 0; -1 with errno: EINVAL where
 * the answer is not to be remembered (malformed, bound to an object without
 * uid), ENOMEM. To be freed in any case.
 */
int grant_ask(struct grant *g, const struct apipath *p, const char *body,
    size_t n, const char *caller);
/*
 * So too of a question in protobuf, of a review of the caller alone: it is the
 * same if its bytes are, and its answer is kept as it comes.
 */
int grant_ask_protobuf(struct grant *g, const struct apipath *p,
    const char *body, size_t n, const char *caller);
void grant_free(struct grant *g);

/*
 * Keep what the master answered with 201; a token is on disk when this
 * returns. No token is in what is kept of a review. 1 if the file is new, 0
 * if it took the place of one; -1 with errno: EBADMSG if it is no answer.
 */
int grant_keep(const struct grant *g, int datafd, const char *answer, size_t n,
    long long now);

/*
 * The answer to give again, appended to out. A review's is not older than
 * max_age seconds, nor than the token that it was about; a token's may have
 * expired, as its status tells (kubelet hands on what it gets; an old token is
 * better than none). 0; -1 with errno: ENOENT if there is none, EBADMSG
 * if what is there is damaged.
 */
int grant_recall(const struct grant *g, int datafd, long long now,
    long long max_age, struct buf *out);

/*
 * When the JWT that begins there expires, by its own word (RFC 7519, 4.1.4):
 * unix seconds, 0 if it is none or does not say.
 */
long long grant_expires(const char *token);

/* The master says no: forget what it said before. 0, or -1 with errno. */
int grant_forget(const struct grant *g, int datafd);

/* --- all of them --- */

struct grants_limits {
	long long now;
	long long max_age; /* of reviews, seconds */
	size_t files;	   /* at most, of each directory */
	long long bytes;
	/* 1 if the object is known to be gone */
	int (*gone)(void *arg, const struct grant_bound *b);
	void *arg;
};

/*
 * Drop what is of no use: tokens of objects that are gone (not in the first
 * minute), others a day after they expired, reviews past their age, what does
 * not parse, what a crash left; then the oldest beyond the limits. How many,
 * or -1 with errno.
 */
int grants_sweep(int datafd, const struct grants_limits *l);

/* --- private to lib/grants*.c --- */
int grant_load(json_t **o, int datafd, const char *file);
/* 0 and what is in the file of a token; -1 where it is damaged. */
int grant_load_bound(const json_t *o, struct grant_bound *b);

#endif
