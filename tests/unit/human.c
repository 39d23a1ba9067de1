#include <string.h>

#include "human.h"
#include "tap.h"

#define SECOND 1000000LL
#define HOUR (3600 * SECOND)

static void
lasts(long long us, const char *want)
{
	char text[HUMAN_LEN];

	human_duration(us, text);
	ok(strcmp(text, want) == 0, "%s: %s", want, text);
}

static void
at(const char *text, int rc, long long want)
{
	struct span value = { text, strlen(text) };
	long long us = 0;

	if (ok(human_time(value, &us) == rc, "%s: %d", text, rc) && rc == 0)
		is_int(us, want, "and its microseconds");
}

int
main(void)
{
	lasts(-2 * SECOND, "<invalid>");
	lasts(-2 * SECOND + 1, "0s");
	lasts(0, "0s");
	lasts(119 * SECOND + 999999, "119s");
	lasts(120 * SECOND, "2m");
	lasts(599 * SECOND, "9m59s");
	lasts(600 * SECOND, "10m");
	lasts(3 * HOUR - 1, "179m");
	lasts(3 * HOUR, "3h");
	lasts(8 * HOUR - 1, "7h59m");
	lasts(8 * HOUR, "8h");
	lasts(48 * HOUR - 1, "47h");
	lasts(48 * HOUR, "2d");
	lasts(49 * HOUR, "2d1h");
	lasts(8 * 24 * HOUR, "8d");
	lasts(2 * 365 * 24 * HOUR - 1, "729d");
	lasts(2 * 365 * 24 * HOUR, "2y");
	lasts((2 * 365 + 1) * 24 * HOUR, "2y1d");
	lasts(8LL * 365 * 24 * HOUR, "8y");
	lasts(400LL * 365 * 24 * HOUR, "292y");

	at("\"1970-01-02T00:00:01Z\"", 0, 24 * HOUR + SECOND);
	at("\"1970-01-01T01:00:00+01:00\"", 0, 0);
	at("\"1970-01-01T00:00:00.25Z\"", 0, SECOND / 4);
	at("\"0001-01-01T00:00:00Z\"", 1, 0);
	at("null", 1, 0);
	at("\"\"", 1, 0);
	at("\"1970-02-30T00:00:00Z\"", -1, 0);
	at("\"1970-01-01T24:00:00Z\"", -1, 0);
	at("\"1970-01-01T00:00:00\"", -1, 0);
	at("\"1970-01-01T00:00:00Zx\"", -1, 0);
	at("\"yesterday\"", -1, 0);
	return done_testing();
}
