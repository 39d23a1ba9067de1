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

int
main(void)
{
	long long us = wall_us(), ms = monotonic_ms(), m = monotonic_us();

	reads(0, "1970-01-01T00:00:00Z");
	reads(-1, "1969-12-31T23:59:59Z");
	reads(951782399, "2000-02-28T23:59:59Z");
	reads(951782400, "2000-02-29T00:00:00Z");
	reads(253402300799, "9999-12-31T23:59:59Z");
	reads(67767976233532799, "2147483647-12-31T23:59:59Z");
	reads(LLONG_MAX, "an unknown time");
	reads(LLONG_MIN, "an unknown time");

	ok(us > 1795000000000000, "microseconds since 1970");
	ok(us / 1000000 <= wall_s(), "and seconds");
	ok(m / 1000 >= ms && monotonic_ms() >= m / 1000, "one clock");
	return done_testing();
}
