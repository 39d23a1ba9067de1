/*
 * The words of Go's encoding/json for a text that is no JSON. Its scanner
 * reads a blank behind the end, so that a literal or number that is cut off
 * is told as one with a blank in it.
 */
#include <stdio.h>
#include <string.h>

#include "patch_parts.h"

#define DEPTH_MAX 2048 /* jansson's, which refuses what is deeper */

struct scan {
	const char *p, *end;
	char *out;
	size_t outlen;
};

static int
quote(char *out, size_t outlen, unsigned char c)
{
	static const char names[] = "abtnvfr"; /* 7 to 13 */

	if (c == '\'' || c == '\\')
		return snprintf(out, outlen, "'\\%c'", c);
	if (c >= 7 && c <= 13)
		return snprintf(out, outlen, "'\\%c'", names[c - 7]);
	if (c < ' ' || c == 0x7f)
		return snprintf(out, outlen, "'\\x%02x'", c);
	if ((c >= 0x80 && c <= 0xa0) || c == 0xad)
		return snprintf(out, outlen, "'\\u%04x'", c);
	if (c > 0xa0)
		return snprintf(out, outlen, "'%c%c'", 0xc0 | c >> 6,
		    0x80 | (c & 0x3f));
	return snprintf(out, outlen, "'%c'", c);
}

/* In a place where a blank is wrong too. */
static int
bad(struct scan *s, const char *where)
{
	char c[16];

	quote(c, sizeof(c), s->p < s->end ? (unsigned char)*s->p : ' ');
	snprintf(s->out, s->outlen, "invalid character %s %s", c, where);
	return -1;
}

/* In a place where a blank may be. */
static int
unexpected(struct scan *s, const char *where)
{
	if (s->p < s->end)
		return bad(s, where);
	snprintf(s->out, s->outlen, "unexpected end of JSON input");
	return -1;
}

static int
peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

static int
after_blanks(struct scan *s)
{
	while (
	    s->p < s->end && strchr(" \t\r\n", *s->p) != NULL && *s->p != '\0')
		s->p++;
	return peek(s);
}

static int
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int
escape(struct scan *s)
{
	int c = peek(s), i;

	if (c <= 0 || strchr("bfnrt\\/\"u", c) == NULL)
		return bad(s, "in string escape code");
	s->p++;
	for (i = 0; c == 'u' && i < 4; i++, s->p++) {
		int h = peek(s);

		if (h <= 0 || strchr("0123456789abcdefABCDEF", h) == NULL)
			return bad(s, "in \\u hexadecimal character escape");
	}
	return 0;
}

static int
string(struct scan *s)
{
	int c;

	for (s->p++; (c = peek(s)) != '"';) {
		if (c == -1)
			return unexpected(s, "");
		if (c < ' ')
			return bad(s, "in string literal");
		s->p++;
		if (c == '\\' && escape(s) == -1)
			return -1;
	}
	s->p++;
	return 0;
}

/* At least one. */
static int
digits(struct scan *s, const char *where)
{
	if (!is_digit(peek(s)))
		return bad(s, where);
	while (is_digit(peek(s)))
		s->p++;
	return 0;
}

static int
number(struct scan *s)
{
	if (peek(s) == '-')
		s->p++;
	if (peek(s) == '0')
		s->p++;
	else if (digits(s, "in numeric literal") == -1)
		return -1;
	if (peek(s) == '.') {
		s->p++;
		if (digits(s, "after decimal point in numeric literal") == -1)
			return -1;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->p++;
		if (peek(s) == '+' || peek(s) == '-')
			s->p++;
		return digits(s, "in exponent of numeric literal");
	}
	return 0;
}

static int
literal(struct scan *s, const char *word)
{
	char where[64];
	const char *w;

	for (w = word; *w != '\0'; w++, s->p++) {
		if (peek(s) == *w)
			continue;
		snprintf(where, sizeof(where), "in literal %s (expecting '%c')",
		    word, *w);
		return bad(s, where);
	}
	return 0;
}

static int value(struct scan *, int);

static int
key(struct scan *s)
{
	if (after_blanks(s) != '"')
		return unexpected(s,
		    "looking for beginning of object key "
		    "string");
	if (string(s) == -1)
		return -1;
	if (after_blanks(s) != ':')
		return unexpected(s, "after object key");
	s->p++;
	return 0;
}

/* An object if close is '}', else an array. */
static int
container(struct scan *s, char close, int depth)
{
	int c;

	s->p++;
	if (after_blanks(s) == close) {
		s->p++;
		return 0;
	}
	for (;; s->p++) {
		if ((close == '}' && key(s) == -1) || value(s, depth + 1) == -1)
			return -1;
		if ((c = after_blanks(s)) == close)
			break;
		if (c != ',')
			return unexpected(s,
			    close == '}' ? "after object key:value pair"
					 : "after array element");
	}
	s->p++;
	return 0;
}

static int
value(struct scan *s, int depth)
{
	int c = after_blanks(s);

	if (depth > DEPTH_MAX) {
		snprintf(s->out, s->outlen, "exceeded max depth");
		return -1;
	}
	if (c == '{')
		return container(s, '}', depth);
	if (c == '[')
		return container(s, ']', depth);
	if (c == '"')
		return string(s);
	if (c == '-' || is_digit(c))
		return number(s);
	if (c == 't')
		return literal(s, "true");
	if (c == 'f')
		return literal(s, "false");
	if (c == 'n')
		return literal(s, "null");
	return unexpected(s, "looking for beginning of value");
}

void
patch_go_syntax(const char *text, size_t len, char *out, size_t outlen)
{
	struct scan s = { text, text + len, out, outlen };

	out[0] = '\0';
	if (value(&s, 0) == 0 && after_blanks(&s) != -1)
		(void)bad(&s, "after top-level value");
}
