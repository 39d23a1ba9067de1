#include <jansson.h>

#include "status.h"
#include "tap.h"

#define HEAD                                                          \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{}," \
	"\"status\":\"Failure\","

static void
status_is(const struct status *s, const char *want, const char *name)
{
	struct buf b = { 0 };
	json_t *o;

	is_int(status_write(&b, s), 0, name);
	is_str(b.data, want, name);
	o = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	ok(o != NULL, "%s: parses", name);
	json_decref(o);
	buf_free(&b);
}

static const struct status_cause too_large = {
	.reason = "ResourceVersionTooLarge",
	.message = "Too large resource version",
};

int
main(void)
{
	status_is(&(struct status) { .code = 503, .message = "not here" },
	    HEAD "\"message\":\"not here\",\"reason\":\"ServiceUnavailable\","
		 "\"code\":503}",
	    "without details");
	status_is(&(struct status) { .code = 404,
		      .message = "pods \"a\" not found",
		      .name = "a",
		      .kind = "pods" },
	    HEAD "\"message\":\"pods \\\"a\\\" not found\","
		 "\"reason\":\"NotFound\",\"details\":{\"name\":\"a\","
		 "\"kind\":\"pods\"},\"code\":404}",
	    "NotFound as kube-apiserver has it");
	status_is(&(struct status) { .code = 504,
		      .message = "Too large resource version",
		      .causes = &too_large,
		      .ncauses = 1,
		      .retry_after_seconds = 1 },
	    HEAD "\"message\":\"Too large resource version\","
		 "\"reason\":\"Timeout\",\"details\":{\"causes\":[{"
		 "\"reason\":\"ResourceVersionTooLarge\","
		 "\"message\":\"Too large resource version\"}],"
		 "\"retryAfterSeconds\":1},\"code\":504}",
	    "a cause and retryAfterSeconds");
	status_is(&(struct status) { .code = 409,
		      .reason = "AlreadyExists",
		      .message = "x",
		      .group = "apps",
		      .kind = "deployments",
		      .retry_after_seconds = 3 },
	    HEAD "\"message\":\"x\",\"reason\":\"AlreadyExists\","
		 "\"details\":{\"group\":\"apps\",\"kind\":\"deployments\","
		 "\"retryAfterSeconds\":3},\"code\":409}",
	    "a reason of its own");
	status_is(&(struct status) { .code = 405,
		      .message = "x",
		      .details = 1 },
	    HEAD "\"message\":\"x\",\"reason\":\"MethodNotAllowed\","
		 "\"details\":{},\"code\":405}",
	    "empty details");
	status_is(&(struct status) { .code = 410,
		      .message = "x",
		      .cont = "abc" },
	    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{"
	    "\"continue\":\"abc\"},\"status\":\"Failure\","
	    "\"message\":\"x\",\"reason\":\"Expired\",\"code\":410}",
	    "a continue token");
	is_str(status_reason(410), "Expired", "410 is Expired");
	is_str(status_reason(418), "Unknown", "an unknown code");
	is_str(status_reason(200), "Unknown", "no failure at all");
	is_str(status_phrase(404), "Not Found", "phrase");
	is_str(status_phrase(418), "Unknown", "phrase of an unknown code");
	return done_testing();
}
