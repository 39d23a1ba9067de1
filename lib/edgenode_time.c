/*
 * Durations and times as EdgeNodes, Leases and annotations have them.
 */
#include <string.h>

#include "edgenode_time.h"

#define LONGEST (9223372036LL * EDGENODE_SECOND)

static const struct {
	const char *name;
	double us;
} units[] = {
	{ "ns", 0.001 },
	{ "us", 1 },
	{ "\302\265s", 1 },
	{ "\316\274s", 1 },
	{ "ms", 1000 },
	{ "s", 1000000 },
	{ "m", 60000000 },
	{ "h", 3600000000 },
};

/* The unit at p, and how long its name is; 0 if there is none. */
static double
unit_of(const char *p, const char *end, size_t *len)
{
	size_t i, n;

	/* ms and m: the longer ones stand first, but for m */
	for (n = 0; p + n < end && p[n] != '.' && (p[n] < '0' || p[n] > '9');
	     n++)
		;
	*len = n;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == n &&
		    memcmp(units[i].name, p, n) == 0)
			return units[i].us;
	return 0;
}

/* Digits with at most one point; how many digits there are. */
static size_t
number(const char **p, const char *end, double *v)
{
	double unit = 1;
	size_t n = 0;

	*v = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, n++)
		*v = *v * 10 + (**p - '0');
	if (*p == end || **p != '.')
		return n;
	for ((*p)++; *p < end && **p >= '0' && **p <= '9'; (*p)++, n++)
		*v += (unit /= 10) * (**p - '0');
	return n;
}

int
edgenode_duration(const char *text, size_t n, long long *us)
{
	const char *p = text, *end;
	double sum = 0, v, unit;
	size_t len;

	if (n == 0)
		return -1; /* of which there may be no text at all */
	end = text + n;
	if (*p == '+')
		p++;
	if (end - p == 1 && *p == '0') {
		*us = 0;
		return 0;
	}
	if (p == end)
		return -1;
	while (p < end) {
		if (number(&p, end, &v) == 0 ||
		    (unit = unit_of(p, end, &len)) <= 0)
			return -1;
		p += len;
		sum += v * unit;
		if (sum > (double)LONGEST)
			return -1;
	}
	/* 0 is for what says so: it may stand for no end */
	*us = sum > 0 && sum < 1 ? 1 : (long long)(sum + 0.5);
	return 0;
}

uint64_t
edgenode_hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	while (n-- > 0)
		h = (h ^ *s++) * 1099511628211ULL;
	return h;
}
