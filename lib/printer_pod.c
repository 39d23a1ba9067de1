/*
 * Pods, and what makes them: kubectl get pods says what is wrong in one word.
 */
#include <stdio.h>
#include <string.h>

#include "human.h"
#include "printer.h"

/* The aggregate of a pod's containers. */
struct pod {
	long long total, ready, restarts;
	long long last, sidecar_last; /* of a restart; 0: never */
	long long sidecar_restarts;
	/* the reason: these in a row */
	const char *prefix;
	struct span text;
	char number[32];
};

static void
set_reason(struct pod *p, const char *prefix, struct span text)
{
	p->prefix = prefix;
	p->text = text;
	p->number[0] = '\0';
}

static void
set_word(struct pod *p, const char *word)
{
	struct span none = { NULL, 0 };

	set_reason(p, word, none);
}

/* Why a container terminated; init: with "Init:" in front. */
static void
set_terminated(struct pod *p, struct span terminated, int init)
{
	struct span reason = span_at(terminated, "reason");
	long long signal = span_int(span_at(terminated, "signal"), 0);

	set_reason(p, init ? "Init:" : "", reason);
	if (span_inner(reason).n == 0 && signal != 0)
		snprintf(p->number, sizeof(p->number), "Signal:%lld", signal);
	else if (span_inner(reason).n == 0)
		snprintf(p->number, sizeof(p->number), "ExitCode:%lld",
		    span_int(span_at(terminated, "exitCode"), 0));
}

static int
reason_is(const struct pod *p, const char *word)
{
	struct span text = span_inner(p->text);

	if (p->text.n == 0)
		return strcmp(p->prefix, word) == 0 && p->number[0] == '\0';
	return *p->prefix == '\0' && text.n == strlen(word) &&
	    memcmp(text.p, word, text.n) == 0;
}

static void
count_restarts(struct span container, long long *restarts, long long *last)
{
	long long at;

	*restarts += span_int(span_at(container, "restartCount"), 0);
	if (human_time(span_at(container, "lastState.terminated.finishedAt"),
		&at) == 0 &&
	    at > *last)
		*last = at;
}

/* Is the init container of this name a sidecar? */
static int
is_sidecar(struct span inits, struct span name)
{
	struct span c;

	while (span_next(&inits, NULL, &c) == 0)
		if (span_compare(span_at(c, "name"), name) == 0)
			return span_is(span_at(c, "restartPolicy"), "Always");
	return 0;
}

/*
 * One init container's status, the i-th. 1 if the pod waits for it, and its
 * reason tells so.
 */
static int
look_at_init(struct pod *p, struct span inits, struct span status, int i)
{
	struct span terminated = span_at(status, "state.terminated");
	struct span waiting = span_at(status, "state.waiting.reason");
	int sidecar = is_sidecar(inits, span_at(status, "name"));

	count_restarts(status, &p->restarts, &p->last);
	if (sidecar)
		count_restarts(status, &p->sidecar_restarts, &p->sidecar_last);
	if (terminated.p != NULL &&
	    span_int(span_at(terminated, "exitCode"), 0) == 0)
		return 0;
	if (sidecar && span_true(span_at(status, "started"))) {
		p->ready += span_true(span_at(status, "ready"));
		return 0;
	}
	if (terminated.p != NULL)
		set_terminated(p, terminated, 1);
	else if (span_inner(waiting).n > 0 &&
	    !span_is(waiting, "PodInitializing"))
		set_reason(p, "Init:", waiting);
	else {
		set_word(p, "Init:");
		snprintf(p->number, sizeof(p->number), "%d/%zu", i,
		    span_count(inits));
	}
	return 1;
}

static void
look_at_container(struct pod *p, struct span status, int *running,
    struct pod *error)
{
	struct span terminated = span_at(status, "state.terminated");
	struct span waiting = span_at(status, "state.waiting.reason");

	count_restarts(status, &p->restarts, &p->last);
	if (span_inner(waiting).n > 0)
		set_reason(p, "", waiting);
	else if (terminated.p != NULL) {
		set_terminated(p, terminated, 0);
		if (span_int(span_at(terminated, "exitCode"), 0) != 0)
			*error = *p;
	} else if (span_true(span_at(status, "ready")) &&
	    span_at(status, "state.running").p != NULL) {
		*running = 1;
		p->ready++;
	}
}

