#ifndef MASTERS_H
#define MASTERS_H

#include <stddef.h>

#define MASTERS_MAX 16

struct master {
	char addr[272]; /* host:port, IPv6 in brackets */
	int up;
	long long since; /* unix seconds of the last transition */
	char reason[128];
};

/* The file data/run/masters: see ote-master-health(8). */
struct masters {
	struct master m[MASTERS_MAX];
	size_t n;
};

/* 0; -1 with errno (ENOENT: nobody has probed yet; EBADMSG: a bad line). */
int masters_read(struct masters *ms, const char *path);
/* Replaces the file by temp and rename. 0, or -1 with errno. */
int masters_write(const struct masters *ms, const char *path);
/* 1 if any is up. Of an empty set: 1 (unknown counts as up). */
int masters_any_up(const struct masters *ms);
/*
 * 1 unless run/masters in the data directory says that all are down: while
 * nobody has probed, one may be there.
 */
int masters_reachable(const char *data);
/* The time since which all are down; 0 if any is up or there is none. */
long long masters_down_since(const struct masters *ms);
/* The one with that address, or NULL. Borrowed. */
struct master *masters_find(struct masters *ms, const char *addr);
/*
 * Split "host:port[,host:port...]" (adding to ms, all up=0, those already
 * there left out): 0; -1 with errno EINVAL or E2BIG and the reason in why.
 */
int masters_parse(struct masters *ms, const char *list, char *why,
    size_t whylen);
/*
 * Tell ote-master-health(8), by a file in dir (data/run/suspect), that a live
 * request to addr (or "any") failed. word: "refused" or "slow". 0 or -1, errno.
 */
int masters_suspect(const char *dir, const char *addr, const char *word);

#endif
