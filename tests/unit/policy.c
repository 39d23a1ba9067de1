#include <stdlib.h>

#include "policy.h"
#include "tap.h"

/* What line is refused with; "" if it is taken. */
static const char *
add(struct policies *ps, const char *line)
{
	static char why[320];
	char *copy = strdup(line);

	why[0] = '\0';
	(void)policy_line(ps, copy, why, sizeof(why));
	free(copy);
	return why;
}

static enum policy
find(const struct policies *ps, const char *method, const char *path)
{
	struct apipath p;

	if (apipath_parse(&p, path) == -1)
		return POLICY_REFUSE;
	return policy_find(ps, &p, policy_verb(method, &p));
}

static void
test_find(void)
{
	static const char lease[] =
	    "/apis/coordination.k8s.io/v1/namespaces/%s/leases/a";
	struct policies ps = { 0 };
	char path[128];

	is_str(add(&ps, "nodes/status patch,update queue\n"), "", "a line");
	is_str(add(&ps, "\t # none\n"), "", "a comment");
	is_str(add(&ps, "configmaps create,patch,delete queue"), "", "verbs");
	is_str(add(&ps, "configmaps delete refuse"), "", "a later one");
	is_str(add(&ps,
		   "leases.coordination.k8s.io update local namespace=x # y"),
	    "", "a namespace");
	is_str(add(&ps, "widgets.example.com update queue"), "", "custom");
	is_int((int)ps.n, 5, "rules");
	is_int(find(&ps, "PATCH", "/api/v1/nodes/a/status"), POLICY_QUEUE,
	    "a status");
	is_int(find(&ps, "PATCH", "/api/v1/nodes/a"), POLICY_REFUSE,
	    "not the object itself");
	is_int(find(&ps, "GET", "/api/v1/nodes/a/status"), POLICY_REFUSE,
	    "no write");
	is_int(find(&ps, "POST", "/api/v1/namespaces/x/configmaps"),
	    POLICY_QUEUE, "a creation");
	is_int(find(&ps, "POST", "/api/v1/namespaces/x/configmaps/a"),
	    POLICY_REFUSE, "which has no name in its path");
	is_int(find(&ps, "DELETE", "/api/v1/namespaces/x/configmaps/a"),
	    POLICY_REFUSE, "the last line that fits decides");
	is_int(find(&ps, "DELETE", "/api/v1/namespaces/x/configmaps"),
	    POLICY_REFUSE, "a collection");
	snprintf(path, sizeof(path), lease, "x");
	is_int(find(&ps, "PUT", path), POLICY_LOCAL, "in its namespace");
	snprintf(path, sizeof(path), lease, "y");
	is_int(find(&ps, "PUT", path), POLICY_REFUSE, "in another one");
	is_int(find(&ps, "PUT", "/apis/example.com/v1/namespaces/x/widgets/a"),
	    POLICY_QUEUE, "a custom one");
	policy_free(&ps);
	is_int(find(&ps, "PATCH", "/api/v1/nodes/a/status"), POLICY_REFUSE,
	    "nothing but refusals without rules");
}

static void
test_refused(void)
{
	struct policies ps = { 0 };

	is_str(add(&ps, "nodez patch queue"), "nodez: unknown resource",
	    "an unknown resource");
	is_str(add(&ps, "pods.apps patch queue"), "pods.apps: unknown resource",
	    "of a group that is known");
	is_str(add(&ps, "pods/exec create queue"), "exec: unknown subresource",
	    "an unknown subresource");
	is_str(add(&ps, "pods get queue"), "get: unknown verb",
	    "an unknown verb");
	is_str(add(&ps, "pods patch, queue"), ": unknown verb", "an empty one");
	is_str(add(&ps, "pods patch keep"), "keep: unknown policy",
	    "an unknown policy");
	is_str(add(&ps, "pods patch"),
	    "not `resource verbs policy [namespace=name]'", "too few words");
	is_str(add(&ps, "pods patch queue a=b"), "a=b: not namespace=NAME",
	    "no namespace");
	is_str(add(&ps, "pods/status create queue"),
	    "a status is updated or patched", "a status is not created");
	is_int((int)ps.n, 0, "none of them counts");
	policy_free(&ps);
}

int
main(void)
{
	test_find();
	test_refused();
	return done_testing();
}
