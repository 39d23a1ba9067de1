/*
 * ote-table: objects as the rows of a Table, or as kubectl prints one. With a
 * clock of its own it prints the same again.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "table.h"

#define INPUT_MAX ((size_t)1 << 30)
#define FILE_MAX ((size_t)16 << 20)
#define GAP 3
#define WIDTH_MIN 6

struct input {
	struct buf text;
	struct span *objects;
	size_t n;
	const struct table *table;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-table [-htw] [-c definition] [-d columns] [-s time] "
	      "path\n",
	    out);
}

static json_t *
load_file(const char *name)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *json;

	if (buf_read_file(&b, AT_FDCWD, name, FILE_MAX) == -1)
		err(111, "%s", name);
	if ((json = json_loadb(b.data, b.len, 0, &error)) == NULL)
		errx(111, "%s: %s", name, error.text);
	buf_free(&b);
	return json;
}

/* --- objects --- */

static void
add_object(struct input *in, struct span o)
{
	struct span *more;

	more = reallocarray(in->objects, in->n + 1, sizeof(*more));
	if (more == NULL)
		err(111, "no memory for objects");
	in->objects = more;
	in->objects[in->n++] = o;
}

/* A text is an object, or has them as its items. */
static void
take_text(struct input *in, struct span text)
{
	struct span items = span_at(text, "items"), o;

	if (items.p == NULL || *items.p != '[')
		add_object(in, text);
	else
		while (span_next(&items, NULL, &o) == 0)
			add_object(in, o);
}

static void
take_input(struct input *in)
{
	json_error_t error;
	struct span text;
	json_t *json;
	size_t at = 0;

	if (buf_read_fd(&in->text, STDIN_FILENO, INPUT_MAX) == -1)
		err(111, "standard input");
	for (;; at += text.n) {
		while (at < in->text.len &&
		    isspace((unsigned char)in->text.data[at]))
			at++;
		if (at == in->text.len)
			return;
		text.p = in->text.data + at;
		json = json_loadb(text.p, in->text.len - at,
		    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL |
			JSON_DECODE_INT_AS_REAL,
		    &error);
		if (json == NULL)
			errx(111, "standard input: line %d: %s", error.line,
			    error.text);
		if (!json_is_object(json))
			errx(111, "standard input: not an object");
		json_decref(json);
		text.n = (size_t)error.position;
		take_text(in, text);
	}
}

static const struct table *sorted_by;

static int
compare_objects(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int c = table_compare(sorted_by, *x, *y);

	return c != 0 ? c : (x->p > y->p) - (x->p < y->p);
}

/* --- as JSON --- */

static void
add_rows(struct buf *b, const struct input *in, long long now)
{
	size_t i;

	for (i = 0; i < in->n; i++)
		if (buf_puts(b, i > 0 ? ",{\"cells\":" : "{\"cells\":") == -1 ||
		    table_cells(in->table, b, in->objects[i], now) == -1 ||
		    buf_puts(b, ",\"object\":null}") == -1)
			err(111, "row %zu", i + 1);
}

static void
make_table(struct buf *b, const struct input *in, long long now)
{
	if (buf_puts(b,
		"{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\","
		"\"metadata\":{},\"columnDefinitions\":") == -1 ||
	    table_columns(in->table, b) == -1 ||
	    buf_puts(b, ",\"rows\":[") == -1)
		err(111, "columns");
	add_rows(b, in, now);
	if (buf_puts(b, "]}\n") == -1)
		err(111, "rows");
}

/* --- as text --- */

static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A cell as kubectl writes it: up to the end of its first line. */
static char *
cell_text(const json_t *cell)
{
	const char *s = json_string_value(cell);
	char *text = NULL;
	int n;

	if (s == NULL && !json_is_null(cell))
		text = json_dumps(cell, JSON_ENCODE_ANY);
	else if (s == NULL)
		text = strdup("");
	else {
		n = (int)strcspn(s, "\f\n\r");
		if (asprintf(&text, "%.*s%s", n, s,
			s[n] == '\0' ? "" : "...") == -1)
			text = NULL;
	}
	if (text == NULL)
		err(111, "no memory for a cell");
	return text;
}

