/*
 * Label and field selectors: what apimachinery's pkg/labels and pkg/fields
 * accept and refuse, in their words. A parsed selector is canonical:
 * requirements and values are sorted and unique, = and == are IN of one
 * value, != is NOTIN of one.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "label.h"
#include "selector.h"

static void
req_free(struct selector_req *r)
{
	size_t i;

	for (i = 0; i < r->nvalues; i++)
		free(r->values[i]);
	free(r->values);
	free(r->key);
	memset(r, 0, sizeof(*r));
}

void
selector_free(struct selector *s)
{
	size_t i;

	for (i = 0; i < s->nreqs; i++)
		req_free(&s->reqs[i]);
	free(s->reqs);
	s->reqs = NULL;
	s->nreqs = 0;
}

/* Insert a copy of value where it belongs, unless it is there. */
static int
add_value(struct selector_req *r, const char *value)
{
	size_t i;
	char **p;
	int c = 1;

	for (i = 0; i < r->nvalues; i++)
		if ((c = strcmp(value, r->values[i])) <= 0)
			break;
	if (c == 0)
		return 0;
	p = reallocarray(r->values, r->nvalues + 1, sizeof(*p));
	if (p == NULL)
		return -1;
	r->values = p;
	memmove(p + i + 1, p + i, (r->nvalues - i) * sizeof(*p));
	if ((p[i] = strdup(value)) == NULL) {
		memmove(p + i, p + i + 1, (r->nvalues - i) * sizeof(*p));
		return -1;
	}
	r->nvalues++;
	return 0;
}

static int
req_compare(const void *va, const void *vb)
{
	const struct selector_req *a = va, *b = vb;
	size_t i;
	int c;

	if ((c = strcmp(a->key, b->key)) != 0)
		return c;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	for (i = 0; i < a->nvalues && i < b->nvalues; i++)
		if ((c = strcmp(a->values[i], b->values[i])) != 0)
			return c;
	return (a->nvalues > b->nvalues) - (a->nvalues < b->nvalues);
}

static void
sort(struct selector *s)
{
	size_t i, n = 0;

	if (s->nreqs == 0)
		return;
	qsort(s->reqs, s->nreqs, sizeof(*s->reqs), req_compare);
	for (i = 1; i < s->nreqs; i++) {
		if (req_compare(&s->reqs[n], &s->reqs[i]) == 0)
			req_free(&s->reqs[i]);
		else
			s->reqs[++n] = s->reqs[i];
	}
	s->nreqs = n + 1;
}

/* Takes *r over, and on failure frees it. */
static int
add_req(struct selector *s, struct selector_req *r)
{
	struct selector_req *p;

	p = reallocarray(s->reqs, s->nreqs + 1, sizeof(*p));
	if (p == NULL) {
		req_free(r);
		return -1;
	}
	s->reqs = p;
	s->reqs[s->nreqs++] = *r;
	return 0;
}

/* --- parsing label selectors --- */

enum token {
	END,
	CLOSE,
	COMMA,
	NOT,
	DOUBLE_EQUALS,
	EQUALS,
	GREATER,
	WORD,
	IN,
	LESS,
	NOT_EQUALS,
	NOT_IN,
	OPEN
};

struct parser {
	const char *p;	/* what is still to be read */
	enum token tok; /* the token ahead */
	struct buf lit; /* and its text */
	char *why;
	size_t whylen;
};

static int fail(char *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(char *why, size_t whylen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (whylen > 0)
		(void)vsnprintf(why, whylen, fmt, ap);
	va_end(ap);
	errno = EINVAL;
	return -1;
}

static enum token
symbol(const char *p, size_t *n)
{
	*n = 1;
	switch (*p) {
	case '=':
		if (p[1] != '=')
			return EQUALS;
		*n = 2;
		return DOUBLE_EQUALS;
	case '!':
		if (p[1] != '=')
			return NOT;
		*n = 2;
		return NOT_EQUALS;
	case '(':
		return OPEN;
	case ')':
		return CLOSE;
	case '>':
		return GREATER;
	case '<':
		return LESS;
	default:
		return COMMA;
	}
}

/* Read the next token. 0, or -1 with errno ENOMEM. */
static int
next(struct parser *l)
{
	size_t n = 0;

	l->lit.len = 0;
	l->p += strspn(l->p, " \t\r\n");
	if (*l->p == '\0')
		l->tok = END;
	else if (strchr("=!(),><", *l->p) != NULL)
		l->tok = symbol(l->p, &n);
	else {
		n = strcspn(l->p, "=!(),>< \t\r\n");
		l->tok = n == 2 && memcmp(l->p, "in", 2) == 0 ? IN
		    : n == 5 && memcmp(l->p, "notin", 5) == 0 ? NOT_IN
							      : WORD;
	}
	if (buf_add(&l->lit, l->p, n) == -1)
		return -1;
	l->p += n;
	return 0;
}

/* "in" and "notin" are keys and values too where no operator may stand. */
static int
is_word(const struct parser *l)
{
	return l->tok == WORD || l->tok == IN || l->tok == NOT_IN;
}

static int
expected(struct parser *l, const char *what)
{
	return fail(l->why, l->whylen,
	    "unable to parse requirement: found '%s', expected: %s",
	    l->lit.data, what);
}

/* s in Go's %q. */
static int
quote(struct buf *b, const char *s)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\",
			  after[] = "abfnrtv\"\\";
	const char *q;
	int rc = buf_puts(b, "\"");

	for (; rc == 0 && *s != '\0'; s++) {
		if ((q = strchr(plain, *s)) != NULL)
			rc = buf_printf(b, "\\%c", after[q - plain]);
		else if (iscntrl((unsigned char)*s))
			rc = buf_printf(b, "\\x%02x", (unsigned char)*s);
		else
			rc = buf_add(b, s, 1);
	}
	return rc == 0 ? buf_puts(b, "\"") : -1;
}

