#ifndef PEERS_H
#define PEERS_H

#include <jansson.h>
#include <stddef.h>

#define PEERS_MAX 16	       /* EdgeNodes take no more */
#define PEERS_FILE "run/peers" /* in the data directory */

/* Another node, and where its kubelet or its hub is to be found. */
struct peer {
	char name[254];
	char addr[64]; /* of digits: names may not be told while cut off */
	int reachable;
	long long since; /* of that, seconds since 1970 */
};

struct peers {
	struct peer p[PEERS_MAX];
	size_t n;
};

/*
 * NAME=ADDRESS:PORT with commas between, or, if there is a / in it, a file of
 * these, one a line, with # before what is none. 0; -1 with the reason in why.
 */
int peers_parse(struct peers *ps, const char *text, char *why, size_t len);
/* Take out the one of that name. */
void peers_drop(struct peers *ps, const char *name);

/*
 * Connect to all of them at once and hang up. Within deadline_ms those are
 * reachable that accept; who refuses is not, as it is there, but what was
 * asked for is not. 0, or -1 with errno.
 */
int peers_probe(struct peers *ps, int deadline_ms);

/*
 * data/run/peers, NAME yes|no SINCE: since stays as long as the answer does.
 * With keep the file is replaced. 0, or -1 with errno.
 */
int peers_since(struct peers *ps, int datafd, long long now, int keep);

/* An array of name, reachable and since; NULL: no memory. */
json_t *peers_json(const struct peers *ps);

#endif
