/*
 * Which columns a table has: built in (lib/printer.h), of a definition
 * (apiextensions tableconvertor), those that the master gave, or the default
 * ones (apiserver registry/rest/table.go).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gojson.h"
#include "human.h"
#include "jsonpath.h"
#include "printer.h"
#include "table.h"

#define COLUMNS_MAX 256

struct column {
	const struct printer_column *printer; /* or */
	struct jsonpath *path;
	char type[16]; /* of what path finds, or what is not known */
};

struct table {
	unsigned refs; /* beside the first */
	struct buf definitions;
	struct column *columns;
	size_t n;
	int is_custom; /* some columns are paths */
	int is_sorted;
	int is_default;
	char version[64];
};

static const struct printer_column default_columns[] = {
	COLUMN_NAME,
	{ "Created At", "date", "", DOC_CREATED, 0, cell_string, 1,
	    "metadata.creationTimestamp", "" },
	{ 0 },
};

static struct column *
add_column(struct table *t)
{
	struct column *more;

	if (t->n == COLUMNS_MAX) {
		errno = E2BIG;
		return NULL;
	}
	if ((more = realloc(t->columns, (t->n + 1) * sizeof(*more))) == NULL)
		return NULL;
	t->columns = more;
	more += t->n++;
	memset(more, 0, sizeof(*more));
	return more;
}

static int
add_text(struct buf *b, const char *name, const char *text)
{
	if (buf_puts(b, name) == -1)
		return -1;
	return gojson_string(b, text, strlen(text));
}

/* A TableColumnDefinition. */
static int
define(struct table *t, const char *name, const char *type, const char *format,
    const char *description, long long priority)
{
	struct buf *b = &t->definitions;

	if (buf_puts(b, b->len == 0 ? "[" : ",") == -1 ||
	    add_text(b, "{\"name\":", name) == -1 ||
	    add_text(b, ",\"type\":", type) == -1 ||
	    add_text(b, ",\"format\":", format) == -1 ||
	    add_text(b, ",\"description\":", description) == -1)
		return -1;
	return buf_printf(b, ",\"priority\":%lld}", priority);
}

/* --- built in --- */

static int
take_column(struct table *t, const struct printer_column *p)
{
	struct column *c = add_column(t);

	if (c == NULL)
		return -1;
	c->printer = p;
	if (p->name == NULL)
		return 0;
	return define(t, p->name, p->type, p->format, p->description,
	    p->priority);
}

static int
take_printer(struct table *t, const struct printer_column *p)
{
	for (; p->cell != NULL; p++)
		if (p->priority != -1 && take_column(t, p) == -1)
			return -1;
	return buf_puts(&t->definitions, "]");
}

