#ifndef OBJECT_H
#define OBJECT_H

#include <jansson.h>

#include "edge.h"
#include "patch.h"

/*
 * What kube-apiserver makes of an object that a client sends, wherever it is
 * kept (k8s.io/apiserver: registry/rest, handlers). What answers the request
 * says so.
 */

/* A string of its metadata; NULL if there is none. Borrowed. */
const char *object_metadata(const json_t *o, const char *name);
/* New references: a version 4 UUID, and the time as a metav1.Time. */
json_t *object_new_uid(void);
json_t *object_time(long long s);
/* The name, or where it is NULL one that begins with prefix. */
void object_name(char *out, size_t len, const char *name, const char *prefix);
/*
 * kind and apiVersion first, as kube-apiserver writes, and the other way round
 * for custom objects: a new reference.
 */
json_t *object_kind_first(json_t *o, const struct feed *f);

/* 1, answered with 409, if o is a change of another version than was. */
int object_conflicts(struct request *r, const json_t *was, const json_t *o);
/* 1, answered with 409 or, of a patch, 422, if o has another uid than was. */
int object_is_other(struct request *r, const json_t *was, const json_t *o);
/* What a client cannot change comes from the stored object. */
void object_keep_identity(json_t *o, const json_t *was);
/*
 * The status alone of o changes, or all but the status: the rest is as in
 * was. generation counts the changes of the rest.
 */
void object_separate(json_t *o, const json_t *was, const struct apipath *p);

void object_refuse_patch(struct request *r, const struct patch_error *e);
/* Answers 409 AlreadyExists. */
void object_exists(struct request *r, const char *name);
/* Answers 404 NotFound. */
void object_not_found(struct request *r);

#endif
