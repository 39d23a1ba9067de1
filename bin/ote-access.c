/*
 * ote-access: lists what callers may do as the hub remembers it, or judges
 * what a kubelet may by the pods of its node.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_question.h"
#include "buf.h"
#include "node_rules.h"

#define FILE_MAX (64 * 1024 * 1024)

static void
usage(FILE *out)
{
	fputs("usage: ote-access [-h] [-d data] [-u user]\n"
	      "       ote-access -N node -p pods.jsonl -q questions.jsonl\n",
	    out);
}

/* o is given away. */
static void
print(json_t *o)
{
	if (o == NULL || json_dumpf(o, stdout, JSON_COMPACT) == -1 ||
	    putchar('\n') == EOF)
		err(111, "write");
	json_decref(o);
}

static void
put(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) == -1)
		err(111, "write");
}

/* The question with what is said to it. */
static json_t *
verdict(json_t *o, const struct access_question *q, int allowed,
    const char *reason)
{
	put(o, "allowed", json_boolean(allowed));
	if (access_question_put(o, q) == -1)
		err(111, "write");
	if (*reason != '\0')
		put(o, "reason", json_string(reason));
	return o;
}

/* --- what is remembered --- */

/* arg: the name of the only user who counts, or NULL. */
static int
list_one(void *arg, const struct user *u, const struct access_question *q,
    const struct access_decision *d)
{
	json_t *o, *groups;
	size_t i;

	if (arg != NULL && strcmp(arg, u->name) != 0)
		return 0;
	o = json_object();
	groups = json_array();
	for (i = 0; i < u->ngroups; i++)
		json_array_append_new(groups, json_string(u->groups[i]));
	put(o, "user", json_string(u->name));
	if (u->uid != NULL && *u->uid != '\0')
		put(o, "uid", json_string(u->uid));
	put(o, "groups", groups);
	put(o, "time", json_integer(d->at));
	print(verdict(o, q, d->allowed, d->reason));
	return 0;
}

static int
list(const char *data, char *user)
{
	struct access *a;
	int fd;

	fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (a = access_open_read(fd)) == NULL)
		err(111, "%s", data);
	access_each(a, list_one, user);
	access_free(a);
	close(fd);
	if (fflush(stdout) == EOF)
		err(111, "write");
	return 0;
}

/* --- by the pods of a node --- */

struct judge {
	const char *node;
	struct node_refs refs;
	int allowed; /* all of them */
};

/* Each line of a file; each ends the program where it cannot go on. */
static void
read_lines(const char *path, struct judge *j,
    int (*each)(struct judge *, const json_t *))
{
	struct buf b = { 0 };
	char *p, *line;
	size_t n = 0;
	json_t *o;
	int rc;

	if (strcmp(path, "-") == 0)
		rc = buf_read_fd(&b, STDIN_FILENO, FILE_MAX);
	else
		rc = buf_read_file(&b, AT_FDCWD, path, FILE_MAX);
	if (rc == -1)
		err(111, "%s", path);
	for (p = b.data; (line = strsep(&p, "\n")) != NULL;) {
		n++;
		if (*line == '\0')
			continue;
		if ((o = json_loads(line, 0, NULL)) == NULL)
			errx(111, "%s:%zu: not JSON", path, n);
		if (each(j, o) == -1)
			err(111, "%s:%zu", path, n);
		json_decref(o);
	}
	buf_free(&b);
}

static const char *
kind(const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "kind"));

	return s == NULL ? "Pod" : s;
}

static int
take_pod(struct judge *j, const json_t *o)
{
	const char *node = json_string_value(
	    json_object_get(json_object_get(o, "spec"), "nodeName"));

	if (strcmp(kind(o), "Pod") != 0 || node == NULL ||
	    strcmp(node, j->node) != 0)
		return 0;
	return node_refs_pod(&j->refs, o);
}

static int
take_other(struct judge *j, const json_t *o)
{
	if (strcmp(kind(o), "PersistentVolume") == 0)
		return node_refs_volume(&j->refs, o);
	if (strcmp(kind(o), "VolumeAttachment") == 0)
		return node_refs_attachment(&j->refs, j->node, o);
	if (strcmp(kind(o), "ResourceSlice") == 0)
		return node_refs_slice(&j->refs, j->node, o);
	return 0;
}

static int
answer(struct judge *j, const json_t *o)
{
	struct access_question q;
	char reason[1024];
	int allowed;

	if (access_question_load(&q, o) == -1)
		return -1;
	allowed =
	    node_rules_allow(j->node, &j->refs, &q, reason, sizeof(reason));
	print(verdict(json_object(), &q, allowed, reason));
	j->allowed &= allowed;
	return 0;
}

static int
judge(const char *node, const char *pods, const char *questions)
{
	struct judge j = { .node = node, .allowed = 1 };

	read_lines(pods, &j, take_pod);
	read_lines(pods, &j, take_other);
	read_lines(questions, &j, answer);
	node_refs_free(&j.refs);
	if (fflush(stdout) == EOF)
		err(111, "write");
	return j.allowed ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *data = NULL, *node = NULL, *pods = NULL, *questions = NULL;
	char *user = NULL;
	int c;

	while ((c = getopt(argc, argv, "d:hN:p:q:u:")) != -1) {
		switch (c) {
		case 'd':
			data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'N':
			node = optarg;
			break;
		case 'p':
			pods = optarg;
			break;
		case 'q':
			questions = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc == optind && node == NULL && pods == NULL && questions == NULL)
		return list(data == NULL ? "data" : data, user);
	if (argc == optind && node != NULL && pods != NULL &&
	    questions != NULL && data == NULL && user == NULL &&
	    strcmp(pods, "-") != 0)
		return judge(node, pods, questions);
	usage(stderr);
	return 100;
}
