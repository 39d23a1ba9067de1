#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>

/*
 * What a hub says of itself in its EdgeNode, status.report, from its data
 * directory alone: version; cacheAge, in seconds, of the feed that the master
 * has spoken in the longest time ago (not there where nothing is cached);
 * outboxLength and failedLength; masters, each with address and up, and
 * mastersUp, how many are; time. now is in seconds since 1970. NULL with errno.
 */
json_t *report_make(const char *data, long long now);

/*
 * The merge patch of an EdgeNode that has it, and nothing of an earlier one;
 * report is taken. To be freed. NULL with errno ENOMEM.
 */
char *report_patch(json_t *report);

/*
 * data/run/report: what the master said to the last report, CODE SINCE NEXT
 * REASON: since when it says that, and when it is worth asking again (0: any
 * time).
 */
struct report_answer {
	int code; /* 0: none */
	long long since, next;
	char reason[256];
};
/* What is no such file is no answer yet: code -1. 0, or -1 with errno. */
int report_read(struct report_answer *a, int datafd);
int report_write(const struct report_answer *a, int datafd);

#endif
