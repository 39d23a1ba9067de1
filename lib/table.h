#ifndef TABLE_H
#define TABLE_H

#include <jansson.h>

#include "apipath.h"
#include "buf.h"
#include "span.h"

/*
 * Objects as rows of a Table, as kube-apiserver 1.36 prints them: which
 * columns a resource has, and an object's cells. Resources without a printer
 * of their own have Name and Created At.
 */
struct table;

/*
 * The columns of p's resource. crd: its CustomResourceDefinition, whose
 * additionalPrinterColumns count, or NULL; definitions: the array
 * columnDefinitions that the master gave, or NULL; both borrowed for the call.
 * Given definitions are told as they are; cells are found by the columns'
 * names. A column that is not known by its name has the cell of a value that
 * is absent: "" if its type is string, else null. NULL with errno.
 */
struct table *table_make(const struct apipath *p, const json_t *crd,
    const json_t *definitions);
/* One more who uses it, and one less: the last one frees. NULL is allowed. */
struct table *table_ref(struct table *t);
void table_free(struct table *t);

/* Append the array columnDefinitions. 0, or -1 with errno. */
int table_columns(const struct table *t, struct buf *b);
/*
 * Append the array of the object's cells; ages count up to now, in
 * microseconds since 1970. What is missing in an object leaves an empty cell.
 * 0, or -1 with errno (EBADMSG: the object is not JSON).
 */
int table_cells(const struct table *t, struct buf *b, struct span object,
    long long now);

/*
 * The order of two rows, as strcmp says it; 0 leaves objects in the order of
 * their names. Only FlowSchemas have one: table_is_sorted tells.
 */
int table_is_sorted(const struct table *t);
int table_compare(const struct table *t, struct span a, struct span b);

/*
 * What stands for the rows where there are none: "[]", or "null" with the
 * default columns, whose convertor makes no empty array.
 */
const char *table_no_rows(const struct table *t);

#endif
