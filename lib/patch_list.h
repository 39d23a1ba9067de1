#ifndef PATCH_LIST_H
#define PATCH_LIST_H

/*
 * Lists of a strategic merge. key is the member that tells elements apart, ""
 * where they are scalars. Values are the same as Go's == sees them.
 */
#include "patch_parts.h"

enum list_kind { LIST_SCALARS, LIST_MAPS };

/* Messages of kube-apiserver's mergepatch errors, 500; always -1. */
int patch_no_key(const json_t *map, const char *key, struct patch_error *e);
int patch_bad_type(const char *want, const json_t *v, struct patch_error *e);

/*
 * What the elements of both are: 0; -1 with *e where they are of several
 * types, or lists. One of them has an element.
 */
int list_kind(const json_t *a, const json_t *b, enum list_kind *kind,
    struct patch_error *e);

/* 1 if an element is an object or a list; list may be NULL. */
int list_has_container(const json_t *list);

/* Value to first position, a new object; NULL with errno. */
json_t *list_positions(const json_t *list, const char *key);
/* The position of a value, or -1. */
long list_position(const json_t *positions, const json_t *value);
/* 0 (also where there is one already), or -1 with errno. */
int list_position_add(json_t *positions, const json_t *value, long at);

/* A new list of the first n at most; NULL with errno. */
json_t *list_head(const json_t *list, size_t n);
/* Removes all whose key has one of the values. 0, or -1 with errno. */
int list_delete(json_t *list, const char *key, const json_t *positions);
/* Of scalars: without those of b; with those of b. 0, or -1 with errno. */
int list_subtract(json_t *a, const json_t *b);
int list_union(json_t *a, const json_t *b);

/* Whether all have the key: 0, or -1 with *e. */
int list_check_keys(const json_t *list, const char *key, struct patch_error *e);
/*
 * Whether the elements of patch (NULL: none) are in order, and in the order
 * that it tells: 0, or -1 with *e.
 */
int list_check_order(const json_t *patch, const json_t *order, const char *key,
    struct patch_error *e);

/*
 * Puts *list in order: elements that are in order as it has them, the others
 * as in was, each of those before an element of order that was behind it.
 * *list becomes another list. 0, or -1 with *e.
 */
int list_order(json_t **list, const json_t *order, const json_t *was,
    const char *key, struct patch_error *e);

#endif
