/*
 * metav1.Status of kind Failure, member for member as kube-apiserver's
 * apierrors and its JSON serializer put it: clients decide on reason.
 */
#include <errno.h>
#include <stddef.h>

#include "status.h"

static const struct code {
	int code;
	const char *reason;
	const char *phrase;
} codes[] = {
	{ 200, "", "OK" },
	{ 201, "", "Created" },
	{ 202, "", "Accepted" },
	{ 204, "", "No Content" },
	{ 206, "", "Partial Content" },
	{ 301, "", "Moved Permanently" },
	{ 302, "", "Found" },
	{ 304, "", "Not Modified" },
	{ 307, "", "Temporary Redirect" },
	{ 400, "BadRequest", "Bad Request" },
	{ 401, "Unauthorized", "Unauthorized" },
	{ 403, "Forbidden", "Forbidden" },
	{ 404, "NotFound", "Not Found" },
	{ 405, "MethodNotAllowed", "Method Not Allowed" },
	{ 406, "NotAcceptable", "Not Acceptable" },
	{ 408, "Timeout", "Request Timeout" },
	{ 409, "Conflict", "Conflict" },
	{ 410, "Expired", "Gone" },
	{ 412, "Unknown", "Precondition Failed" },
	{ 413, "RequestEntityTooLarge", "Request Entity Too Large" },
	{ 415, "UnsupportedMediaType", "Unsupported Media Type" },
	{ 422, "Invalid", "Unprocessable Entity" },
	{ 426, "Unknown", "Upgrade Required" },
	{ 429, "TooManyRequests", "Too Many Requests" },
	{ 500, "InternalError", "Internal Server Error" },
	{ 501, "Unknown", "Not Implemented" },
	{ 502, "Unknown", "Bad Gateway" },
	{ 503, "ServiceUnavailable", "Service Unavailable" },
	{ 504, "Timeout", "Gateway Timeout" },
};

static const struct code *
find(int code)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return &codes[i];
	return NULL;
}

const char *
status_reason(int code)
{
	const struct code *c = find(code);

	return c != NULL && c->reason[0] != '\0' ? c->reason : "Unknown";
}

const char *
status_phrase(int code)
{
	const struct code *c = find(code);

	return c != NULL ? c->phrase : "Unknown";
}

/* "key":"value", behind a comma if sep; nothing where there is no value. */
static int
member(struct buf *b, const char *key, const char *value, int *sep)
{
	if (value == NULL || value[0] == '\0')
		return 0;
	if (buf_printf(b, "%s\"%s\":", *sep ? "," : "", key) == -1)
		return -1;
	*sep = 1;
	return buf_json(b, value);
}

static int
write_causes(struct buf *b, const struct status *s, int *sep)
{
	size_t i;
	int sub;

	if (s->ncauses == 0)
		return 0;
	if (buf_printf(b, "%s\"causes\":[", *sep ? "," : "") == -1)
		return -1;
	for (i = 0; i < s->ncauses; i++) {
		sub = 0;
		if (buf_puts(b, i == 0 ? "{" : ",{") == -1 ||
		    member(b, "reason", s->causes[i].reason, &sub) == -1 ||
		    member(b, "message", s->causes[i].message, &sub) == -1 ||
		    member(b, "field", s->causes[i].field, &sub) == -1 ||
		    buf_puts(b, "}") == -1)
			return -1;
	}
	*sep = 1;
	return buf_puts(b, "]");
}

static int
write_details(struct buf *b, const struct status *s)
{
	int sep = 0;

	if (!s->details && s->name == NULL && s->group == NULL &&
	    s->kind == NULL && s->ncauses == 0 && s->retry_after_seconds == 0)
		return 0;
	if (buf_puts(b, ",\"details\":{") == -1 ||
	    member(b, "name", s->name, &sep) == -1 ||
	    member(b, "group", s->group, &sep) == -1 ||
	    member(b, "kind", s->kind, &sep) == -1 ||
	    write_causes(b, s, &sep) == -1)
		return -1;
	if (s->retry_after_seconds != 0 &&
	    buf_printf(b, "%s\"retryAfterSeconds\":%d", sep ? "," : "",
		s->retry_after_seconds) == -1)
		return -1;
	return buf_puts(b, "}");
}

static int
write_metadata(struct buf *b, const char *cont)
{
	int sep = 0;

	if (buf_puts(b, "\"metadata\":{") == -1 ||
	    member(b, "continue", cont, &sep) == -1)
		return -1;
	return buf_puts(b, "},\"status\":\"Failure\"");
}

int
status_write(struct buf *b, const struct status *s)
{
	const char *reason = s->reason;
	size_t len = b->len;
	int sep = 1;

	if (reason == NULL)
		reason = status_reason(s->code);
	if (buf_puts(b, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",") == 0 &&
	    write_metadata(b, s->cont) == 0 &&
	    member(b, "message", s->message, &sep) == 0 &&
	    member(b, "reason", reason, &sep) == 0 &&
	    write_details(b, s) == 0 &&
	    buf_printf(b, ",\"code\":%d}", s->code) == 0)
		return 0;
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
	return -1;
}
