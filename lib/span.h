#ifndef SPAN_H
#define SPAN_H

#include <stddef.h>

#include "buf.h"

/*
 * Parts of JSON texts by their bytes, for texts that were parsed before (what
 * is not JSON gives nothing, or something odd within its bounds).
 */

/* A piece of a text; borrowed. */
struct span {
	const char *p;
	size_t n;
};

/*
 * The value of a member of the object text, and with whole != NULL the bytes
 * of the member and one comma, to be left out. 0, or -1 if it is not there.
 */
int span_member(struct span text, const char *name, struct span *value,
    struct span *whole);

/*
 * The next value in an array or object: *at begins as the container and is
 * moved on. key: the member's name with its quotes (empty in an array), or
 * NULL. 0, or -1 at the end, or where it is no container.
 */
int span_next(struct span *at, struct span *key, struct span *value);

/*
 * The value at the names in path, with dots between ("spec.nodeName"; names
 * under 64 bytes, without dots). Empty if it is missing or null.
 */
struct span span_at(struct span text, const char *path);
/* Is it this string (which needs no escapes)? */
int span_is(struct span value, const char *text);
int span_true(struct span value);
/* What stands between a string's quotes, escaped; other values as they are. */
struct span span_inner(struct span value);
long long span_int(struct span value, long long absent);
/* How many members or elements. */
size_t span_count(struct span container);
/* <0, 0, >0 by bytes, as strings.Compare does. */
int span_compare(struct span a, struct span b);

/*
 * Go's json.Indent(prefix "", indent two blanks), for texts that come in
 * pieces. Zeroed memory is the start. 0, or -1 with errno ENOMEM.
 */
struct indent {
	unsigned depth;
	unsigned in_string : 1, escaped : 1, opened : 1;
};
int indent_add(struct indent *i, struct buf *b, const char *p, size_t n);

#endif
