#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>
#include <stdio.h>

#include "apipath.h"

/*
 * What becomes of writes while cut off: lines of etc/writes.conf,
 *   RESOURCE[.GROUP][/SUBRESOURCE] VERB[,VERB...] POLICY [namespace=NS]
 * as ote-edge-server(8) tells. The last one that fits decides; what none fits
 * is refused.
 */
#define POLICY_RULES_MAX 1000

enum policy {
	POLICY_REFUSE,
	POLICY_QUEUE, /* apply here, and on the master when it is back */
	POLICY_LOCAL, /* apply here only */
};

enum policy_verb {
	POLICY_CREATE = 1,
	POLICY_UPDATE = 2,
	POLICY_PATCH = 4,
	POLICY_DELETE = 8,
};

struct policy_rule {
	char resource[64], group[192], subresource[32];
	char ns[64];	/* "" is any, and none */
	unsigned verbs; /* of enum policy_verb */
	enum policy policy;
};

/* Zeroed memory refuses all. */
struct policies {
	struct policy_rule *rules;
	size_t n;
};

/*
 * A line of the file, which is cut up, is added. 0; -1 with what is wrong in
 * why, or no memory.
 */
int policy_line(struct policies *ps, char *line, char *why, size_t len);
/*
 * The whole file at path. 0; -1 with errno, or EINVAL and FILE:LINE: REASON in
 * why. ps must be freed in any case.
 */
int policy_read(struct policies *ps, const char *path, char *why, size_t len);
void policy_free(struct policies *ps);

/* The verb of an HTTP method on an object or collection, 0 if none of these. */
unsigned policy_verb(const char *method, const struct apipath *p);
/* Its name, "create". Static. */
const char *policy_verb_name(unsigned verb);
enum policy policy_find(const struct policies *ps, const struct apipath *p,
    unsigned verb);
/* The rules in force, a line each, as they can be read again. */
void policy_print(const struct policies *ps, FILE *out);

#endif
