/* Access reviews as kube-apiserver reads and writes them, and its refusals. */
#include <errno.h>
#include <stdlib.h>

#include "access_review.h"
#include "tap.h"

static void
written(const struct access_question *q, const struct user *u, const char *want)
{
	struct buf b = { 0 };

	ok(access_review_write(&b, q, u) == 0, "written");
	is_str(b.data, want, "as it should");
	buf_free(&b);
}

static void
test_write(struct user *u)
{
	struct access_question q = { .verb = "list",
		.group = "apps",
		.version = "v1",
		.resource = "deployments",
		.subresource = "scale",
		.ns = "x",
		.name = "a",
		.fields = "metadata.name=a",
		.labels = "k in (v,w)" };
	struct access_question path = { .verb = "get", .path = "/y" };
	struct buf b = { 0 };

	written(&q, NULL,
	    "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":"
	    "\"authorization.k8s.io/v1\",\"metadata\":{},\"spec\":{"
	    "\"resourceAttributes\":{\"verb\":\"list\",\"group\":\"apps\","
	    "\"version\":\"v1\",\"resource\":\"deployments\",\"subresource\":"
	    "\"scale\",\"namespace\":\"x\",\"name\":\"a\",\"fieldSelector\":{"
	    "\"rawSelector\":\"metadata.name=a\"},\"labelSelector\":{"
	    "\"rawSelector\":\"k in (v,w)\"}}}}");
	written(&path, u,
	    "{\"kind\":\"SubjectAccessReview\",\"apiVersion\":"
	    "\"authorization.k8s.io/v1\",\"metadata\":{},\"spec\":{"
	    "\"nonResourceAttributes\":{\"verb\":\"get\",\"path\":\"/y\"},"
	    "\"user\":\"me\",\"uid\":\"1\",\"groups\":[\"g\",\"h\"],\"extra\":"
	    "{\"k\":[\"v\",\"w\"]}}}");
	path.path = "/\xff";
	ok(access_review_write(&b, &path, u) == -1 && errno == EILSEQ &&
		b.len == 0,
	    "no UTF-8");
	buf_free(&b);
}

static void
test_read(void)
{
	static const struct {
		const char *kind, *status;
		int rc, e;
		const char *reason;
	} all[] = {
		{ "", "{\"allowed\":true}", 1, 0, "" },
		{ "", "{\"allowed\":true,\"reason\":\"RBAC\"}", 1, 0, "RBAC" },
		{ "", "{\"allowed\":true,\"evaluationError\":\"e\"}", 1, 0,
		    "" },
		{ "", "{\"allowed\":false}", 0, 0, "" },
		{ "", "{\"allowed\":false,\"denied\":true,\"reason\":\"no\"}",
		    0, 0, "no" },
		{ "",
		    "{\"allowed\":false,\"denied\":true,"
		    "\"evaluationError\":\"e\"}",
		    0, 0, "" },
		{ "", "{\"allowed\":false,\"evaluationError\":\"e\"}", -1,
		    EAGAIN, "" },
		{ "", "{\"allowed\":true,\"denied\":true}", -1, EBADMSG, "" },
		{ "", "{\"allowed\":\"true\"}", -1, EBADMSG, "" },
		{ "", "{\"allowed\":false,\"allowed\":true}", -1, EBADMSG, "" },
		{ "", "{}", -1, EBADMSG, "" },
		{ "", "null", -1, EBADMSG, "" },
		{ "", "", -1, EBADMSG, "" },
		{ "Self", "{\"allowed\":true}", 1, 0, "" },
		{ "Local", "{\"allowed\":true}", 1, 0, "" },
		{ "Token", "{\"allowed\":true}", -1, EBADMSG, "" },
		{ "",
		    "{\"allowed\":false,\"reason\":\"0123456789abcd\xc3\xa4\"}",
		    0, 0, "0123456789abcd" },
	};
	char reason[16], text[512];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		snprintf(text, sizeof(text),
		    "{\"kind\":\"%sSubjectAccessReview\",\"status\":%s}",
		    all[i].kind, all[i].status);
		rc = access_review_read(text, strlen(text), reason,
		    sizeof(reason));
		ok(rc == all[i].rc && (rc != -1 || errno == all[i].e) &&
			strcmp(reason, all[i].reason) == 0,
		    "%s: %d", text, rc);
	}
	ok(access_review_read("[]", 2, reason, sizeof(reason)) == -1,
	    "no object");
	ok(access_review_read("", 0, reason, 0) == -1, "nothing");
}

static void
forbidden(const char *user, struct access_question q, const char *reason,
    const char *want)
{
	struct user u = { 0 };
	struct buf b = { 0 };

	user_set(&u, user, NULL);
	ok(access_forbidden(&b, &q, &u, reason) == 0, "forbidden");
	is_str(b.data, want, "in these words");
	buf_free(&b);
	user_free(&u);
}

#define Q(...) ((struct access_question) { __VA_ARGS__ })

static void
test_forbidden(void)
{
	forbidden("x",
	    Q(.verb = "get", .version = "v1", .resource = "pods", .ns = "d",
		.name = "a"),
	    NULL,
	    "pods \"a\" is forbidden: User \"x\" cannot get resource \"pods\" "
	    "in API group \"\" in the namespace \"d\"");
	forbidden("x", Q(.verb = "get", .path = "/y"), "",
	    "forbidden: User \"x\" cannot get path \"/y\"");
	forbidden("system:node:n",
	    Q(.verb = "list", .resource = "secrets", .ns = "d"),
	    "No Object name found",
	    "secrets is forbidden: User \"system:node:n\" cannot list resource "
	    "\"secrets\" in API group \"\" in the namespace \"d\": No Object "
	    "name found");
	forbidden("x",
	    Q(.verb = "patch", .group = "apps", .resource = "deployments",
		.subresource = "scale", .name = "a"),
	    NULL,
	    "deployments.apps \"a\" is forbidden: User \"x\" cannot patch "
	    "resource \"deployments/scale\" in API group \"apps\" at the "
	    "cluster scope");
	forbidden("<a&\"b\">\n\xc3\xa4\xff\xe2\x80\x8b",
	    Q(.verb = "get", .path = "/<"), "<why>",
	    "forbidden: User "
	    "\"&lt;a&amp;\\\"b\\\"&gt;\\n\xc3\xa4\\xff\\u200b\" "
	    "cannot get path \"/&lt;\": <why>");
	forbidden("x", Q(.verb = "get", .resource = "pods", .name = "<a>"), "",
	    "pods \"<a>\" is forbidden: User \"x\" cannot get resource "
	    "\"pods\" in API group \"\" at the cluster scope");
}

int
main(void)
{
	struct user u = { 0 };

	if (user_set(&u, "me", "1") == -1 || user_add_group(&u, "g") == -1 ||
	    user_add_group(&u, "h") == -1 ||
	    user_add_extra(&u, "k", "v") == -1 ||
	    user_add_extra(&u, "k", "w") == -1)
		abort();
	test_write(&u);
	test_read();
	test_forbidden();
	user_free(&u);
	return done_testing();
}
