#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A new journal in the making: BASE, the objects in the order of their keys,
 * then the verbatim tail of an older journal. Readers see nothing of it
 * until the commit renames it into place.
 */
struct snapshot {
	FILE *out;
	int dirfd; /* borrowed */
};

struct snapshot_base {
	const char *continues; /* id of the journal it continues, or "" */
	uint64_t rv;
	size_t count;
	off_t tail;
	const char *kind, *api_version;
	const char *fields; /* project_text(); "" if all are kept */
};

/* All: 0, or -1 with errno. Every begin needs a commit or an abort. */
int snapshot_begin(struct snapshot *s, int dirfd,
    const struct snapshot_base *base);
int snapshot_add(struct snapshot *s, const char *object, size_t len);
int snapshot_copy(struct snapshot *s, int fd, off_t from, off_t to);
/* fsync, rename, fsync of the directory. On failure nothing has changed. */
int snapshot_commit(struct snapshot *s);
void snapshot_abort(struct snapshot *s);

#endif