/* The last container first: the reason of the first one stays. */
static void
look_at_containers(struct pod *p, const struct row *r)
{
	struct span at = row_at(r, "status.containerStatuses"), status[256];
	struct pod error = { 0 };
	int running = 0, n = 0;

	p->restarts = p->sidecar_restarts;
	p->last = p->sidecar_last;
	while (n < 256 && span_next(&at, NULL, &status[n]) == 0)
		n++;
	while (n > 0)
		look_at_container(p, status[--n], &running, &error);
	if (!reason_is(p, "Completed"))
		return;
	if (running &&
	    row_condition_true(row_at(r, "status.conditions"), "Ready"))
		set_word(p, "Running");
	else if (error.prefix != NULL) {
		set_reason(p, error.prefix, error.text);
		memcpy(p->number, error.number, sizeof(p->number));
	} else if (running)
		set_word(p, "NotReady");
}

static void
set_phase(struct pod *p, const struct row *r)
{
	struct span at = row_at(r, "status.conditions"), c;

	set_reason(p, "", row_at(r, "status.reason"));
	if (span_inner(p->text).n == 0)
		set_reason(p, "", row_at(r, "status.phase"));
	while (span_next(&at, NULL, &c) == 0)
		if (span_is(span_at(c, "type"), "PodScheduled") &&
		    span_is(span_at(c, "reason"), "SchedulingGated"))
			set_word(p, "SchedulingGated");
}

static void
pod_find(struct pod *p, const struct row *r)
{
	struct span inits = row_at(r, "spec.initContainers"), at = inits, c;
	struct span phase = row_at(r, "status.phase");
	int i = 0, waits = 0;

	memset(p, 0, sizeof(*p));
	set_phase(p, r);
	p->total = (long long)span_count(row_at(r, "spec.containers"));
	while (span_next(&at, NULL, &c) == 0)
		p->total += span_is(span_at(c, "restartPolicy"), "Always");
	at = row_at(r, "status.initContainerStatuses");
	while (!waits && span_next(&at, NULL, &c) == 0)
		waits = look_at_init(p, inits, c, i++);
	if (!waits ||
	    row_condition_true(row_at(r, "status.conditions"), "Initialized"))
		look_at_containers(p, r);
	if (row_at(r, "metadata.deletionTimestamp").p == NULL)
		return;
	if (span_is(row_at(r, "status.reason"), "NodeLost"))
		set_word(p, "Unknown");
	else if (!span_is(phase, "Failed") && !span_is(phase, "Succeeded"))
		set_word(p, "Terminating");
}

/* Three cells are made of it: it is looked at once a row. */
static void
pod_look(struct pod *p, struct row *r)
{
	_Static_assert(sizeof(*p) <= sizeof(r->memo), "a pod fits");

	if (!r->has_memo) {
		pod_find(p, r);
		memcpy(r->memo, p, sizeof(*p));
		r->has_memo = 1;
	}
	memcpy(p, r->memo, sizeof(*p));
}

static void
pod_ready(struct row *r, const struct printer_column *c)
{
	struct pod p;

	(void)c;
	pod_look(&p, r);
	row_printf(r, "%lld/%lld", p.ready, p.total);
}

static void
pod_status(struct row *r, const struct printer_column *c)
{
	struct pod p;

	(void)c;
	pod_look(&p, r);
	row_puts(r, p.prefix);
	row_string(r, p.text);
	row_puts(r, p.number);
}

static void
pod_restarts(struct row *r, const struct printer_column *c)
{
	char ago[HUMAN_LEN];
	struct pod p;

	(void)c;
	pod_look(&p, r);
	row_printf(r, "%lld", p.restarts);
	if (p.restarts == 0 || p.last == 0)
		return;
	human_duration(r->now - p.last, ago);
	row_printf(r, " (%s ago)", ago);
}

static void
pod_ip(struct row *r, const struct printer_column *c)
{
	struct span ip = row_at(r, "status.podIP"), ips, first;

	if (span_inner(ip).n == 0) {
		ips = row_at(r, "status.podIPs");
		if (span_next(&ips, NULL, &first) == 0)
			ip = span_at(first, "ip");
	}
	if (span_inner(ip).n == 0)
		row_puts(r, c->absent);
	row_string(r, ip);
}

static void
pod_gates(struct row *r, const struct printer_column *c)
{
	struct span gates = row_at(r, "spec.readinessGates"), at = gates, g;
	struct span conditions = row_at(r, "status.conditions"), all, cond;
	size_t met = 0, n = span_count(gates);

	if (n == 0) {
		row_puts(r, c->absent);
		return;
	}
	while (span_next(&at, NULL, &g) == 0)
		for (all = conditions; span_next(&all, NULL, &cond) == 0;) {
			if (span_compare(span_at(cond, "type"),
				span_at(g, "conditionType")) != 0)
				continue;
			met += (size_t)span_is(span_at(cond, "status"), "True");
			break;
		}
	row_printf(r, "%zu/%zu", met, n);
}

