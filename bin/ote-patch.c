/*
 * ote-patch: applies a patch to an object as kube-apiserver does, or prints
 * the patch between two.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "patch.h"

#define FILE_MAX (4 * 1024 * 1024)

static void
usage(FILE *out)
{
	fputs("usage: ote-patch [-h] [-p path] [-t json|merge|strategic] "
	      "object.json patch.json\n"
	      "       ote-patch -d [-p path] [-t merge|strategic] a.json "
	      "b.json\n",
	    out);
}

static void
read_file(struct buf *b, const char *path)
{
	int rc;

	if (strcmp(path, "-") == 0)
		rc = buf_read_fd(b, STDIN_FILENO, FILE_MAX);
	else
		rc = buf_read_file(b, AT_FDCWD, path, FILE_MAX);
	if (rc == -1 || buf_add(b, "", 0) == -1)
		err(111, "%s", path);
}

static json_t *
read_object(const char *path)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *o;

	read_file(&b, path);
	o = json_loadb(b.data, b.len, JSON_ALLOW_NUL, &error);
	if (o == NULL)
		errx(111, "%s:%d: %s", path, error.line, error.text);
	if (!json_is_object(o) && !json_is_array(o))
		errx(111, "%s: no object", path);
	buf_free(&b);
	return o;
}

static void
print(json_t *o)
{
	if (o == NULL || json_dumpf(o, stdout, JSON_COMPACT) == -1 ||
	    putchar('\n') == EOF || fflush(stdout) == EOF)
		err(111, "write");
	json_decref(o);
}

static void
print_difference(const struct patch_schema *schema, const json_t *o,
    const char *path)
{
	json_t *to = read_object(path), *d = patch_diff(schema, o, to);

	if (d == NULL && errno == EDOM)
		errx(1,
		    "no strategic merge patch gives such a list: see "
		    "-t merge");
	print(d);
	json_decref(to);
}

static enum patch_type
parse_type(const char *text)
{
	if (strcmp(text, "json") == 0)
		return PATCH_JSON;
	if (strcmp(text, "merge") == 0)
		return PATCH_MERGE;
	if (strcmp(text, "strategic") == 0)
		return PATCH_STRATEGIC;
	errx(100, "-t %s: json, merge or strategic", text);
}

static const struct patch_schema *
schema_of(const char *path, const json_t *o)
{
	struct apipath p;

	if (path == NULL)
		return patch_schema_object(o);
	if (apipath_parse(&p, path) == -1)
		err(100, "%s", path);
	if (p.resource[0] == '\0')
		errx(100, "%s: not the path of a resource", path);
	return patch_schema_path(&p);
}

int
main(int argc, char **argv)
{
	const struct patch_schema *schema;
	const char *path = NULL, *type = NULL;
	enum patch_type t = PATCH_STRATEGIC;
	struct patch_error e;
	struct buf b = { 0 };
	json_t *o, *out;
	int c, diff = 0;

	while ((c = getopt(argc, argv, "dhp:t:")) != -1) {
		switch (c) {
		case 'd':
			diff = 1;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'p':
			path = optarg;
			break;
		case 't':
			type = optarg;
			t = parse_type(type);
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind != 2 || (diff && t == PATCH_JSON)) {
		usage(stderr);
		return 100;
	}
	o = read_object(argv[optind]);
	schema = schema_of(path, o);
	if (diff) {
		print_difference(t == PATCH_MERGE ? NULL : schema, o,
		    argv[optind + 1]);
		json_decref(o);
		return 0;
	}
	read_file(&b, argv[optind + 1]);
	if (type == NULL && schema == NULL)
		t = PATCH_MERGE;
	out = patch_apply(t, schema, o, b.data, b.len, &e);
	buf_free(&b);
	json_decref(o);
	if (out == NULL)
		errx(1, "%d %s", e.code, e.message);
	print(out);
	return 0;
}
