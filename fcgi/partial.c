/*
 * The annotations that kube-apiserver's conversions make of fields: kubernetes
 * pkg/apis/apps/v1 and pkg/apis/autoscaling/v1, conversion.go.
 */
#include <string.h>

#include "partial.h"

static const struct {
	const char *group, *version, *resource, *annotation;
} made[] = {
	{ "apps", "v1", "daemonsets",
	    "deprecated.daemonset.template.generation" },
	{ "apps", "v1", "deployments", "deprecated.deployment.rollback.to" },
	{ "autoscaling", "v1", "horizontalpodautoscalers",
	    "autoscaling.alpha.kubernetes.io/metrics" },
	{ "autoscaling", "v1", "horizontalpodautoscalers",
	    "autoscaling.alpha.kubernetes.io/current-metrics" },
	{ "autoscaling", "v1", "horizontalpodautoscalers",
	    "autoscaling.alpha.kubernetes.io/conditions" },
	{ "autoscaling", "v1", "horizontalpodautoscalers",
	    "autoscaling.alpha.kubernetes.io/behavior" },
};

static int
is_made(const struct apipath *p, struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(*made); i++)
		if (span_is(name, made[i].annotation) &&
		    strcmp(p->resource, made[i].resource) == 0 &&
		    strcmp(p->group, made[i].group) == 0 &&
		    strcmp(p->version, made[i].version) == 0)
			return 1;
	return 0;
}

/* How many annotations stay, of how many. */
static size_t
count(const struct apipath *p, struct span annotations, size_t *all)
{
	struct span name, value;
	size_t n = 0;

	for (*all = 0; span_next(&annotations, &name, &value) == 0; ++*all)
		n += !is_made(p, name);
	return n;
}

static int
add_annotations(struct buf *b, const struct apipath *p, struct span at)
{
	struct span name, value;
	const char *sep = "{";

	while (span_next(&at, &name, &value) == 0) {
		if (is_made(p, name))
			continue;
		if (buf_puts(b, sep) == -1 ||
		    buf_add(b, name.p, name.n) == -1 ||
		    buf_puts(b, ":") == -1 ||
		    buf_add(b, value.p, value.n) == -1)
			return -1;
		sep = ",";
	}
	return buf_puts(b, "}");
}

static int
is_listed(const struct apipath *p)
{
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(*made); i++)
		if (strcmp(p->resource, made[i].resource) == 0)
			return 1;
	return 0;
}

int
partial_metadata(struct buf *b, const struct feed *feed, struct span meta)
{
	const struct apipath *p = &feed->q.p;
	struct span annotations, whole;
	const char *end = meta.p + meta.n;
	size_t n, all;

	if (!is_listed(p) ||
	    span_member(meta, "annotations", &annotations, &whole) == -1 ||
	    (n = count(p, annotations, &all)) == all)
		return buf_add(b, meta.p, meta.n);
	if (n == 0) {
		if (buf_add(b, meta.p, (size_t)(whole.p - meta.p)) == -1)
			return -1;
		whole.p += whole.n;
		return buf_add(b, whole.p, (size_t)(end - whole.p));
	}
	if (buf_add(b, meta.p, (size_t)(annotations.p - meta.p)) == -1 ||
	    add_annotations(b, p, annotations) == -1)
		return -1;
	annotations.p += annotations.n;
	return buf_add(b, annotations.p, (size_t)(end - annotations.p));
}