static const struct printer_column pods[] = { COLUMN_NAME,
	{ "Ready", "string", "",
	    "The aggregate readiness state of this pod for accepting traffic.",
	    0, pod_ready, 1, "", "" },
	{ "Status", "string", "",
	    "The aggregate status of the containers in this pod.", 0,
	    pod_status, 1, "", "" },
	{ "Restarts", "string", "",
	    "The number of times the containers in this pod have been "
	    "restarted and when the last container in this pod has restarted.",
	    0, pod_restarts, 1, "", "" },
	COLUMN_AGE,
	{ "IP", "string", "",
	    "podIP address allocated to the pod. Routable at least within the "
	    "cluster. Empty if not yet allocated.",
	    1, pod_ip, 1, "", "<none>" },
	{ "Node", "string", "",
	    "NodeName indicates in which node this pod is scheduled. If empty, "
	    "this pod is a candidate for scheduling by the scheduler defined "
	    "in schedulerName. Once this field is set, the kubelet for this "
	    "node becomes responsible for the lifecycle of this pod. This "
	    "field should not be used to express a desire for the pod to be "
	    "scheduled on a specific node. "
	    "https://kubernetes.io/docs/concepts/scheduling-eviction/"
	    "assign-pod-node/#nodename",
	    1, cell_string, 1, "spec.nodeName", "<none>" },
	{ "Nominated Node", "string", "",
	    "nominatedNodeName is set only when this pod preempts other pods "
	    "on the node, but it cannot be scheduled right away as preemption "
	    "victims receive their graceful termination periods. This field "
	    "does not guarantee that the pod will be scheduled on this node. "
	    "Scheduler may decide to place the pod elsewhere if other nodes "
	    "become available sooner. Scheduler may also decide to give the "
	    "resources on this node to a higher priority pod that is created "
	    "after preemption. As a result, this field may be different than "
	    "PodSpec.nodeName when the pod is scheduled.",
	    1, cell_string, 1, "status.nominatedNodeName", "<none>" },
	{ "Readiness Gates", "string", "",
	    "If specified, all readiness gates will be evaluated for pod "
	    "readiness. A pod is ready when all its containers are ready AND "
	    "all conditions specified in the readiness gates have status equal "
	    "to \"True\" More info: "
	    "https://git.k8s.io/enhancements/keps/sig-network/"
	    "580-pod-readiness-gates",
	    1, pod_gates, 1, "", "<none>" },
	{ 0 } };

static const struct printer_column podtemplates[] = { COLUMN_NAME,
	{ "Containers", "string", "", DOC_CONTAINERS, 0, cell_container_names,
	    1, "template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 0, cell_container_images, 1,
	    "template.spec.containers", "" },
	{ "Pod Labels", "string", "", "The labels for the pod template.", 0,
	    cell_labels, 1, "template.metadata.labels", "" },
	{ 0 } };

static const struct printer_column replicationcontrollers[] = { COLUMN_NAME,
	{ "Desired", "integer", "",
	    "Replicas is the number of desired replicas. This is a pointer to "
	    "distinguish between explicit zero and unspecified. Defaults to 1. "
	    "More info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "replicationcontroller#what-is-a-replicationcontroller",
	    0, cell_raw, 0, "spec.replicas", "0" },
	{ "Current", "integer", "",
	    "Replicas is the most recently observed number of replicas. More "
	    "info: "
	    "https://kubernetes.io/docs/concepts/workloads/controllers/"
	    "replicationcontroller#what-is-a-replicationcontroller",
	    0, cell_raw, 0, "status.replicas", "0" },
	{ "Ready", "integer", "",
	    "The number of ready replicas for this replication controller.", 0,
	    cell_raw, 0, "status.readyReplicas", "0" },
	COLUMN_AGE,
	{ "Containers", "string", "", DOC_CONTAINERS, 1, cell_container_names,
	    1, "spec.template.spec.containers", "" },
	{ "Images", "string", "", DOC_IMAGES, 1, cell_container_images, 1,
	    "spec.template.spec.containers", "" },
	{ "Selector", "string", "",
	    "Selector is a label query over pods that should match the "
	    "Replicas count. If Selector is empty, it is defaulted to the "
	    "labels present on the Pod template. Label keys and values that "
	    "must match in order to be controlled by this replication "
	    "controller, if empty defaulted to labels on Pod template. More "
	    "info: "
	    "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
	    "labels/#label-selectors",
	    1, cell_labels, 1, "spec.selector", "" },
	{ 0 } };

const struct printer printers_pod[] = { { "", "pods", pods },
	{ "", "podtemplates", podtemplates },
	{ "", "replicationcontrollers", replicationcontrollers }, { 0 } };