/* One more field error, "path: Invalid value: "v": detail". */
static int
field_error(struct buf *all, size_t *nerrors, const char *path,
    const char *value, const char *detail)
{
	if (buf_printf(all, "%s%s: Invalid value: ", *nerrors > 0 ? ", " : "",
		path) == -1 ||
	    quote(all, value) == -1 || buf_printf(all, ": %s", detail) == -1)
		return -1;
	(*nerrors)++;
	return 0;
}

static int
key_is_good(struct parser *l, const char *key)
{
	struct buf detail = { 0 }, all = { 0 };
	size_t n = 0;
	int rc = -1;

	if (label_check_key(&detail, key) == -1)
		goto out;
	if (detail.len == 0)
		rc = 0;
	else if (field_error(&all, &n, "<nil>", key, detail.data) == 0)
		rc = fail(l->why, l->whylen, "unable to parse requirement: %s",
		    all.data);
out:
	buf_free(&detail);
	buf_free(&all);
	return rc;
}

/* Labels' NewRequirement: every value is told that is wrong. */
static int
values_are_good(struct parser *l, const struct selector_req *r)
{
	struct buf detail = { 0 }, all = { 0 };
	char path[512];
	size_t i, n = 0;
	int64_t number;
	int rc = -1;

	for (i = 0; i < r->nvalues; i++) {
		if (r->op != SELECTOR_GT && r->op != SELECTOR_LT)
			break;
		(void)snprintf(path, sizeof(path), "values[%zu]", i);
		if (label_parse_int(r->values[i], &number) == -1 &&
		    field_error(&all, &n, path, r->values[i],
			"for 'Gt', "
			"'Lt' operators, the value must be an integer") == -1)
			goto out;
	}
	for (i = 0; i < r->nvalues; i++) {
		detail.len = 0;
		if (label_check_value(&detail, r->values[i]) == -1)
			goto out;
		(void)snprintf(path, sizeof(path), "values[%zu][%s]", i,
		    r->key);
		if (detail.len > 0 &&
		    field_error(&all, &n, path, r->values[i], detail.data) ==
			-1)
			goto out;
	}
	if (n == 0)
		rc = 0;
	else
		rc = fail(l->why, l->whylen,
		    "unable to parse requirement: %s%s%s", n > 1 ? "[" : "",
		    all.data, n > 1 ? "]" : "");
out:
	buf_free(&detail);
	buf_free(&all);
	return rc;
}

static int
parse_operator(struct parser *l, struct selector_req *r)
{
	switch (l->tok) {
	case IN:
	case EQUALS:
	case DOUBLE_EQUALS:
		r->op = SELECTOR_IN;
		break;
	case NOT_IN:
	case NOT_EQUALS:
		r->op = SELECTOR_NOTIN;
		break;
	case GREATER:
		r->op = SELECTOR_GT;
		break;
	case LESS:
		r->op = SELECTOR_LT;
		break;
	default:
		return expected(l, "in, notin, =, ==, !=, gt, lt");
	}
	return 0;
}

/* Behind "(": words and commas; what stands between commas may be empty. */
static int
parse_list(struct parser *l, struct selector_req *r)
{
	for (;;) {
		if (is_word(l)) {
			if (add_value(r, l->lit.data) == -1 || next(l) == -1)
				return -1;
			if (l->tok == CLOSE)
				return next(l);
			if (l->tok != COMMA)
				return expected(l, "',' or ')'");
		} else if (l->tok == COMMA) {
			if (r->nvalues == 0 && add_value(r, "") == -1)
				return -1;
			if (next(l) == -1)
				return -1;
			if ((l->tok == COMMA || l->tok == CLOSE) &&
			    add_value(r, "") == -1)
				return -1;
			if (l->tok == CLOSE)
				return next(l);
		} else
			return expected(l, "',', or identifier");
	}
}

