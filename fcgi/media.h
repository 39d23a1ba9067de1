#ifndef MEDIA_H
#define MEDIA_H

#include <stddef.h>

/*
 * What a client takes (Accept), as kube-apiserver negotiates it: apiserver
 * pkg/endpoints/handlers/negotiation, with goautoneg's order of clauses.
 */
enum media_shape {
	MEDIA_OBJECT,	    /* the resource itself */
	MEDIA_PARTIAL,	    /* as=PartialObjectMetadata */
	MEDIA_PARTIAL_LIST, /* as=PartialObjectMetadataList */
	MEDIA_TABLE,	    /* as=Table */
};

struct media {
	enum media_shape shape;
	int beta;   /* of meta.k8s.io/v1beta1 */
	int pretty; /* ;pretty=1 */
};

/*
 * The first clause that can be answered in JSON; accept may be NULL. What the
 * client would rather have in protobuf or YAML is passed over if JSON stands
 * behind it. 0, or -1 if there is none (406).
 */
int media_negotiate(struct media *m, const char *accept);
/* 1 if one clause asks for nothing but an object itself (an error, say). */
int media_takes_object(const char *accept);
/* 1 if one clause names a type that the API has at all, whatever of it. */
int media_is_known(const char *accept);
/*
 * The index of the one of n content types that is wanted most, JSON before
 * others where several will do; -1: none. any_shape: as, g and v of a clause
 * mean nothing here, else they must be those of the type.
 */
int media_pick(const char *accept, const char *const *types, size_t n,
    int any_shape);
/* 1 if a clause has word in it. */
int media_names(const char *accept, const char *word);
/* "v1" or "v1beta1" */
const char *media_version(const struct media *m);

#endif
