/*
 * clock: what time it is
 */
#include "clock.h"

#include <string.h>
#include <time.h>

static long long
read_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
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

const char *
clock_text(long long s, char text[CLOCK_TEXT_LEN])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, CLOCK_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(text, "an unknown time");
	return text;
}
