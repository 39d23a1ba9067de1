/*
 * What a selector matches, what it surely covers of another, and its
 * canonical text. Parsing is in selector_parse.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "label.h"
#include "selector.h"

static int
has_value(const struct selector_req *r, const char *value)
{
	size_t i;

	for (i = 0; i < r->nvalues; i++)
		if (strcmp(r->values[i], value) == 0)
			return 1;
	return 0;
}

static int
compare_ints(const char *a, const char *b, int *order)
{
	int64_t x, y;

	if (label_parse_int(a, &x) == -1 || label_parse_int(b, &y) == -1)
		return -1;
	*order = (x > y) - (x < y);
	return 0;
}

/* value is NULL where the object has none. */
static int
req_match(const struct selector_req *r, const char *value)
{
	int order;

	switch (r->op) {
	case SELECTOR_EXISTS:
		return value != NULL;
	case SELECTOR_ABSENT:
		return value == NULL;
	case SELECTOR_IN:
		return value != NULL && has_value(r, value);
	case SELECTOR_NOTIN:
		return value == NULL || !has_value(r, value);
	case SELECTOR_GT:
		return value != NULL &&
		    compare_ints(value, r->values[0], &order) == 0 && order > 0;
	case SELECTOR_LT:
		return value != NULL &&
		    compare_ints(value, r->values[0], &order) == 0 && order < 0;
	}
	return 0;
}

int
selector_match(const struct selector *s, selector_lookup *lookup,
    const void *object)
{
	size_t i;

	for (i = 0; i < s->nreqs; i++)
		if (!req_match(&s->reqs[i], lookup(object, s->reqs[i].key)))
			return 0;
	return 1;
}

int
selector_match_fields(const struct selector *s, selector_lookup *lookup,
    const void *object)
{
	const char *value;
	size_t i;

	for (i = 0; i < s->nreqs; i++) {
		value = lookup(object, s->reqs[i].key);
		if (!req_match(&s->reqs[i], value != NULL ? value : ""))
			return 0;
	}
	return 1;
}

/* --- covering --- */

/* The bound of a GT or LT: does the inner one leave no more than the outer? */
static int
bound_implied(const struct selector_req *outer,
    const struct selector_req *inner)
{
	int order;

	if (inner->op != outer->op ||
	    compare_ints(inner->values[0], outer->values[0], &order) == -1)
		return 0;
	return outer->op == SELECTOR_GT ? order >= 0 : order <= 0;
}

/* 1 if whatever meets inner surely meets outer. The keys are the same. */
static int
req_implied(const struct selector_req *outer, const struct selector_req *inner)
{
	size_t i;

	if (inner->op == SELECTOR_IN) {
		for (i = 0; i < inner->nvalues; i++)
			if (!req_match(outer, inner->values[i]))
				return 0;
		return 1;
	}
	switch (outer->op) {
	case SELECTOR_EXISTS:
		return inner->op == SELECTOR_EXISTS ||
		    inner->op == SELECTOR_GT || inner->op == SELECTOR_LT;
	case SELECTOR_ABSENT:
		return inner->op == SELECTOR_ABSENT;
	case SELECTOR_IN:
		return 0;
	case SELECTOR_NOTIN:
		for (i = 0; i < outer->nvalues; i++)
			if (req_match(inner, outer->values[i]))
				return 0;
		return 1;
	case SELECTOR_GT:
	case SELECTOR_LT:
		return bound_implied(outer, inner);
	}
	return 0;
}

int
selector_covers(const struct selector *outer, const struct selector *inner)
{
	size_t i, j;

	for (i = 0; i < outer->nreqs; i++) {
		for (j = 0; j < inner->nreqs; j++)
			if (strcmp(outer->reqs[i].key, inner->reqs[j].key) ==
				0 &&
			    req_implied(&outer->reqs[i], &inner->reqs[j]))
				break;
		if (j == inner->nreqs)
			return 0;
	}
	return 1;
}

const char *
selector_exact(const struct selector *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->nreqs; i++)
		if (s->reqs[i].op == SELECTOR_IN && s->reqs[i].nvalues == 1 &&
		    strcmp(s->reqs[i].key, key) == 0)
			return s->reqs[i].values[0];
	return NULL;
}

/* --- canonical text --- */

static int
add_values(struct buf *b, const struct selector_req *r, const char *operator)
{
	size_t i;

	if (buf_puts(b, operator) == -1)
		return -1;
	for (i = 0; i < r->nvalues; i++)
		if ((i > 0 && buf_puts(b, ",") == -1) ||
		    buf_puts(b, r->values[i]) == -1)
			return -1;
	return operator[0] == ' ' ? buf_puts(b, ")") : 0;
}

static int
add_label_req(struct buf *b, const struct selector_req *r)
{
	if (r->op == SELECTOR_ABSENT && buf_puts(b, "!") == -1)
		return -1;
	if (buf_puts(b, r->key) == -1)
		return -1;
	switch (r->op) {
	case SELECTOR_EXISTS:
	case SELECTOR_ABSENT:
		return 0;
	case SELECTOR_IN:
		return add_values(b, r, r->nvalues == 1 ? "=" : " in (");
	case SELECTOR_NOTIN:
		return add_values(b, r, r->nvalues == 1 ? "!=" : " notin (");
	case SELECTOR_GT:
		return add_values(b, r, ">");
	case SELECTOR_LT:
		return add_values(b, r, "<");
	}
	return 0;
}

static int
add_field_req(struct buf *b, const struct selector_req *r)
{
	const char *p;

	if (buf_puts(b, r->key) == -1 ||
	    buf_puts(b, r->op == SELECTOR_IN ? "=" : "!=") == -1)
		return -1;
	for (p = r->values[0]; *p != '\0'; p++)
		if ((strchr("\\,=", *p) != NULL && buf_puts(b, "\\") == -1) ||
		    buf_add(b, p, 1) == -1)
			return -1;
	return 0;
}

static char *
string(const struct selector *s,
    int (*add)(struct buf *, const struct selector_req *))
{
	struct buf b = { 0 };
	size_t i;

	if (buf_puts(&b, "") == -1)
		return NULL;
	for (i = 0; i < s->nreqs; i++) {
		if ((i > 0 && buf_puts(&b, ",") == -1) ||
		    add(&b, &s->reqs[i]) == -1) {
			buf_free(&b);
			errno = ENOMEM;
			return NULL;
		}
	}
	return b.data;
}

char *
selector_string_labels(const struct selector *s)
{
	return string(s, add_label_req);
}

char *
selector_string_fields(const struct selector *s)
{
	return string(s, add_field_req);
}
