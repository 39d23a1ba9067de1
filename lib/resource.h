#ifndef RESOURCE_H
#define RESOURCE_H

/*
 * What is built in about Kubernetes' own resources: kind, scope and the
 * field labels that select (kube-apiserver: each strategy's
 * GetAttrs/ToSelectableFields). Others, custom ones too, select by
 * metadata.name and metadata.namespace only.
 */
struct resource {
	const char *group; /* "" is the core group */
	const char *resource;
	const char *kind;
	int namespaced;
	/*
	 * NULL-ended pairs: field label, where its value is in the object:
	 * members with dots between, "|" between alternatives (the first that
	 * is there counts), "=" before the value where there is none; "" is
	 * always empty. Without metadata.name and metadata.namespace.
	 */
	const char *const *fields;
};

/* The entry, or NULL where nothing is built in. Static. */
const struct resource *resource_find(const char *group, const char *resource);

/* 1 if the API group is Kubernetes' own, else 0. */
int resource_group_known(const char *group);

/* 1 if label selects objects of r (r may be NULL), else 0. */
int resource_field_known(const struct resource *r, const char *label);

#endif
