#ifndef PATCH_PARTS_H
#define PATCH_PARTS_H

/* What the files of lib/patch share; nobody else includes it. */
#include "buf.h"
#include "patch.h"

enum patch_strategy { PATCH_PLAIN, PATCH_LIST_MERGE, PATCH_REPLACE };

/* A field that merges, or that leads to one; a table ends with name NULL. */
struct patch_field {
	const char *name;
	const char *key; /* of the elements of a list, "" if they are scalars */
	enum patch_strategy strategy;
	const struct patch_field *fields; /* of what is in it, NULL if none */
};

struct patch_schema {
	const char *group;
	const char *version;
	const char *kind;
	const struct patch_field *fields;
};

/* The field of that name, never NULL: one without a rule if there is none. */
const struct patch_field *patch_field(const struct patch_field *fields,
    const char *name);

/* Fills e in; always -1. reason NULL: the one of the code. */
int patch_fail(struct patch_error *e, int code, const char *reason,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int patch_no_memory(struct patch_error *e);

/*
 * Each changes *o, which is the caller's own reference and may become another.
 * 0, or -1 with *e and *o half done. patch may be changed too.
 */
int patch_json(json_t **o, const json_t *patch, struct patch_error *e);
int patch_merge(json_t **o, json_t *patch, struct patch_error *e);
int patch_strategic(json_t **o, json_t *patch, const struct patch_field *fields,
    struct patch_error *e);

/* Appends v as fmt.Sprint writes it: map[a:1 b:[x y]]. 0, or -1 with errno. */
int patch_go_value(struct buf *b, const json_t *v);
/* The name of the Go type ("map[string]interface {}"). Static. */
const char *patch_go_type(const json_t *v);
/* What encoding/json calls it ("array"). Static. */
const char *patch_go_word(const json_t *v);
/*
 * Why encoding/json refuses the text, into out; "" where it does not.
 */
void patch_go_syntax(const char *text, size_t len, char *out, size_t outlen);

#endif
