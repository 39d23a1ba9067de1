#ifndef EDGENODE_TIME_H
#define EDGENODE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Times are microseconds. */
#define EDGENODE_SECOND 1000000LL

/* FNV-1a, going on from h. */
uint64_t edgenode_hash(uint64_t h, const void *p, size_t n);
#define EDGENODE_HASH 14695981039346656037ULL

/*
 * A duration as Go's time.ParseDuration takes it ("1h30m", "0"), not negative
 * and at most 292 years; less than a microsecond is one. 0, or -1.
 */
int edgenode_duration(const char *text, size_t n, long long *us);

#endif