static int
parse_values(struct parser *l, struct selector_req *r)
{
	if (l->tok != OPEN)
		return fail(l->why, l->whylen,
		    "unable to parse requirement: "
		    "found '%s' expected: '('",
		    l->lit.data);
	if (next(l) == -1)
		return -1;
	if (is_word(l) || l->tok == COMMA)
		return parse_list(l, r);
	if (l->tok != CLOSE)
		return expected(l, "',', ')' or identifier");
	if (add_value(r, "") == -1)
		return -1;
	return next(l);
}

static int
parse_exact(struct parser *l, struct selector_req *r)
{
	if (l->tok == END || l->tok == COMMA)
		return add_value(r, "");
	if (!is_word(l))
		return expected(l, "identifier");
	if (add_value(r, l->lit.data) == -1)
		return -1;
	return next(l);
}

static int
parse_key(struct parser *l, struct selector_req *r)
{
	r->op = SELECTOR_EXISTS;
	if (l->tok == NOT) {
		r->op = SELECTOR_ABSENT;
		if (next(l) == -1)
			return -1;
	}
	if (!is_word(l))
		return expected(l, "identifier");
	if (key_is_good(l, l->lit.data) == -1)
		return -1;
	if ((r->key = strdup(l->lit.data)) == NULL)
		return -1;
	return next(l);
}

static int
parse_requirement(struct parser *l, struct selector_req *r)
{
	enum token operator;
	int rc;

	if (parse_key(l, r) == -1)
		return -1;
	if (r->op == SELECTOR_ABSENT || l->tok == END || l->tok == COMMA)
		return 0;
	operator= l->tok;
	if (parse_operator(l, r) == -1 || next(l) == -1)
		return -1;
	if (operator== IN || operator== NOT_IN)
		rc = parse_values(l, r);
	else
		rc = parse_exact(l, r);
	return rc == -1 ? -1 : values_are_good(l, r);
}

/* What may follow a requirement: the end, or a comma and another. */
static int
parse_separator(struct parser *l)
{
	if (l->tok == END)
		return 0;
	if (l->tok != COMMA)
		return fail(l->why, l->whylen,
		    "found '%s', expected: ',' or 'end of string'",
		    l->lit.data);
	if (next(l) == -1)
		return -1;
	if (!is_word(l) && l->tok != NOT)
		return fail(l->why, l->whylen,
		    "found '%s', expected: identifier after ','", l->lit.data);
	return 0;
}

static int
parse_labels(struct parser *l, struct selector *s)
{
	struct selector_req r;

	if (next(l) == -1)
		return -1;
	while (l->tok != END) {
		if (!is_word(l) && l->tok != NOT)
			return fail(l->why, l->whylen,
			    "found '%s', expected: "
			    "!, identifier, or 'end of string'",
			    l->lit.data);
		memset(&r, 0, sizeof(r));
		if (parse_requirement(l, &r) == -1) {
			req_free(&r);
			return -1;
		}
		if (add_req(s, &r) == -1 || parse_separator(l) == -1)
			return -1;
	}
	return 0;
}

/* What both parsers do at the end. */
static int
finish(struct selector *s, int rc, char *why, size_t whylen)
{
	int saved = errno;

	if (rc == 0) {
		sort(s);
		return 0;
	}
	selector_free(s);
	if (saved != EINVAL && whylen > 0)
		(void)snprintf(why, whylen, "%s", strerror(saved));
	errno = saved;
	return -1;
}

int
selector_parse_labels(struct selector *s, const char *text, char *why,
    size_t whylen)
{
	struct parser l = { .p = text, .why = why, .whylen = whylen };
	int rc, saved;

	memset(s, 0, sizeof(*s));
	rc = parse_labels(&l, s);
	saved = errno;
	buf_free(&l.lit);
	errno = saved;
	return finish(s, rc, why, whylen);
}

/* --- parsing field selectors --- */

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
			return fail(why, whylen,
			    "invalid field selector: "
			    "unescaped character in value: %d",
			    *s);
		if (*s == '\\') {
			s++;
			if (*s == '\0' || strchr("\\,=", *s) == NULL)
				return fail(why, whylen,
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
		return fail(why, whylen,
		    "invalid selector: '%s'; can't understand '%s'", text,
		    term);
	if (*op == '!')
		r.op = SELECTOR_NOTIN;
	value = op + (op[0] == '!' || op[1] == '=' ? 2 : 1);
	*op = '\0';
	if (unescape(value, why, whylen) == -1)
		return -1;
	if ((r.key = strdup(term)) == NULL || add_value(&r, value) == -1) {
		req_free(&r);
		return -1;
	}
	return add_req(s, &r);
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
	return finish(s, parse_fields(s, text, why, whylen), why, whylen);
}
