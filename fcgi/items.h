#ifndef ITEMS_H
#define ITEMS_H

#include "edge.h"

/*
 * Objects of a feed as they were at one moment, to be read one by one while
 * the feed goes on: places in a journal, which stays open. Zeroed memory is
 * none.
 */
struct item_at {
	off_t off;
	uint32_t len;
};

struct items {
	struct feed_file *file;
	struct item_at *at;
	size_t n, next;
	uint64_t rv;	/* of the moment */
	uint64_t bytes; /* of all of them */
	size_t behind; /* objects behind the last one, where there is a limit */
	char last[520]; /* its key */
};

/*
 * Those that the request asks for, from the key on, at most limit of them (0:
 * all). 0, or -1 with errno.
 */
int items_collect(struct items *it, const struct request *r,
    const struct feed *f, const char *from, long limit);
/* Append the next one's bytes to b: 1, 0 at the end, -1 with errno. */
int items_next(struct items *it, struct buf *b);
void items_free(struct items *it);

/*
 * A continue token, kube-apiserver's own form (storage/continue.go), so that
 * a client may go from the master to the hub in the middle of a list.
 */
struct token {
	int64_t rv;	/* -1: go on with what there is now */
	char from[520]; /* a key of the feed: the first to be listed is >= */
};

/* 0; -1 with why (EINVAL). ns: of the request's path, "" for all. */
int token_parse(struct token *t, const char *text, const char *ns, char *why,
    size_t len);
/* The token that goes on behind key. Malloc'ed, or NULL with errno. */
char *token_make(const char *key, const char *ns, int64_t rv);
/* The one that begins at the key: for a list that cannot go on as it was. */
char *token_again(const char *from, const char *ns);

#endif
