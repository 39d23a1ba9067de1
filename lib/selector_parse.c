/*
 * Label selectors: what apimachinery's pkg/labels accepts and refuses, in its
 * words. = and == are IN of one value, != is NOTIN of one.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "label.h"
#include "selector_parts.h"

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
	return selector_fail(l->why, l->whylen,
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
		rc = selector_fail(l->why, l->whylen,
		    "unable to parse requirement: %s", all.data);
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
		rc = selector_fail(l->why, l->whylen,
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
			if (selector_add_value(r, l->lit.data) == -1 ||
			    next(l) == -1)
				return -1;
			if (l->tok == CLOSE)
				return next(l);
			if (l->tok != COMMA)
				return expected(l, "',' or ')'");
		} else if (l->tok == COMMA) {
			if (r->nvalues == 0 && selector_add_value(r, "") == -1)
				return -1;
			if (next(l) == -1)
				return -1;
			if ((l->tok == COMMA || l->tok == CLOSE) &&
			    selector_add_value(r, "") == -1)
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
		return selector_fail(l->why, l->whylen,
		    "unable to parse requirement: "
		    "found '%s' expected: '('",
		    l->lit.data);
	if (next(l) == -1)
		return -1;
	if (is_word(l) || l->tok == COMMA)
		return parse_list(l, r);
	if (l->tok != CLOSE)
		return expected(l, "',', ')' or identifier");
	if (selector_add_value(r, "") == -1)
		return -1;
	return next(l);
}

static int
parse_exact(struct parser *l, struct selector_req *r)
{
	if (l->tok == END || l->tok == COMMA)
		return selector_add_value(r, "");
	if (!is_word(l))
		return expected(l, "identifier");
	if (selector_add_value(r, l->lit.data) == -1)
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
		return selector_fail(l->why, l->whylen,
		    "found '%s', expected: ',' or 'end of string'",
		    l->lit.data);
	if (next(l) == -1)
		return -1;
	if (!is_word(l) && l->tok != NOT)
		return selector_fail(l->why, l->whylen,
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
			return selector_fail(l->why, l->whylen,
			    "found '%s', expected: "
			    "!, identifier, or 'end of string'",
			    l->lit.data);
		memset(&r, 0, sizeof(r));
		if (parse_requirement(l, &r) == -1) {
			selector_req_free(&r);
			return -1;
		}
		if (selector_add_req(s, &r) == -1 || parse_separator(l) == -1)
			return -1;
	}
	return 0;
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
	return selector_finish(s, rc, why, whylen);
}
