/*
 * clock: what time it is, and how it is written
 */
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000LL
/* 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z */
#define FIRST (-62135596800LL)
#define END 253402300800LL

static long long
read_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

long long
monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

long long
monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

long long
wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

long long
wall_s(void)
{
	return (long long)time(NULL);
}

/* Before 1970 it is that second that has begun. */
static long long
second_of(long long us)
{
	return us / SECOND - (us % SECOND < 0);
}

static int
write_time(long long s, const char *digits, char out[CLOCK_TEXT_LEN])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (s < FIRST || s >= END || gmtime_r(&t, &tm) == NULL) {
		*out = '\0';
		errno = ERANGE;
		return -1;
	}
	snprintf(out, CLOCK_TEXT_LEN, "%04u-%02u-%02uT%02u:%02u:%02u%.7sZ",
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_mon % 12 + 1,
	    (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, digits);
	return 0;
}

int
clock_micro(long long us, char out[CLOCK_TEXT_LEN])
{
	char digits[8];

	snprintf(digits, sizeof(digits), ".%06u",
	    (unsigned)((us % SECOND + SECOND) % SECOND) % 1000000);
	return write_time(second_of(us), digits, out);
}

int
clock_second(long long us, char out[CLOCK_TEXT_LEN])
{
	return write_time(second_of(us), "", out);
}

const char *
clock_text(long long s, char text[CLOCK_TEXT_LEN])
{
	if (write_time(s, "", text) == -1)
		strcpy(text, "an unknown time");
	return text;
}
