#include <errno.h>
#include <limits.h>
#include <string.h>

#include "clock.h"
#include "tap.h"

static void
reads(long long s, const char *want)
{
	char text[CLOCK_TEXT_LEN];

	is_str(clock_text(s, text), want, want);
}

static void
micro(long long us, const char *micro, const char *second)
{
	char text[CLOCK_TEXT_LEN];

	is_int(clock_micro(us, text), 0, "a MicroTime");
	is_str(text, micro, micro);
	is_int(clock_second(us, text), 0, "a Time");
	is_str(text, second, second);
}

static void
no_year(long long us)
{
	char text[CLOCK_TEXT_LEN] = "x";

	errno = 0;
	ok(clock_micro(us, text) == -1 && errno == ERANGE && *text == '\0',
	    "%lld: no MicroTime", us);
	errno = 0;
	ok(clock_second(us, text) == -1 && errno == ERANGE, "nor a Time");
}

int
main(void)
{
	long long us = wall_us(), ms = monotonic_ms(), m = monotonic_us();

	reads(0, "1970-01-01T00:00:00Z");
	reads(-1, "1969-12-31T23:59:59Z");
	reads(951782399, "2000-02-28T23:59:59Z");
	reads(951782400, "2000-02-29T00:00:00Z");
	reads(253402300799, "9999-12-31T23:59:59Z");
	reads(-62135596800, "0001-01-01T00:00:00Z");
	reads(253402300800, "an unknown time");
	reads(-62135596801, "an unknown time");
	reads(LLONG_MAX, "an unknown time");
	reads(LLONG_MIN, "an unknown time");

	micro(1764230400000007, "2025-11-27T08:00:00.000007Z",
	    "2025-11-27T08:00:00Z");
	micro(-1, "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z");
	micro(-1000000, "1969-12-31T23:59:59.000000Z", "1969-12-31T23:59:59Z");
	micro(253402300799999999, "9999-12-31T23:59:59.999999Z",
	    "9999-12-31T23:59:59Z");
	micro(-62135596800000000, "0001-01-01T00:00:00.000000Z",
	    "0001-01-01T00:00:00Z");
	no_year(253402300800000000);
	no_year(-62135596800000001);
	no_year(LLONG_MAX);
	no_year(LLONG_MIN);

	ok(us > 1795000000000000, "microseconds since 1970");
	ok(us / 1000000 <= wall_s(), "and seconds");
	ok(m / 1000 >= ms && monotonic_ms() >= m / 1000, "one clock");
	return done_testing();
}
