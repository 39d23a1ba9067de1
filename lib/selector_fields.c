/*
 * Field selectors: what apimachinery's pkg/fields accepts and refuses, in its
 * words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "selector_parts.h"

/* The length of the term at p: up to a comma that no backslash is before. */
static size_t
term_length(const char *p)
{
	size_t i;

	for (i = 0; p[i] != '\0' && p[i] != ','; i++)
		if (p[i] == '\\' && p[i + 1] != '\0')
			i++;
	return i;
}

/* pkg/fields UnescapeValue, in place. */
static int
unescape(char *s, char *why, size_t whylen)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == ',' || *s == '=')
			return selector_fail(why, whylen,
			    "invalid field selector: "
			    "unescaped character in value: %d",
			    *s);
		if (*s == '\\') {
			s++;
			if (*s == '\0' || strchr("\\,=", *s) == NULL)
				return selector_fail(why, whylen,
				    "invalid field "
				    "selector: invalid escape sequence: "
				    "\\%.1s",
				    s);
		}
		*to++ = *s;
	}
	*to = '\0';
	return 0;
}

/* The first operator in a term, or NULL. */
static char *
find_operator(char *term)
{
	for (; *term != '\0'; term++)
		if (*term == '=' || (*term == '!' && term[1] == '='))
			return term;
	return NULL;
}

/* term is taken apart in place. */
static int
parse_term(struct selector *s, char *term, const char *text, char *why,
    size_t whylen)
{
	struct selector_req r = { .op = SELECTOR_IN };
	char *op, *value;

	op = find_operator(term);
	if (op == NULL)
		return selector_fail(why, whylen,
		    "invalid selector: '%s'; can't understand '%s'", text,
		    term);
	if (*op == '!')
		r.op = SELECTOR_NOTIN;
	value = op + (op[0] == '!' || op[1] == '=' ? 2 : 1);
	*op = '\0';
	if (unescape(value, why, whylen) == -1)
		return -1;
	if ((r.key = strdup(term)) == NULL ||
	    selector_add_value(&r, value) == -1) {
		selector_req_free(&r);
		return -1;
	}
	return selector_add_req(s, &r);
}

static int
parse_fields(struct selector *s, const char *text, char *why, size_t whylen)
{
	const char *p;
	char *term;
	size_t n;
	int rc = 0, saved;

	for (p = text; rc == 0; p += n + 1) {
		n = term_length(p);
		if (n > 0) {
			if ((term = strndup(p, n)) == NULL)
				return -1;
			rc = parse_term(s, term, text, why, whylen);
			saved = errno;
			free(term);
			errno = saved;
		}
		if (p[n] == '\0')
			break;
	}
	return rc;
}

int
selector_parse_fields(struct selector *s, const char *text, char *why,
    size_t whylen)
{
	memset(s, 0, sizeof(*s));
	return selector_finish(s, parse_fields(s, text, why, whylen), why,
	    whylen);
}
