/*
 * A byte-wise automaton over the structure of a <Kind>List. Only depth and
 * strings are tracked inside a value: brackets that do not match are found by
 * whoever parses the item or the rest, both of which are bounded by max_item.
 */
#include <errno.h>
#include <string.h>

#include "split.h"

enum state {
	START,	   /* before { */
	FIRST_KEY, /* behind {: a key or } */
	KEY,	   /* behind a comma: a key */
	IN_KEY,
	COLON,
	VALUE,
	IN_VALUE,
	IN_SCALAR,
	AFTER_VALUE, /* a comma or } */
	ITEMS,	     /* the value of "items": [ or null */
	FIRST_ITEM,  /* behind [: an item or ] */
	ITEM,	     /* behind a comma: an item */
	IN_ITEM,
	AFTER_ITEM, /* a comma or ] */
	END,	    /* behind } */
	BROKEN,
};

void
split_init(struct split *s, int (*item)(void *, const char *, size_t),
    void *arg, size_t max_item)
{
	memset(s, 0, sizeof(*s));
	s->item = item;
	s->arg = arg;
	s->max_item = max_item;
	s->state = START;
}

void
split_free(struct split *s)
{
	buf_free(&s->rest);
	buf_free(&s->part);
	s->state = START;
}

int
split_done(const struct split *s)
{
	return s->state == END;
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int
add(struct split *s, struct buf *b, const char *p, size_t n)
{
	if (n > s->max_item || b->len > s->max_item - n) {
		errno = EMSGSIZE;
		return -1;
	}
	return buf_add(b, p, n);
}

static int
bad(void)
{
	errno = EBADMSG;
	return -1;
}

/*
 * Bytes of p that still belong to the string, object or array begun, up to n.
 * Its end is within them exactly when nothing is open afterwards.
 */
static size_t
scan(struct split *s, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s->escaped)
			s->escaped = 0;
		else if (s->instring && p[i] == '\\')
			s->escaped = 1;
		else if (p[i] == '"')
			s->instring = !s->instring;
		else if (s->instring)
			continue;
		else if (p[i] == '{' || p[i] == '[')
			s->depth++;
		else if (p[i] == '}' || p[i] == ']')
			s->depth--;
		if (!s->instring && s->depth == 0)
			return i + 1;
	}
	return n;
}

static int
is_open(const struct split *s)
{
	return s->instring || s->depth > 0;
}

/* A part of an item. Items that lie in one piece are not copied. */
static int
take_item(struct split *s, const char *p, size_t n, size_t *used)
{
	int rc;

	*used = scan(s, p, n);
	if (is_open(s))
		return add(s, &s->part, p, *used);
	s->state = AFTER_ITEM;
	if (s->part.len == 0 && *used <= s->max_item)
		return s->item(s->arg, p, *used) != 0 ? -1 : 0;
	if (add(s, &s->part, p, *used) == -1)
		return -1;
	rc = s->item(s->arg, s->part.data, s->part.len);
	s->part.len = 0;
	return rc != 0 ? -1 : 0;
}

static int
take_key(struct split *s, const char *p, size_t n, size_t *used)
{
	*used = scan(s, p, n);
	if (add(s, &s->part, p, *used) == -1 ||
	    add(s, &s->rest, p, *used) == -1)
		return -1;
	if (is_open(s))
		return 0;
	s->state = COLON;
	return 0;
}

/* A string, object or array beside items: it ends itself. */
static int
take_value(struct split *s, const char *p, size_t n, size_t *used)
{
	*used = scan(s, p, n);
	if (!is_open(s))
		s->state = AFTER_VALUE;
	return add(s, &s->rest, p, *used);
}

/* A number or literal: ended by what stands behind it. */
static int
take_scalar(struct split *s, const char *p, size_t n, size_t *used)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_space(p[i]) || p[i] == ',' || p[i] == '}') {
			s->state = AFTER_VALUE;
			break;
		}
		if (strchr("{[]\":", p[i]) != NULL)
			return bad();
	}
	*used = i;
	return add(s, &s->rest, p, i);
}

/* The state of a value that begins with c, or -1. */
static int
begin_value(char c)
{
	if (is_space(c) || strchr("}],:", c) != NULL)
		return -1;
	return c == '"' || c == '{' || c == '[' ? IN_VALUE : IN_SCALAR;
}

/* The state in which c is the first byte of something, or -1. */
static int
begin(const struct split *s, char c)
{
	switch (s->state) {
	case FIRST_KEY:
	case KEY:
		return c == '"' ? IN_KEY : -1;
	case FIRST_ITEM:
	case ITEM:
		return c == '{' ? IN_ITEM : -1;
	case ITEMS:
		return c == 'n' ? IN_SCALAR : -1;
	case VALUE:
		return begin_value(c);
	}
	return -1;
}

/* The state behind the structural byte c, or -1 if it may not stand here. */
static int
follow(const struct split *s, char c)
{
	switch (s->state) {
	case START:
		return c == '{' ? FIRST_KEY : -1;
	case FIRST_KEY:
		return c == '}' ? END : -1;
	case AFTER_VALUE:
		return c == ',' ? KEY : c == '}' ? END : -1;
	case COLON:
		return c == ':' ? VALUE : -1;
	case ITEMS:
		return c == '[' ? FIRST_ITEM : -1;
	case FIRST_ITEM:
		return c == ']' ? AFTER_VALUE : -1;
	case AFTER_ITEM:
		return c == ',' ? ITEM : c == ']' ? AFTER_VALUE : -1;
	}
	return -1;
}

/* The key is whole: a second "items" would leave open which one is meant. */
static int
end_key(struct split *s)
{
	int items;

	items = s->part.len == 7 && memcmp(s->part.data, "\"items\"", 7) == 0;
	s->part.len = 0;
	if (!items)
		return 0;
	if (s->initems)
		return bad();
	s->initems = 1;
	s->state = ITEMS;
	return 0;
}

static int
structure(struct split *s, char c)
{
	int from = s->state;

	s->state = follow(s, c);
	if (s->state == -1)
		return bad();
	if (from == COLON && end_key(s) == -1)
		return -1;
	if (from == AFTER_ITEM && c == ',')
		return 0;
	return add(s, &s->rest, &c, 1);
}

/* Take in what can be at once. Nothing is used where a state begins. */
static int
step(struct split *s, const char *p, size_t n, size_t *used)
{
	int next;

	*used = 0;
	switch (s->state) {
	case IN_KEY:
		return take_key(s, p, n, used);
	case IN_VALUE:
		return take_value(s, p, n, used);
	case IN_SCALAR:
		return take_scalar(s, p, n, used);
	case IN_ITEM:
		return take_item(s, p, n, used);
	case BROKEN:
		return bad();
	}
	next = begin(s, *p);
	if (next != -1) {
		s->state = next;
		return 0;
	}
	*used = 1;
	return is_space(*p) ? 0 : structure(s, *p);
}

int
split_feed(struct split *s, const char *p, size_t n)
{
	size_t used;

	while (n > 0) {
		if (step(s, p, n, &used) == -1) {
			s->state = BROKEN;
			return -1;
		}
		p += used;
		n -= used;
	}
	return 0;
}
