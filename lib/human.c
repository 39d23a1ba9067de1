#include <stdio.h>
#include <string.h>
#include <time.h>

#include "human.h"

#define SECOND 1000000LL
/* Go's time.Duration holds no more. */
#define LONGEST (9223372036LL * SECOND)

static void
two(char out[HUMAN_LEN], long long a, const char *unit, long long b,
    const char *rest)
{
	if (b == 0)
		snprintf(out, HUMAN_LEN, "%lld%s", a, unit);
	else
		snprintf(out, HUMAN_LEN, "%lld%s%lld%s", a, unit, b, rest);
}

void
human_duration(long long us, char out[HUMAN_LEN])
{
	long long s, minutes, hours, days;

	if (us > LONGEST)
		us = LONGEST;
	s = us / SECOND;
	minutes = s / 60;
	hours = s / 3600;
	days = hours / 24;
	if (s < -1)
		snprintf(out, HUMAN_LEN, "<invalid>");
	else if (s < 0)
		snprintf(out, HUMAN_LEN, "0s");
	else if (s < 120)
		two(out, s, "s", 0, "");
	else if (minutes < 10)
		two(out, minutes, "m", s % 60, "s");
	else if (minutes < 180)
		two(out, minutes, "m", 0, "");
	else if (hours < 8)
		two(out, hours, "h", minutes % 60, "m");
	else if (hours < 48)
		two(out, hours, "h", 0, "");
	else if (hours < 24 * 8)
		two(out, days, "d", hours % 24, "h");
	else if (hours < 24 * 365 * 2)
		two(out, days, "d", 0, "");
	else if (hours < 24 * 365 * 8)
		two(out, days / 365, "y", days % 365, "d");
	else
		two(out, days / 365, "y", 0, "");
}

/* n digits at *p, as a number; -1 if they are none. */
static int
digits(const char **p, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static int
take(const char **p, char c)
{
	if (**p != c)
		return -1;
	(*p)++;
	return 0;
}

/* What is behind the point, if there is one; digits beyond count nothing. */
static int
fraction(const char **p, long long *us)
{
	long long unit = SECOND / 10;

	if (**p != '.')
		return 0;
	(*p)++;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		*us += unit * (**p - '0');
	return 0;
}

/* Z or +hh:mm, in minutes east. */
static int
zone(const char **p, int *east)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*east = 0;
	if (**p == 'Z') {
		(*p)++;
		return 0;
	}
	if (**p != '+' && **p != '-')
		return -1;
	(*p)++;
	if ((h = digits(p, 2)) == -1 || take(p, ':') == -1 ||
	    (m = digits(p, 2)) == -1 || h > 24 || m > 60)
		return -1;
	*east = sign * (h * 60 + m);
	return 0;
}

static int
parse(const char *p, long long *us)
{
	struct tm tm = { 0 };
	int east, day;

	if ((tm.tm_year = digits(&p, 4) - 1900) < -1900 || take(&p, '-') ||
	    (tm.tm_mon = digits(&p, 2) - 1) < 0 || take(&p, '-') ||
	    (tm.tm_mday = digits(&p, 2)) < 1 || take(&p, 'T') ||
	    (tm.tm_hour = digits(&p, 2)) < 0 || take(&p, ':') ||
	    (tm.tm_min = digits(&p, 2)) < 0 || take(&p, ':') ||
	    (tm.tm_sec = digits(&p, 2)) < 0 || tm.tm_mon > 11 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return -1;
	day = tm.tm_mday;
	*us = timegm(&tm) * SECOND;
	if (tm.tm_mday != day || fraction(&p, us) == -1 ||
	    zone(&p, &east) == -1 || *p != '\0')
		return -1;
	*us -= east * 60 * SECOND;
	return 0;
}

int
human_time(struct span value, long long *us)
{
	/* 0001-01-01T00:00:00Z */
	static const long long zero = -62135596800LL * SECOND;
	char text[48];

	value = span_inner(value);
	if (value.n == 0 || (value.n == 4 && memcmp(value.p, "null", 4) == 0))
		return 1;
	if (value.n >= sizeof(text))
		return -1;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	if (parse(text, us) == -1)
		return -1;
	return *us == zero ? 1 : 0;
}
