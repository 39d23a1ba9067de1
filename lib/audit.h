#ifndef AUDIT_H
#define AUDIT_H

#include <stddef.h>
#include <sys/types.h>

/*
 * An audit log in data/audit: JSON lines, in the words of audit.k8s.io where
 * it has them; ote-edge(7) has the format. A line is one write to the end of
 * the file, so that several processes may write; nothing is synced. Empty
 * lines mean nothing.
 */
struct audit_limits {
	unsigned files; /* log.1 to log.FILES, besides log */
	size_t bytes;	/* of each; a line is never cut in two */
};
#define AUDIT_LIMITS               \
	{                          \
		4, 4 * 1024 * 1024 \
	}
#define AUDIT_GROUPS_MAX 16 /* that are named; the rest is left out */

enum audit_decision {
	AUDIT_ALLOW,  /* it may, whatever became of it */
	AUDIT_FORBID, /* who asks is not known, or may not */
	AUDIT_REFUSE, /* it may, but not now, or not so much */
};
/* "allow". Static. */
const char *audit_decision_name(enum audit_decision d);

/* All borrowed; NULL and "" are left out, what is long is cut. */
struct audit_event {
	const char *user;
	char *const *groups;
	size_t ngroups;
	const char *source_ip, *verb;
	const char *path; /* without a query */
	const char *group, *resource, *subresource, *ns, *name;
	int code; /* 0: there was no answer */
	enum audit_decision decision;
	const char *reason;
	int online; /* the master is up */
	long latency_ms;
};

struct audit {
	int datafd; /* borrowed */
	struct audit_limits limits;
	int dirfd, fd; /* -1 till there is something to write */
	dev_t dev;
	ino_t ino;
	int torn;		 /* its last line is, maybe */
	unsigned long long lost; /* lines since the last that was written */
};

void audit_init(struct audit *a, int datafd, const struct audit_limits *l);
void audit_close(struct audit *a);
/*
 * Append a line. 0; -1 with errno where it is lost, which the next line that
 * is written tells.
 */
int audit_write(struct audit *a, const struct audit_event *e);

#endif
