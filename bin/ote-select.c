/*
 * ote-select: label and field selectors over JSON lines. What matches comes
 * out byte for byte, so that it can stand anywhere in a pipe.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meta.h"
#include "selector.h"

struct select {
	struct selector labels, fields;
	const struct resource *r;
	unsigned long read, matched, bad;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-select [-hv] [-l labelSelector] [-f fieldSelector] "
	      "[-r group/resource]\n"
	      "                  [file ...]\n",
	    out);
}

/* The resource named "resource" or "group/resource"; exits. */
static const struct resource *
find_resource(char *text)
{
	const struct resource *r;
	char *slash = strchr(text, '/');

	if (slash == NULL)
		r = resource_find("", text);
	else {
		*slash = '\0';
		r = resource_find(strcmp(text, "core") == 0 ? "" : text,
		    slash + 1);
		*slash = '/';
	}
	if (r == NULL)
		errx(100, "%s: no built-in resource", text);
	return r;
}

/* The same words as kube-apiserver's 400. */
static void
check_fields(const struct select *s)
{
	const char *key;
	size_t i;

	for (i = 0; i < s->fields.nreqs; i++) {
		key = s->fields.reqs[i].key;
		if (!resource_field_known(s->r, key))
			errx(100, "field label not supported: %s", key);
	}
}

/* Lines that a watch passes on whatever it selects. */
static int
is_notice(const char *type)
{
	return strcmp(type, "BOOKMARK") == 0 || strcmp(type, "ERROR") == 0;
}

/*
 * 1 to print, 0 not, -1 with errno if there is no object. An event is told
 * from an object by its "type" and "object".
 */
static int
line_match(struct select *s, const json_t *o)
{
	const char *type = json_string_value(json_object_get(o, "type"));
	const json_t *object = json_object_get(o, "object");
	struct meta m;
	int rc;

	if (type != NULL && json_is_object(object)) {
		if (is_notice(type))
			return 1;
		if (strcmp(type, "BASE") == 0)
			return 0;
		o = object;
	}
	if (meta_load(&m, o, s->r) == -1)
		return -1;
	rc = selector_match(&s->labels, meta_label, &m) &&
	    selector_match_fields(&s->fields, meta_field, &m);
	meta_free(&m);
	if (rc)
		s->matched++;
	return rc;
}

static void
do_line(struct select *s, const char *name, unsigned long number,
    const char *line, size_t len)
{
	json_error_t why;
	json_t *o;
	int rc;

	if (strspn(line, " \t\r\n") == len)
		return;
	s->read++;
	o = json_loadb(line, len, 0, &why);
	if (o == NULL) {
		warnx("%s:%lu: %s", name, number, why.text);
		s->bad++;
		return;
	}
	rc = line_match(s, o);
	if (rc == -1) {
		warnx("%s:%lu: no object: %s", name, number,
		    errno == EBADMSG ? "bad name or resourceVersion"
				     : strerror(errno));
		s->bad++;
	}
	json_decref(o);
	if (rc == 1 && fwrite(line, 1, len, stdout) != len)
		err(111, "write");
}

static void
do_file(struct select *s, FILE *in, const char *name)
{
	unsigned long number = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, in)) != -1)
		do_line(s, name, ++number, line, (size_t)n);
	if (ferror(in))
		err(111, "%s", name);
	free(line);
}

static void
do_name(struct select *s, const char *name)
{
	FILE *in;

	if (strcmp(name, "-") == 0) {
		do_file(s, stdin, "stdin");
		return;
	}
	in = fopen(name, "re");
	if (in == NULL)
		err(111, "%s", name);
	do_file(s, in, name);
	fclose(in);
}

int
main(int argc, char **argv)
{
	struct select s = { 0 };
	const char *labels = "", *fields = "";
	char why[512];
	int c, i, verbose = 0;

	while ((c = getopt(argc, argv, "f:hl:r:v")) != -1) {
		switch (c) {
		case 'f':
			fields = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			labels = optarg;
			break;
		case 'r':
			s.r = find_resource(optarg);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (selector_parse_labels(&s.labels, labels, why, sizeof(why)) == -1 ||
	    selector_parse_fields(&s.fields, fields, why, sizeof(why)) == -1)
		errx(errno == ENOMEM ? 111 : 100, "%s", why);
	check_fields(&s);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (optind == argc)
		do_file(&s, stdin, "stdin");
	for (i = optind; i < argc; i++)
		do_name(&s, argv[i]);
	if (fflush(stdout) == EOF)
		err(111, "write");
	if (verbose)
		warnx("%lu read, %lu matched", s.read, s.matched);
	selector_free(&s.labels);
	selector_free(&s.fields);
	if (s.bad > 0)
		return 111;
	return s.matched > 0 ? 0 : 1;
}
