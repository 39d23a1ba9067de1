#ifndef GLANCE_PART_H
#define GLANCE_PART_H

#include <stddef.h>

#include "glance.h"

/* The parts of glance(), each in a file of its own. */
struct glance {
	const char *data;
	int datafd;
	long long now;
	int up;		      /* a master is, or none is probed */
	long long cut_since;  /* 0 while a master is up */
	json_t *out;	      /* what is returned */
	json_t *reasons;      /* in it: why the hub is degraded */
	json_t *certificates; /* in it; borrowed */
};

/* Each adds its members to out: 0, or -1 with errno. */
int glance_feeds(struct glance *g);
int glance_disk(struct glance *g);
int glance_outbox(struct glance *g);
int glance_certificates(struct glance *g);

/* A string; what is no UTF-8 in it is ?. NULL without memory. */
json_t *glance_text(const char *s);
/* One more reason. 0, or -1 with errno. */
int glance_why(struct glance *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Put a new value (NULL: no memory) into out. 0, or -1 with errno. */
int glance_put(struct glance *g, const char *name, json_t *value);
/* How many names a directory of data has; 0 if it is not there. -1, errno. */
long glance_count(const struct glance *g, const char *dir);

#endif
