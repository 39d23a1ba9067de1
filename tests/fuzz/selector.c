/*
 * A selector that parses has a canonical text that parses to itself, covers
 * itself, and matches some object or none; what does not has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

typedef int parse(struct selector *, const char *, char *, size_t);

static const char *
lookup(const void *object, const char *key)
{
	return strcmp(key, object) == 0 ? "1" : NULL;
}

static void
round_trip(parse *p, char *(*string)(const struct selector *), const char *text)
{
	struct selector s, again;
	char why[256] = "", *one, *two;

	if (p(&s, text, why, sizeof(why)) == -1) {
		if (why[0] == '\0' || s.reqs != NULL)
			abort();
		return;
	}
	(void)selector_match(&s, lookup, "a");
	(void)selector_match_fields(&s, lookup, "a");
	(void)selector_exact(&s, "a");
	if (!selector_covers(&s, &s))
		abort();
	one = string(&s);
	if (one == NULL || p(&again, one, why, sizeof(why)) == -1)
		abort();
	two = string(&again);
	if (two == NULL || strcmp(one, two) != 0 ||
	    !selector_covers(&s, &again) || !selector_covers(&again, &s))
		abort();
	free(one);
	free(two);
	selector_free(&s);
	selector_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n);

	if (text == NULL)
		return 0;
	round_trip(selector_parse_labels, selector_string_labels, text);
	round_trip(selector_parse_fields, selector_string_fields, text);
	free(text);
	return 0;
}
