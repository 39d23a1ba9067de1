#ifndef META_H
#define META_H

#include <stdint.h>
#include <jansson.h>

#include "resource.h"

/*
 * What the index and the selectors need of an object: one allocation of
 * NUL-ended strings. Labels and fields are key, value pairs one behind the
 * other, ended by an empty key.
 */
struct meta {
	uint64_t rv;	 /* metadata.resourceVersion, 0 if none */
	const char *key; /* "ns/name", or "name" of a cluster-wide object */
	const char *ns;	 /* "" if none */
	const char *name;
	const char *uid;
	const char *labels;
	const char *fields; /* the selectable ones of the resource */
	char *mem;
};

/*
 * r may be NULL. 0; -1 with errno ENOMEM, or EBADMSG (a bad rv; no name, or a
 * name or namespace that is no path component).
 */
int meta_load(struct meta *m, const json_t *object, const struct resource *r);
void meta_free(struct meta *m);
/*
 * The text of an object with another resourceVersion, for free(3); NULL with
 * errno (EBADMSG: it has none).
 */
char *meta_renumber(const char *object, size_t len, uint64_t rv);
/* 1 if labels and fields are the same, else 0. */
int meta_same_selectables(const struct meta *a, const struct meta *b);

/* selector_lookup functions over a struct meta. */
const char *meta_label(const void *meta, const char *key);
const char *meta_field(const void *meta, const char *key);

/* A decimal resourceVersion, no leading zero ("0" is 0). 0, or -1 EINVAL. */
int meta_parse_rv(const char *text, uint64_t *rv);

#endif
