/*
 * HorizontalPodAutoscalers: of v2 as they are; of v1, which knows of CPU only,
 * with what kube-apiserver keeps of the rest in annotations.
 */
#include <string.h>

#include <jansson.h>

#include "printer.h"

#define SHOWN 2

/* Where a metric's numbers stand: v2, v1. */
static struct span
either(struct span m, const char *v2, const char *v1)
{
	struct span value = span_at(m, v2);

	return value.p != NULL ? value : span_at(m, v1);
}

static struct span
target_average(struct span m)
{
	struct span value =
	    either(m, "target.averageValue", "targetAverageValue");

	return value.p != NULL ? value : span_at(m, "averageValue");
}

static struct span
current_average(struct span m)
{
	struct span value =
	    either(m, "current.averageValue", "currentAverageValue");

	return value.p != NULL ? value : span_at(m, "averageValue");
}

static void
put_quantity(struct row *r, struct span value, const char *absent)
{
	if (value.p == NULL)
		row_puts(r, absent);
	row_string(r, value);
}

static void
put_percent(struct row *r, struct span value, const char *absent)
{
	put_quantity(r, value, absent);
	row_puts(r, value.p == NULL ? "" : "%");
}

/* Of Object and External: a value, or an average. */
static void
put_value(struct row *r, struct span want, struct span is)
{
	struct span average = target_average(want);

	if (average.p != NULL) {
		put_quantity(r, current_average(is), "<unknown>");
		row_puts(r, "/");
		row_string(r, average);
		row_puts(r, " (avg)");
		return;
	}
	put_quantity(r, either(is, "current.value", "currentValue"),
	    is.p == NULL ? "<unknown>" : "<nil>");
	row_puts(r, "/");
	put_quantity(r, either(want, "target.value", "targetValue"), "<nil>");
}

static void
put_resource(struct row *r, struct span want, struct span is)
{
	struct span average = target_average(want);

	row_string(r, span_at(want, "name"));
	row_puts(r, ": ");
	if (average.p != NULL) {
		put_quantity(r, current_average(is),
		    is.p == NULL ? "<unknown>" : "<nil>");
		row_puts(r, "/");
		row_string(r, average);
		return;
	}
	put_percent(r,
	    either(is, "current.averageUtilization",
		"currentAverageUtilization"),
	    "<unknown>");
	row_puts(r, "/");
	put_percent(r,
	    either(want, "target.averageUtilization",
		"targetAverageUtilization"),
	    "<auto>");
}

static void
put_metric(struct row *r, struct span want, struct span is)
{
	struct span type = span_at(want, "type");

	if (span_is(type, "External"))
		put_value(r, span_at(want, "external"),
		    span_at(is, "external"));
	else if (span_is(type, "Object"))
		put_value(r, span_at(want, "object"), span_at(is, "object"));
	else if (span_is(type, "Pods")) {
		is = span_at(is, "pods");
		put_quantity(r, current_average(is),
		    is.p == NULL ? "<unknown>" : "<nil>");
		row_puts(r, "/");
		put_quantity(r, target_average(span_at(want, "pods")), "<nil>");
	} else if (span_is(type, "Resource"))
		put_resource(r, span_at(want, "resource"),
		    span_at(is, "resource"));
	else if (span_is(type, "ContainerResource"))
		put_resource(r, span_at(want, "containerResource"),
		    span_at(is, "containerResource"));
	else
		row_puts(r, "<unknown type>");
}

/* The i-th metrics of both; how many there are. */
static size_t
put_metrics(struct row *r, struct span wanted, struct span found)
{
	struct span want, is, none = { NULL, 0 };
	size_t n;

	for (n = 0; span_next(&wanted, NULL, &want) == 0; n++) {
		if (span_next(&found, NULL, &is) == -1)
			is = none;
		if (n >= SHOWN)
			continue;
		row_puts(r, n > 0 ? ", " : "");
		put_metric(r, want, is);
	}
	return n;
}

static void
put_more(struct row *r, size_t n)
{
	if (n > SHOWN)
		row_printf(r, " + %zu more...", n - SHOWN);
}

/* The JSON in an annotation; NULL if it is none. */
static json_t *
annotation(const struct row *r, const char *name, struct span *text)
{
	struct span value;
	json_t *json;

	if (span_member(row_at(r, "metadata.annotations"), name, &value,
		NULL) == -1)
		return NULL;
	json = json_loadb(value.p, value.n, JSON_DECODE_ANY, NULL);
	if (json_string_value(json) != NULL) {
		text->p = json_string_value(json);
		text->n = json_string_length(json);
	}
	return json;
}

/*
 * v1 says no more where CPU stood among the metrics: where it stands among what
 * was measured, else it was the first.
 */
