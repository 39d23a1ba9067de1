#ifndef APIPATH_H
#define APIPATH_H

#include <stddef.h>

#define APIPATH_MAX 1024

/*
 * A request path taken apart as kube-apiserver's RequestInfoFactory does:
 *   /api/v1/namespaces/NS/pods/NAME/SUB..., /apis/G/V/RES,
 *   /apis/G/V/namespaces/NS/RES
 * For /api/v1/namespaces/NS resource is "namespaces", name is NS and
 * namespace is NS; for .../namespaces/NS/status and /finalize likewise with
 * that subresource. resource is "" where the path is no resource (discovery,
 * /version, the old /watch/ and /proxy/ forms); text is the whole path then.
 * Else the strings point into text: parse again, do not copy by assignment.
 */
struct apipath {
	char text[APIPATH_MAX];
	const char *group; /* "" is core */
	const char *version;
	const char *ns; /* "" is none */
	const char *resource;
	const char *name;
	const char *subresource; /* the rest, slashes included, "" is none */
};

/*
 * Parse a percent-decoded path. 0; -1 with errno ENAMETOOLONG, or EINVAL
 * where it is malformed: no slash first, "." or ".." anywhere, control bytes,
 * empty segments (one slash at the end and what is in subresource may be).
 */
int apipath_parse(struct apipath *p, const char *path);

/* Decode %XX (and + as space if plus) in place; -1 on a bad escape or %00. */
int apipath_decode(char *s, int plus);

/*
 * A file name for s: what is no letter, digit, dot, dash or underscore as
 * %XX, and so is a dot at its start. 0, or -1 with errno ENAMETOOLONG.
 */
int apipath_escape(const char *s, char *out, size_t outlen);

/* The collection of p ("/api/v1/namespaces/x/pods") into out; -1 if cut. */
int apipath_collection(const struct apipath *p, char *out, size_t outlen);

/*
 * The feed's directory below data/cache for a query, "core/v1/pods/all":
 * see ote-edge(7). labels and fields are canonical selector texts, "" for none.
 * No two queries share a directory. 0, or -1 with errno ENAMETOOLONG, or
 * EINVAL where p is no resource.
 */
int apipath_feed_dir(const struct apipath *p, const char *labels,
    const char *fields, char *out, size_t outlen);

#endif
