/*
 * Looking into JSON without taking it apart: what a LIST cuts out of objects
 * by the thousand.
 */
#include <string.h>

#include "span.h"

static const char *
skip_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at p. */
static const char *
skip_string(const char *p, const char *end)
{
	const char *quote, *from = ++p;

	while ((quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
		/* an odd number of backslashes before it makes it a part */
		for (p = quote; p > from && p[-1] == '\\'; p--)
			;
		if ((quote - p) % 2 == 0)
			return quote + 1;
		p = quote + 1;
	}
	return end;
}

/* Behind the array or object that begins at p. */
static const char *
skip_container(const char *p, const char *end)
{
	static const signed char step[256] = {
		['"'] = 2,
		['{'] = 1,
		['['] = 1,
		['}'] = -1,
		[']'] = -1,
	};
	size_t depth = 0;
	int s;

	while (p < end) {
		if ((s = step[(unsigned char)*p]) == 2) {
			p = skip_string(p, end);
			continue;
		}
		p++;
		depth += (size_t)s;
		if (depth == 0)
			return p;
	}
	return p;
}

/* Behind the value that begins at p. */
static const char *
skip_value(const char *p, const char *end)
{
	if (p < end && *p == '"')
		return skip_string(p, end);
	if (p < end && (*p == '{' || *p == '['))
		return skip_container(p, end);
	while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != '"' &&
	    *p != '{' && *p != '[')
		p++;
	return p;
}

static void
set(struct span *s, const char *from, const char *to)
{
	s->p = from;
	s->n = (size_t)(to - from);
}

int
span_member(struct span text, const char *name, struct span *value,
    struct span *whole)
{
	const char *p, *end, *key, *key_end, *from, *before = NULL;
	size_t len = strlen(name);

	if (text.n == 0)
		return -1;
	end = text.p + text.n;
	p = skip_blank(text.p, end);
	if (p == end || *p++ != '{')
		return -1;
	for (;; before = p++) {
		key = p = skip_blank(p, end);
		if (p == end || *p != '"')
			return -1;
		key_end = skip_string(p, end);
		p = skip_blank(key_end, end);
		if (p == end || *p++ != ':')
			return -1;
		from = skip_blank(p, end);
		p = skip_value(from, end);
		if ((size_t)(key_end - key) == len + 2 &&
		    memcmp(key + 1, name, len) == 0)
			break;
		p = skip_blank(p, end);
		if (p == end || *p != ',')
			return -1;
	}
	set(value, from, p);
	if (whole == NULL)
		return 0;
	p = skip_blank(p, end);
	if (p < end && *p == ',')
		set(whole, key, p + 1);
	else
		set(whole, before == NULL ? key : before, p);
	return 0;
}

int
span_next(struct span *at, struct span *key, struct span *value)
{
	const char *p, *end, *from;
	struct span name = { NULL, 0 };

	if (at->n == 0)
		return -1;
	end = at->p + at->n;
	p = skip_blank(at->p, end);
	if (p == end || (*p != '{' && *p != '[' && *p != ','))
		return -1;
	from = p = skip_blank(p + 1, end);
	p = skip_value(from, end);
	if (p == from)
		return -1;
	set(value, from, p);
	p = skip_blank(p, end);
	if (p < end && *p == ':' && *from == '"') {
		name = *value;
		from = skip_blank(p + 1, end);
		p = skip_value(from, end);
		set(value, from, p);
		p = skip_blank(p, end);
	}
	if (key != NULL)
		*key = name;
	set(at, p, end);
	return 0;
}

/* --- indent --- */

static int
new_line(struct indent *i, struct buf *b)
{
	size_t n = 1 + 2 * (size_t)i->depth;

	if (buf_reserve(b, n) == -1)
		return -1;
	b->data[b->len] = '\n';
	memset(b->data + b->len + 1, ' ', n - 1);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

/* A byte outside of strings. */
static int
add_token(struct indent *i, struct buf *b, char c)
{
	int closes = c == '}' || c == ']';

	if (closes) {
		if (i->depth > 0)
			i->depth--;
		if (!i->opened && new_line(i, b) == -1)
			return -1;
	} else if (i->opened && new_line(i, b) == -1)
		return -1;
	i->opened = c == '{' || c == '[';
	if (i->opened)
		i->depth++;
	i->in_string = c == '"';
	if (buf_add(b, &c, 1) == -1)
		return -1;
	if (c == ':')
		return buf_add(b, " ", 1);
	return c == ',' ? new_line(i, b) : 0;
}

int
indent_add(struct indent *i, struct buf *b, const char *p, size_t n)
{
	const char *end = p + n, *from;

	while (p < end) {
		if (!i->in_string) {
			if (*p != ' ' && *p != '\t' && *p != '\n' &&
			    *p != '\r' && add_token(i, b, *p) == -1)
				return -1;
			p++;
			continue;
		}
		for (from = p; p < end && i->in_string; p++) {
			if (i->escaped)
				i->escaped = 0;
			else if (*p == '\\')
				i->escaped = 1;
			else if (*p == '"')
				i->in_string = 0;
		}
		if (buf_add(b, from, (size_t)(p - from)) == -1)
			return -1;
	}
	return 0;
}
