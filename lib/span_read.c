/*
 * Reading values out of JSON by their bytes: for tables, which want a few
 * members out of each of thousands of objects.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "span.h"

struct span
span_at(struct span text, const char *path)
{
	static const struct span none = { NULL, 0 };
	char name[64];
	size_t n;

	for (;; path += n + 1) {
		n = strcspn(path, ".");
		if (n >= sizeof(name))
			return none;
		memcpy(name, path, n);
		name[n] = '\0';
		if (text.p == NULL ||
		    span_member(text, name, &text, NULL) == -1)
			return none;
		if (path[n] == '\0')
			break;
	}
	return text.n == 4 && memcmp(text.p, "null", 4) == 0 ? none : text;
}

int
span_is(struct span value, const char *text)
{
	size_t n = strlen(text);

	return value.n == n + 2 && value.p[0] == '"' &&
	    memcmp(value.p + 1, text, n) == 0;
}

int
span_true(struct span value)
{
	return value.n == 4 && memcmp(value.p, "true", 4) == 0;
}

struct span
span_inner(struct span value)
{
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
		value.p++;
		value.n -= 2;
	}
	return value;
}

long long
span_int(struct span value, long long absent)
{
	char text[24];
	char *end;
	long long n;

	if (value.n == 0 || value.n >= sizeof(text))
		return absent;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno != 0 || end == text || *end != '\0' ? absent : n;
}

size_t
span_count(struct span container)
{
	struct span at = container, value;
	size_t n = 0;

	while (span_next(&at, NULL, &value) == 0)
		n++;
	return n;
}

int
span_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}
