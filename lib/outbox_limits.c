/*
 * The limits of an outbox, as people write them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox.h"

#define ENTRIES_MOST 500000ULL
#define BYTES_LEAST 4096ULL
#define BYTES_MOST (1ULL << 40)

/* A decimal number from low to high. 0, or -1. */
static int
parse(const char *text, unsigned long long low, unsigned long long high,
    size_t *out)
{
	unsigned long long n;
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || n < low || n > high)
		return -1;
	*out = (size_t)n;
	return 0;
}

int
outbox_limits_parse(struct outbox_limits *l, char *text)
{
	char entries[] = "entries", bytes[] = "bytes", events[] = "events";
	char event_bytes[] = "event_bytes";
	char *const names[] = { entries, bytes, events, event_bytes, NULL };
	size_t *const fields[] = { &l->entries, &l->bytes, &l->events,
		&l->event_bytes };
	char *value;
	int i, rc;

	while (*text != '\0') {
		if ((i = getsubopt(&text, names, &value)) == -1)
			rc = -1;
		else if (i % 2 == 0)
			rc = parse(value, 1, ENTRIES_MOST, fields[i]);
		else
			rc = parse(value, BYTES_LEAST, BYTES_MOST, fields[i]);
		if (rc == -1) {
			errno = EINVAL;
			return -1;
		}
	}
	return 0;
}
