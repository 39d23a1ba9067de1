#ifndef DEFINITION_H
#define DEFINITION_H

#include "feeds.h"

/*
 * What the tree knows of a custom resource: its CustomResourceDefinition is an
 * object in it like others, kept beside the resource's feed by ote-watch-sync.
 */

/*
 * The definition of p's resource and the feed that has it, borrowed until that
 * changes; NULL if there is none.
 */
const struct feed_object *definition_find(struct edge *e,
    const struct apipath *p, struct feed_handle **of);
/* The same as JSON, to be freed by json_decref(). NULL with errno. */
json_t *definition_load(const struct feed_handle *of,
    const struct feed_object *o);

/*
 * 1 if p's resource selects by the field label: metadata.name,
 * metadata.namespace and its version's selectableFields (KEP-4358); 0 if not;
 * -1 if its definition is not known.
 */
int definition_selects(struct edge *e, const struct apipath *p,
    const char *label);

#endif