static char *
header_text(const json_t *column)
{
	const char *name = json_string_value(json_object_get(column, "name"));
	char *text = strdup(name == NULL ? "" : name), *p;

	if (text == NULL)
		err(111, "no memory for a header");
	for (p = text; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return text;
}

static int
is_shown(const json_t *column, int wide)
{
	return wide ||
	    json_integer_value(json_object_get(column, "priority")) == 0;
}

/* The text of a row's column; row 0 is the header. */
static char *
text_at(const json_t *table, size_t row, size_t column)
{
	json_t *columns = json_object_get(table, "columnDefinitions"), *r;

	if (row == 0)
		return header_text(json_array_get(columns, column));
	r = json_array_get(json_object_get(table, "rows"), row - 1);
	return cell_text(json_array_get(json_object_get(r, "cells"), column));
}

static void
print_row(const json_t *table, const size_t *widths, size_t n, size_t row)
{
	size_t i, k, last = n;
	char *text;

	for (i = 0; i < n; i++)
		if (widths[i] > 0)
			last = i;
	for (i = 0; i < n; i++) {
		if (widths[i] == 0)
			continue;
		text = text_at(table, row, i);
		fputs(text, stdout);
		for (k = width_of(text); i != last && k < widths[i]; k++)
			putchar(' ');
		free(text);
	}
	putchar('\n');
}

static void
print_text(const struct buf *b, int wide)
{
	json_t *table = json_loadb(b->data, b->len, JSON_ALLOW_NUL, NULL);
	json_t *columns = json_object_get(table, "columnDefinitions");
	size_t n = json_array_size(columns), i, k, width, *widths;
	size_t rows = json_array_size(json_object_get(table, "rows")) + 1;
	char *text;

	if (table == NULL || (widths = calloc(n + 1, sizeof(*widths))) == NULL)
		errx(111, "no memory for a table");
	for (i = 0; i < n; i++) {
		if (!is_shown(json_array_get(columns, i), wide))
			continue;
		widths[i] = WIDTH_MIN;
		for (k = 0; k < rows; k++) {
			text = text_at(table, k, i);
			width = width_of(text) + GAP;
			free(text);
			if (width > widths[i])
				widths[i] = width;
		}
	}
	for (k = 0; k < rows; k++)
		print_row(table, widths, n, k);
	free(widths);
	json_decref(table);
}

int
main(int argc, char *argv[])
{
	json_t *crd = NULL, *columns = NULL;
	struct input in = { 0 };
	struct buf b = { 0 };
	struct table *table;
	struct apipath p;
	long long now = wall_us();
	int c, as_text = 0, wide = 0;
	char *end;

	while ((c = getopt(argc, argv, "c:d:hs:tw")) != -1)
		switch (c) {
		case 'c':
			crd = load_file(optarg);
			break;
		case 'd':
			columns = load_file(optarg);
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 's':
			errno = 0;
			now = strtoll(optarg, &end, 10);
			if (errno != 0 || end == optarg || *end != '\0' ||
			    now < -9000000000LL || now > 9000000000LL)
				errx(100, "%s: not a time", optarg);
			now *= 1000000;
			break;
		case 't':
			as_text = 1;
			break;
		case 'w':
			as_text = wide = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	if (argc - optind != 1) {
		usage(stderr);
		return 100;
	}
	if (apipath_parse(&p, argv[optind]) == -1 || *p.resource == '\0')
		errx(100, "%s: not the path of a resource", argv[optind]);
	if ((table = table_make(&p, crd, columns)) == NULL)
		err(111, "columns");
	in.table = sorted_by = table;
	take_input(&in);
	if (table_is_sorted(table))
		qsort(in.objects, in.n, sizeof(*in.objects), compare_objects);
	make_table(&b, &in, now);
	if (as_text)
		print_text(&b, wide);
	else
		fwrite(b.data, 1, b.len, stdout);
	if (fflush(stdout) == EOF || ferror(stdout))
		err(111, "standard output");
	buf_free(&b);
	buf_free(&in.text);
	free(in.objects);
	table_free(table);
	json_decref(crd);
	json_decref(columns);
	return in.n > 0 ? 0 : 1;
}
