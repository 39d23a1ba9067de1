/*
 * The pieces that cells are made of.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "printer.h"

/* Requirements, labels: what is sorted before it is written. */
#define SORTED_MAX 512

void
row_init(struct row *r, struct buf *b, const char *version, struct span object,
    long long now)
{
	struct span at = object, key, value;

	memset(r, 0, sizeof(*r));
	r->b = b;
	r->version = version;
	r->o = object;
	r->now = now;
	while (span_next(&at, &key, &value) == 0)
		if (span_is(key, "metadata"))
			r->meta = value;
		else if (span_is(key, "spec"))
			r->spec = value;
		else if (span_is(key, "status"))
			r->status = value;
}

struct span
row_at(const struct row *r, const char *path)
{
	if (strncmp(path, "metadata.", 9) == 0)
		return span_at(r->meta, path + 9);
	if (strncmp(path, "spec.", 5) == 0)
		return span_at(r->spec, path + 5);
	if (strncmp(path, "status.", 7) == 0)
		return span_at(r->status, path + 7);
	return span_at(r->o, path);
}

void
row_raw(struct row *r, const char *bytes, size_t n)
{
	if (n > 0 && r->failed == 0 && buf_add(r->b, bytes, n) == -1)
		r->failed = errno;
}

void
row_puts(struct row *r, const char *text)
{
	char escaped[8];
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, "<>&\"\\");
		row_raw(r, text, n);
		text += n;
		if (*text == '\0')
			break;
		snprintf(escaped, sizeof(escaped), "\\u%04x", *text++);
		row_raw(r, escaped, 6);
	}
}

void
row_printf(struct row *r, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	row_puts(r, text);
}

void
row_string(struct row *r, struct span value)
{
	value = span_inner(value);
	row_raw(r, value.p, value.n);
}

void
row_lower(struct row *r, struct span value)
{
	size_t from = r->b->len;

	row_string(r, value);
	for (; r->failed == 0 && from < r->b->len; from++)
		r->b->data[from] =
		    (char)tolower((unsigned char)r->b->data[from]);
}

void
row_since(struct row *r, struct span time)
{
	char text[HUMAN_LEN] = "<unknown>";
	long long at;

	if (human_time(time, &at) == 0)
		human_duration(r->now - at, text);
	row_puts(r, text);
}

void
row_join(struct row *r, struct span array, const char *between)
{
	const char *sep = "";
	struct span value;

	for (; span_next(&array, NULL, &value) == 0; sep = between) {
		row_puts(r, sep);
		row_string(r, value);
	}
}

void
row_join_member(struct row *r, struct span array, const char *member)
{
	const char *sep = "";
	struct span value;

	for (; span_next(&array, NULL, &value) == 0; sep = ",") {
		row_puts(r, sep);
		row_string(r, span_at(value, member));
	}
}

/* --- what is sorted --- */

struct pair {
	struct span key, value;
	const char *op; /* NULL: a label */
};

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return span_compare(span_inner(x->key), span_inner(y->key));
}

static int
compare_spans(const void *a, const void *b)
{
	return span_compare(span_inner(*(const struct span *)a),
	    span_inner(*(const struct span *)b));
}

static size_t
take_pairs(struct span map, struct pair *pairs, size_t n, size_t max)
{
	for (; n < max && span_next(&map, &pairs[n].key, &pairs[n].value) == 0;
	     n++)
		pairs[n].op = NULL;
	return n;
}

static void
put_values(struct row *r, const struct pair *p)
{
	struct span at = p->value, values[64];
	size_t i, n = 0;

	while (n < 64 && span_next(&at, NULL, &values[n]) == 0)
		n++;
	qsort(values, n, sizeof(*values), compare_spans);
	row_printf(r, " %s (", p->op);
	for (i = 0; i < n; i++) {
		row_puts(r, i > 0 ? "," : "");
		row_string(r, values[i]);
	}
	row_puts(r, ")");
}

static void
put_pairs(struct row *r, struct pair *pairs, size_t n)
{
	size_t i;

	qsort(pairs, n, sizeof(*pairs), compare_pairs);
	for (i = 0; i < n; i++) {
		row_puts(r, i > 0 ? "," : "");
		if (pairs[i].op != NULL && *pairs[i].op == '!')
			row_puts(r, "!");
		row_string(r, pairs[i].key);
		if (pairs[i].op == NULL) {
			row_puts(r, "=");
			row_string(r, pairs[i].value);
		} else if (pairs[i].op[0] == 'i' || pairs[i].op[0] == 'n')
			put_values(r, &pairs[i]);
	}
}

void
row_labels(struct row *r, struct span map)
{
	struct pair pairs[SORTED_MAX];
	size_t n = take_pairs(map, pairs, 0, SORTED_MAX);

	if (n == 0)
		row_puts(r, "<none>");
	put_pairs(r, pairs, n);
}

static const char *
operator_of(struct span expression)
{
	struct span op = span_at(expression, "operator");

	if (span_is(op, "In"))
		return "in";
	if (span_is(op, "NotIn"))
		return "notin";
	return span_is(op, "Exists") ? "" : "!";
}

void
row_selector(struct row *r, struct span selector, const char *none)
{
	struct pair pairs[SORTED_MAX];
	struct span at = span_at(selector, "matchExpressions"), value;
	size_t n;

	n = take_pairs(span_at(selector, "matchLabels"), pairs, 0, SORTED_MAX);
	for (; n < SORTED_MAX && span_next(&at, NULL, &value) == 0; n++) {
		pairs[n].key = span_at(value, "key");
		pairs[n].value = span_at(value, "values");
		pairs[n].op = operator_of(value);
	}
	if (n == 0)
		row_puts(r, none);
	put_pairs(r, pairs, n);
}

void
row_ingress(struct row *r, struct span ingress)
{
	struct span all[SORTED_MAX], at;
	size_t i, n = 0;

	while (n < SORTED_MAX && span_next(&ingress, NULL, &at) == 0) {
		all[n] = span_at(at, "ip");
		if (span_inner(all[n]).n == 0)
			all[n] = span_at(at, "hostname");
		n += span_inner(all[n]).n > 0;
	}
	qsort(all, n, sizeof(*all), compare_spans);
	for (i = 0; i < n; i++) {
		if (i > 0 && compare_spans(&all[i - 1], &all[i]) == 0)
			continue;
		row_puts(r, i > 0 ? "," : "");
		row_string(r, all[i]);
	}
}

/* --- conditions --- */

struct span
row_condition(struct span conditions, const char *type)
{
	static const struct span none = { NULL, 0 };
	struct span value;

	while (span_next(&conditions, NULL, &value) == 0)
		if (span_is(span_at(value, "type"), type))
			return value;
	return none;
}

int
row_condition_true(struct span conditions, const char *type)
{
	return span_is(span_at(row_condition(conditions, type), "status"),
	    "True");
}
