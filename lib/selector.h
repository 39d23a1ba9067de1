#ifndef SELECTOR_H
#define SELECTOR_H

#include <stddef.h>

/*
 * Label and field selectors as kube-apiserver parses them
 * (apimachinery pkg/labels, pkg/fields).
 */
enum selector_op {
	SELECTOR_EXISTS,
	SELECTOR_ABSENT,
	SELECTOR_IN,	/* also = and == */
	SELECTOR_NOTIN, /* also !=; matches an absent key */
	SELECTOR_GT,
	SELECTOR_LT,
};

struct selector_req {
	enum selector_op op;
	char *key;
	char **values; /* sorted, unique */
	size_t nvalues;
};

/* Zeroed memory is the selector that matches everything. */
struct selector {
	struct selector_req *reqs; /* sorted by key, op, values */
	size_t nreqs;
};

/*
 * Parse text ("" matches everything). 0; or -1 with errno EINVAL and the
 * reason in why (as kube-apiserver words it), or ENOMEM. Fields know only
 * = == != and backslash escapes (\\ \= \,).
 */
int selector_parse_labels(struct selector *s, const char *text, char *why,
    size_t whylen);
int selector_parse_fields(struct selector *s, const char *text, char *why,
    size_t whylen);
void selector_free(struct selector *s);

/* The value of key, or NULL where the object has none. Borrowed. */
typedef const char *selector_lookup(const void *object, const char *key);

/* 1 if the object matches, else 0. For fields an absent value is "". */
int selector_match(const struct selector *s, selector_lookup *lookup,
    const void *object);
int selector_match_fields(const struct selector *s, selector_lookup *lookup,
    const void *object);

/*
 * 1 if everything that inner matches is surely matched by outer (each
 * requirement of outer is implied by one of inner), else 0.
 */
int selector_covers(const struct selector *outer, const struct selector *inner);

/* The value that key must have (one IN value), or NULL. Borrowed. */
const char *selector_exact(const struct selector *s, const char *key);

/* Canonical text, malloc'ed; NULL with errno. Equal selectors, equal text. */
char *selector_string_labels(const struct selector *s);
char *selector_string_fields(const struct selector *s);

#endif
