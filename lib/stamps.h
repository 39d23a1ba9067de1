#ifndef STAMPS_H
#define STAMPS_H

#include <sys/stat.h>

#define STAMPS_MAX 8

/*
 * Whether files are those that they were. Names are followed through all
 * links each time, so what was renamed over one of them, or is behind another
 * link now (kubelet's -current.pem, ..data of a volume), is another file.
 */
struct stamp {
	dev_t dev; /* all 0: there is none */
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct stamps {
	struct stamp s[STAMPS_MAX];
};

void stamps_read(struct stamps *s, char *const *paths, int n);
/* The first that differs, or -1. */
int stamps_differ(const struct stamps *a, const struct stamps *b, int n);

#endif
