#ifndef IDENTITIES_H
#define IDENTITIES_H

#include "client_cert.h"

/*
 * A directory of key pairs by which requests may go upstream as somebody
 * else: CN.pem with certificate and key in one file (as kubelet's
 * kubelet-client-current.pem), or CN.crt and CN.key; links are followed. The
 * CN is the file's name, by apipath_escape(): system%3Anode%3An1.pem. Files are
 * read again when they changed.
 */
struct identity {
	char *name;		/* the CN */
	char *cert, *key;	/* PEM */
	struct client_cert who; /* of cert */
	struct identity *next;	/* private, as is what follows */
	long long stamp;
	char why[256]; /* why it cannot be used, "" if it can */
};

struct identities {
	char *dir; /* NULL: there are none */
	struct identity *all;
	size_t n;
};

#define IDENTITIES_MAX 256

/* dir may be missing: there are none then. 0, or -1 with errno. */
int identities_init(struct identities *s, const char *dir);
void identities_free(struct identities *s);

/*
 * The key pair of that user: same name, uid, groups (in any order). Borrowed
 * until the next call. NULL with why: "" if there is no file for it, else
 * what is wrong with it (missing half, key and certificate do not belong
 * together, another CN, other groups, expired at now). One that is not good
 * yet is taken: a reboot may have set the clock back, and the master decides.
 */
const struct identity *identities_find(struct identities *s,
    const struct user *u, long long now, char *why, size_t len);

/*
 * Look at all files; tell() is called with a line for each that cannot be
 * used. The number of those that can, or -1 with errno.
 */
int identities_check(struct identities *s, long long now,
    void (*tell)(void *, const char *), void *arg);

#endif
