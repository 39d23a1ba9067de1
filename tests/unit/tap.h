#ifndef TAP_H
#define TAP_H

/*
 * Test Anything Protocol for a test program of one file. The plan comes at
 * the end, so a program that dies on the way is a failure.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static int ok(int, const char *, ...) __attribute__((format(printf, 2, 3)));

/* Returns its condition. */
static int
ok(int good, const char *fmt, ...)
{
	va_list ap;

	tap_count++;
	if (!good)
		tap_failed++;
	printf("%sok %d - ", good ? "" : "not ", tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	return good;
}

static inline int
is_str(const char *got, const char *want, const char *name)
{
	int same;

	same = got == want ||
	    (got != NULL && want != NULL && strcmp(got, want) == 0);
	ok(same, "%s", name);
	if (!same)
		printf("# got:  %s\n# want: %s\n", got != NULL ? got : "(null)",
		    want != NULL ? want : "(null)");
	return same;
}

static inline int
is_int(long long got, long long want, const char *name)
{
	ok(got == want, "%s", name);
	if (got != want)
		printf("# got:  %lld\n# want: %lld\n", got, want);
	return got == want;
}

/* The exit status of main. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed == 0 ? 0 : 1;
}

#endif
