/*
 * What apimachinery accepts as a label key or value (pkg/api/validate/content)
 * and how it words what it does not: several complaints, "; " between.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "label.h"

#define NAME_RE "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define LABEL_RE "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define ALNUM                                                        \
	"must consist of alphanumeric characters, '-', '_' or '.', " \
	"and must start and end with an alphanumeric character"
#define NAME_ADVICE                                             \
	ALNUM " (e.g. 'MyName',  or 'my.name',  or '123-abc', " \
	      "regex used for validation is '" NAME_RE "')"

enum { NAME_MAX_BYTES = 63, PREFIX_MAX_BYTES = 253 };

int
label_parse_int(const char *s, int64_t *v)
{
	const char *p = s;
	char *end;
	intmax_t n;

	if (*p == '+' || *p == '-')
		p++;
	if (!isdigit((unsigned char)*p))
		return -1;
	errno = 0;
	n = strtoimax(s, &end, 10);
	if (errno != 0 || *end != '\0' || n < INT64_MIN || n > INT64_MAX)
		return -1;
	*v = n;
	return 0;
}

/* [A-Za-z0-9] at both ends, that and -_. between, n > 0. */
static int
is_name(const char *s, size_t n)
{
	size_t i;

	if (n == 0 || !isalnum((unsigned char)s[0]) ||
	    !isalnum((unsigned char)s[n - 1]))
		return 0;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    (s[i] == '\0' || strchr("-_.", s[i]) == NULL))
			return 0;
	return 1;
}

static int
is_subdomain(const char *s, size_t n)
{
	size_t i;
	int edge = 1; /* at the start of a label */

	for (i = 0; i < n; i++) {
		if (s[i] == '.' || s[i] == '-') {
			if (edge)
				return 0;
			if (s[i] == '.') {
				if (s[i - 1] == '-')
					return 0;
				edge = 1;
			}
			continue;
		}
		if (!islower((unsigned char)s[i]) &&
		    !isdigit((unsigned char)s[i]))
			return 0;
		edge = 0;
	}
	return !edge && s[n - 1] != '-';
}

/* Appends what is wrong, behind "; " if something was before. */
static int
complain(struct buf *b, size_t start, const char *what)
{
	if (b->len > start && buf_puts(b, "; ") == -1)
		return -1;
	return buf_puts(b, what);
}

static int
check_prefix(struct buf *b, const char *s, size_t n)
{
	size_t start = b->len;

	if (n == 0)
		return complain(b, start, "prefix part must be non-empty");
	if (n > PREFIX_MAX_BYTES &&
	    complain(b, start, "prefix part must be no more than 253 bytes") ==
		-1)
		return -1;
	if (is_subdomain(s, n))
		return 0;
	return complain(b, start,
	    "prefix part a lowercase RFC 1123 subdomain "
	    "must consist of lower case alphanumeric characters, '-' or '.', "
	    "and must start and end with an alphanumeric character "
	    "(e.g. 'example.com', regex used for validation is '" LABEL_RE
	    "(\\." LABEL_RE ")*')");
}

int
label_check_key(struct buf *b, const char *key)
{
	const char *slash = strchr(key, '/'), *name = key;
	size_t start = b->len, n;

	if (slash != NULL && strchr(slash + 1, '/') != NULL)
		return complain(b, start,
		    "a valid label key " NAME_ADVICE
		    " with an optional DNS subdomain prefix and '/' "
		    "(e.g. 'example.com/MyName')");
	if (slash != NULL) {
		name = slash + 1;
		if (check_prefix(b, key, (size_t)(slash - key)) == -1)
			return -1;
	}
	n = strlen(name);
	if (n == 0 && complain(b, start, "name part must be non-empty") == -1)
		return -1;
	if (n > NAME_MAX_BYTES &&
	    complain(b, start, "name part must be no more than 63 bytes") == -1)
		return -1;
	if (is_name(name, n))
		return 0;
	return complain(b, start, "name part " NAME_ADVICE);
}

int
label_check_value(struct buf *b, const char *value)
{
	size_t start = b->len, n = strlen(value);

	if (n > NAME_MAX_BYTES &&
	    complain(b, start, "must be no more than 63 bytes") == -1)
		return -1;
	if (n == 0 || is_name(value, n))
		return 0;
	return complain(b, start,
	    "a valid label must be an empty string or "
	    "consist of alphanumeric characters, '-', '_' or '.', and must "
	    "start and end with an alphanumeric character (e.g. 'MyValue',  "
	    "or 'my_value',  or '12345', regex used for validation is "
	    "'(" NAME_RE ")?')");
}
