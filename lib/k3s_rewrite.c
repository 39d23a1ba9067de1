/*
 * k3s agents are led to the hub.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "k3s_rewrite.h"

static int
is_object(const char *text, size_t n)
{
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	int yes = json_is_object(o);

	json_decref(o);
	if (!yes)
		errno = EBADMSG;
	return yes;
}

/* The number that is member name of text, put to out with what is before. */
static int
replace_port(struct buf *out, struct span *rest, struct span whole,
    const char *name, int port)
{
	struct span v;
	size_t n;

	if (span_member(whole, name, &v, NULL) == -1 || v.p < rest->p)
		return 0;
	while (v.n > 0 && strchr(" \t\r\n", v.p[v.n - 1]) != NULL)
		v.n--;
	n = (size_t)(v.p - rest->p);
	if (buf_add(out, rest->p, n) == -1 || buf_printf(out, "%d", port) == -1)
		return -1;
	rest->p = v.p + v.n;
	rest->n -= n + v.n;
	return 0;
}

int
k3s_rewrite_config(struct buf *out, const char *text, size_t n, int port)
{
	static const char *const names[] = { "HTTPSPort", "SupervisorPort" };
	struct span whole = { text, n }, rest = whole, a, b;
	int swap;

	if (!is_object(text, n))
		return -1;
	/* in the order in which they stand */
	swap = span_member(whole, names[0], &a, NULL) == 0 &&
	    span_member(whole, names[1], &b, NULL) == 0 && b.p < a.p;
	if (replace_port(out, &rest, whole, names[swap], port) == -1 ||
	    replace_port(out, &rest, whole, names[!swap], port) == -1)
		return -1;
	return buf_add(out, rest.p, rest.n);
}

int
k3s_rewrite_endpoints(struct buf *out, struct span object, const char *ip,
    int port)
{
	struct span v = { "", 0 };
	size_t was = out->len;
	int rc;

	if (!span_is(span_at(object, "metadata.name"), "kubernetes") ||
	    !span_is(span_at(object, "metadata.namespace"), "default"))
		return 0;
	/* without one it goes in front of what is first */
	if (span_member(object, "subsets", &v, NULL) == -1) {
		v.p = memchr(object.p, '{', object.n);
		if (v.p == NULL)
			return 0;
		v.p++;
		rc = buf_add(out, object.p, (size_t)(v.p - object.p)) |
		    buf_puts(out, "\"subsets\":");
		v.n = 0;
	} else
		rc = buf_add(out, object.p, (size_t)(v.p - object.p));
	rc |= buf_printf(out,
	    "[{\"addresses\":[{\"ip\":\"%s\"}],\"ports\":[{\"name\":"
	    "\"https\",\"port\":%d,\"protocol\":\"TCP\"}]}]%s",
	    ip, port, v.n == 0 ? "," : "");
	rc |=
	    buf_add(out, v.p + v.n, object.n - (size_t)(v.p + v.n - object.p));
	if (rc == 0)
		return 1;
	out->len = was;
	return -1;
}