static const struct printer_column *
find_column(const struct printer_column *p, const char *name)
{
	for (; p->cell != NULL; p++)
		if (p->name != NULL && strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text == NULL ? "" : text;
}

static int
take_given(struct table *t, const struct printer_column *p,
    const json_t *definitions)
{
	struct column *c;
	json_t *d;
	size_t i;

	for (i = 0; i < json_array_size(definitions); i++) {
		d = json_array_get(definitions, i);
		if ((c = add_column(t)) == NULL ||
		    define(t, text_of(d, "name"), text_of(d, "type"),
			text_of(d, "format"), text_of(d, "description"),
			json_integer_value(json_object_get(d, "priority"))) ==
			-1)
			return -1;
		c->printer = find_column(p, text_of(d, "name"));
		if (strcmp(text_of(d, "type"), "string") == 0)
			strcpy(c->type, "string");
	}
	/* cells that have no column */
	for (; p->cell != NULL; p++)
		if (p->name == NULL && take_column(t, p) == -1)
			return -1;
	return buf_puts(&t->definitions, "]");
}

/* --- of a definition --- */

static const json_t *
find_version(const json_t *crd, const char *name)
{
	json_t *versions, *v;
	size_t i;

	versions = json_object_get(json_object_get(crd, "spec"), "versions");
	for (i = 0; i < json_array_size(versions); i++) {
		v = json_array_get(versions, i);
		if (strcmp(text_of(v, "name"), name) == 0)
			return v;
	}
	return NULL;
}

static int
take_path(struct table *t, const json_t *column)
{
	static const char prefix[] =
	    "Custom resource definition column (in JSONPath format): ";
	const char *path = text_of(column, "jsonPath");
	const char *description = text_of(column, "description");
	const char *type = text_of(column, "type");
	struct buf text = { 0 };
	struct column *c;
	int rc = -1;

	if ((c = add_column(t)) == NULL)
		return -1;
	strncpy(c->type, type, sizeof(c->type) - 1);
	/* What is refused here finds nothing. */
	c->path = jsonpath_parse(path);
	if (c->path == NULL && errno != EINVAL)
		return -1;
	if (buf_puts(&text, prefix) == 0 && buf_puts(&text, path) == 0)
		rc = define(t, text_of(column, "name"), type,
		    text_of(column, "format"),
		    *description == '\0' ? text.data : description,
		    json_integer_value(json_object_get(column, "priority")));
	buf_free(&text);
	return rc;
}

static int
take_crd(struct table *t, const json_t *crd, const char *version)
{
	json_t *columns = json_object_get(find_version(crd, version),
	    "additionalPrinterColumns");
	json_t *age = NULL;
	size_t i;
	int rc;

	t->is_custom = 1;
	if (take_column(t, &default_columns[0]) == -1)
		return -1;
	if (json_array_size(columns) == 0) {
		age = json_pack("[{s:s,s:s,s:s,s:s}]", "name", "Age", "type",
		    "date", "description", DOC_CREATED, "jsonPath",
		    ".metadata.creationTimestamp");
		if ((columns = age) == NULL)
			return -1;
	}
	for (i = 0, rc = 0; rc == 0 && i < json_array_size(columns); i++)
		rc = take_path(t, json_array_get(columns, i));
	json_decref(age);
	return rc == -1 ? -1 : buf_puts(&t->definitions, "]");
}

struct table *
table_make(const struct apipath *p, const json_t *crd,
    const json_t *definitions)
{
	const struct printer *printer = printer_find(p->group, p->resource);
	const struct printer_column *columns =
	    printer == NULL ? default_columns : printer->columns;
	struct table *t;
	int rc, saved;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	snprintf(t->version, sizeof(t->version), "%s", p->version);
	if (crd != NULL)
		rc = take_crd(t, crd, p->version);
	else if (json_array_size(definitions) > 0)
		rc = take_given(t, columns, definitions);
	else
		rc = take_printer(t, columns);
	t->is_default = crd == NULL && printer == NULL;
	t->is_sorted =
	    strcmp(p->resource, "flowschemas") == 0 && printer != NULL;
	if (rc == 0)
		return t;
	saved = errno;
	table_free(t);
	errno = saved;
	return NULL;
}

struct table *
table_ref(struct table *t)
{
	if (t != NULL)
		t->refs++;
	return t;
}

void
table_free(struct table *t)
{
	size_t i;

	if (t == NULL || t->refs-- > 0)
		return;
	for (i = 0; i < t->n; i++)
		jsonpath_free(t->columns[i].path);
	free(t->columns);
	buf_free(&t->definitions);
	free(t);
}

int
table_columns(const struct table *t, struct buf *b)
{
	return buf_add(b, t->definitions.data, t->definitions.len);
}

/* --- cells --- */

static int
add_date(struct buf *b, const json_t *v, long long now)
{
	char text[HUMAN_LEN] = "<unknown>";
	struct span time = { json_string_value(v), json_string_length(v) };
	long long at;
	int rc = human_time(time, &at);

	if (rc == -1)
		strcpy(text, "<invalid>");
	else if (rc == 0)
		human_duration(now - at, text);
	return gojson_string(b, text, strlen(text));
}

/* A value as fmt prints it, objects and arrays as JSON. */
static int
add_printed(struct buf *b, const json_t *v)
{
	char number[GOJSON_FLOAT_LEN];
	struct buf text = { 0 };
	int rc;

	if (json_is_string(v))
		return gojson_string(b, json_string_value(v),
		    json_string_length(v));
	if (json_is_null(v))
		rc = buf_puts(&text, "<no value>");
	else if (json_is_real(v)) {
		gojson_float(json_real_value(v), 1, number);
		rc = buf_puts(&text, number);
	} else
		rc = gojson_value(&text, v);
	if (rc == 0)
		rc = gojson_string(b, text.data, text.len);
	buf_free(&text);
	return rc;
}

/* As Go converts; what is too large is the least number, as on amd64. */
static long long
whole(const json_t *v)
{
	double d = json_real_value(v);

	if (json_is_integer(v))
		return json_integer_value(v);
	return d > -9.2e18 && d < 9.2e18 ? (long long)d : LLONG_MIN;
}

/* What a column of this type makes of what was found. */
static int
add_value(struct buf *b, const char *type, const json_t *v, long long now)
{
	char number[GOJSON_FLOAT_LEN];

	if (strcmp(type, "string") == 0)
		return add_printed(b, v);
	if (strcmp(type, "date") == 0 && json_is_string(v))
		return add_date(b, v, now);
	if (strcmp(type, "boolean") == 0 && json_is_boolean(v))
		return gojson_value(b, v);
	if (strcmp(type, "integer") == 0 && json_is_number(v))
		return buf_printf(b, "%lld", whole(v));
	if (strcmp(type, "number") == 0 && json_is_number(v)) {
		gojson_float(json_number_value(v), 0, number);
		return buf_puts(b, number);
	}
	return buf_puts(b, "null");
}

static int
add_found(struct buf *b, const struct column *c, json_t *o, long long now)
{
	json_t *v = NULL;
	int rc;

	if (c->path != NULL && (v = jsonpath_first(c->path, o)) == NULL &&
	    errno == ENOMEM)
		return -1;
	rc = v == NULL ? buf_puts(b, "null") : add_value(b, c->type, v, now);
	json_decref(v);
	return rc;
}

static int
add_cell(struct row *r, const struct column *c, json_t *parsed, long long now)
{
	const struct printer_column *p = c->printer;

	if (p == NULL && parsed != NULL)
		return add_found(r->b, c, parsed, now);
	if (p == NULL)
		return buf_puts(r->b, *c->type == '\0' ? "null" : "\"\"");
	if (p->is_text)
		row_raw(r, "\"", 1);
	p->cell(r, p);
	if (p->is_text)
		row_raw(r, "\"", 1);
	errno = r->failed;
	return r->failed != 0 ? -1 : 0;
}

/* Integers that are too large for Go's int64 are floats there too. */
static json_t *
parse(struct span o)
{
	json_t *parsed = json_loadb(o.p, o.n, JSON_ALLOW_NUL, NULL);

	if (parsed == NULL)
		parsed = json_loadb(o.p, o.n,
		    JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (parsed == NULL)
		errno = EBADMSG;
	return parsed;
}

int
table_cells(const struct table *t, struct buf *b, struct span object,
    long long now)
{
	json_t *parsed = NULL;
	struct row r;
	size_t i;
	int rc;

	if (t->is_custom && (parsed = parse(object)) == NULL)
		return -1;
	row_init(&r, b, t->version, object, now);
	rc = buf_puts(b, "[");
	for (i = 0; rc == 0 && i < t->n; i++) {
		if (i > 0)
			row_raw(&r, ",", 1);
		rc = add_cell(&r, &t->columns[i], parsed, now);
	}
	json_decref(parsed);
	return rc == -1 ? -1 : buf_puts(b, "]");
}

int
table_is_sorted(const struct table *t)
{
	return t->is_sorted;
}

int
table_compare(const struct table *t, struct span a, struct span b)
{
	static const char path[] = "spec.matchingPrecedence";
	long long x, y;

	if (!t->is_sorted)
		return 0;
	x = span_int(span_at(a, path), 0);
	y = span_int(span_at(b, path), 0);
	return (x > y) - (x < y);
}

const char *
table_no_rows(const struct table *t)
{
	return t->is_default ? "null" : "[]";
}