static size_t
place_of_cpu(struct span found)
{
	struct span is, cpu;
	size_t i;

	for (i = 0; span_next(&found, NULL, &is) == 0; i++) {
		cpu = span_at(is, "resource");
		if (span_is(span_at(cpu, "name"), "cpu") &&
		    span_at(cpu, "currentAverageUtilization").p != NULL)
			return i;
	}
	return 0;
}

static void
put_cpu(struct row *r, struct span is)
{
	struct span cpu = row_at(r, "spec.targetCPUUtilizationPercentage");
	struct span now = row_at(r, "status.currentCPUUtilizationPercentage");

	if (is.p != NULL)
		now = span_at(is, "resource.currentAverageUtilization");
	row_puts(r, "cpu: ");
	put_percent(r, now, "<unknown>");
	row_puts(r, "/");
	put_percent(r, cpu, "80%");
}

static void
put_v1(struct row *r, struct span more, struct span found)
{
	size_t i, n = span_count(more), cpu = n + 1;
	struct span want, is, none = { NULL, 0 };

	if (n == 0 || row_at(r, "spec.targetCPUUtilizationPercentage").p) {
		cpu = place_of_cpu(found);
		cpu = cpu > n ? n : cpu;
		n++;
	}
	for (i = 0; i < n && i < SHOWN; i++) {
		if (span_next(&found, NULL, &is) == -1)
			is = none;
		row_puts(r, i > 0 ? ", " : "");
		if (i == cpu)
			put_cpu(r, is);
		else if (span_next(&more, NULL, &want) == 0)
			put_metric(r, want, is);
	}
	put_more(r, n);
}

static void
put_annotated(struct row *r)
{
	struct span more = { NULL, 0 }, found = { NULL, 0 };
	json_t *specs, *statuses;

	specs = annotation(r, "autoscaling.alpha.kubernetes.io/metrics", &more);
	statuses = annotation(r,
	    "autoscaling.alpha.kubernetes.io/current-metrics", &found);
	put_v1(r, more, found);
	json_decref(specs);
	json_decref(statuses);
}

static void
hpa_targets(struct row *r, const struct printer_column *c)
{
	struct span metrics = row_at(r, c->path);

	if (strcmp(r->version, "v1") == 0) {
		put_annotated(r);
		return;
	}
	if (span_count(metrics) == 0)
		row_puts(r, c->absent);
	put_more(r,
	    put_metrics(r, metrics, row_at(r, "status.currentMetrics")));
}

static void
hpa_reference(struct row *r, const struct printer_column *c)
{
	struct span target = row_at(r, c->path);

	row_string(r, span_at(target, "kind"));
	row_puts(r, "/");
	row_string(r, span_at(target, "name"));
}

static const struct printer_column horizontalpodautoscalers[] = { COLUMN_NAME,
	{ "Reference", "string", "",
	    "scaleTargetRef points to the target resource to scale, and is "
	    "used to the pods for which metrics should be collected, as well "
	    "as to actually change the replica count.",
	    0, hpa_reference, 1, "spec.scaleTargetRef", "" },
	{ "Targets", "string", "",
	    "metrics contains the specifications for which to use to calculate "
	    "the desired replica count (the maximum replica count across all "
	    "metrics will be used).  The desired replica count is calculated "
	    "multiplying the ratio between the target value and the current "
	    "value by the current number of pods.  Ergo, metrics used must "
	    "decrease as the pod count is increased, and vice-versa.  See the "
	    "individual metric source types for more information about how "
	    "each type of metric must respond. If not set, the default metric "
	    "will be set to 80% average CPU utilization.",
	    0, hpa_targets, 1, "spec.metrics", "<none>" },
	{ "MinPods", "string", "",
	    "minReplicas is the lower limit for the number of replicas to "
	    "which the autoscaler can scale down.  It defaults to 1 pod.  "
	    "minReplicas is allowed to be 0 if the alpha feature gate "
	    "HPAScaleToZero is enabled and at least one Object or External "
	    "metric is configured.  Scaling is active as long as at least one "
	    "metric value is available.",
	    0, cell_string, 1, "spec.minReplicas", "<unset>" },
	{ "MaxPods", "string", "",
	    "maxReplicas is the upper limit for the number of replicas to "
	    "which the autoscaler can scale up. It cannot be less that "
	    "minReplicas.",
	    0, cell_raw, 0, "spec.maxReplicas", "0" },
	{ "Replicas", "string", "",
	    "currentReplicas is current number of replicas of pods managed by "
	    "this autoscaler, as last seen by the autoscaler.",
	    0, cell_raw, 0, "status.currentReplicas", "0" },
	COLUMN_AGE, { 0 } };

const struct printer printers_hpa[] = {
	{ "autoscaling", "horizontalpodautoscalers", horizontalpodautoscalers },
	{ 0 }
};
