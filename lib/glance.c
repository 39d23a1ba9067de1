/*
 * A hub at a glance: its processes and its masters here, its feeds, outbox,
 * certificates and disk in the other parts. It only reads, takes no lock but
 * to ask who has it, and works when all processes are dead.
 */
#include <sys/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "glance_part.h"
#include "masters.h"

#define FILE_MAX 65536
#define NAMES_MAX 1000000

json_t *
glance_text(const char *s)
{
	json_t *v = json_string(s);
	char *copy, *p;

	if (v != NULL || (copy = strdup(s)) == NULL)
		return v;
	for (p = copy; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	v = json_string(copy);
	free(copy);
	return v;
}

int
glance_why(struct glance *g, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (json_array_append_new(g->reasons, glance_text(text)) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

int
glance_put(struct glance *g, const char *name, json_t *value)
{
	if (json_object_set_new(g->out, name, value) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

long
glance_count(const struct glance *g, const char *dir)
{
	struct dirent *e;
	long n = 0;
	DIR *d;
	int fd;

	fd = openat(g->datafd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (n < NAMES_MAX && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			n++;
	closedir(d);
	return n;
}

/* --- the processes --- */

/* The process id in the file `lock` if somebody holds it, else 0. */
static int
lock_holder(const struct glance *g, long *pid)
{
	char text[32];
	ssize_t n;
	int fd, held;

	*pid = 0;
	fd = openat(g->datafd, "lock", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	held = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (held)
		*pid = strtol(text, NULL, 10);
	return held;
}

/* NAME up|starting|down SINCE STARTS PID */
static int
add_process(struct glance *g, json_t *list, const char *line)
{
	char name[64], state[16];
	long long since;
	int starts;
	long pid;

	if (sscanf(line, "%63s %15s %lld %d %ld", name, state, &since, &starts,
		&pid) != 5)
		return 0;
	if (strcmp(state, "up") != 0 &&
	    glance_why(g, "process %s is %s, started %d times", name, state,
		starts) == -1)
		return -1;
	if (json_array_append_new(list,
		json_pack("{s:o, s:o, s:I, s:i, s:I}", "name",
		    glance_text(name), "state", glance_text(state), "since",
		    (json_int_t)since, "starts", starts, "pid",
		    (json_int_t)pid)) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
processes(struct glance *g)
{
	json_t *list = json_array();
	struct buf b = { 0 };
	char *line, *rest;
	int held, rc;
	long pid;

	if (list == NULL || (held = lock_holder(g, &pid)) == -1) {
		json_decref(list);
		return -1;
	}
	rc = held ? 0 : glance_why(g, "the hub does not run");
	if (held &&
	    buf_read_file(&b, g->datafd, "run/processes", FILE_MAX) == -1 &&
	    errno != ENOENT)
		rc = -1;
	for (rest = b.data; rc == 0 && (line = strsep(&rest, "\n")) != NULL;)
		rc = add_process(g, list, line);
	buf_free(&b);
	if (rc == -1) {
		json_decref(list);
		return -1;
	}
	return glance_put(g, "hub",
	    json_pack("{s:b, s:I, s:o}", "running", held, "pid",
		(json_int_t)pid, "processes", list));
}

/* --- the masters --- */

static json_t *
master(const struct master *m)
{
	return json_pack("{s:o, s:b, s:I, s:o}", "address",
	    glance_text(m->addr), "up", m->up, "since", (json_int_t)m->since,
	    "reason", glance_text(m->reason));
}

static int
all_masters(struct glance *g)
{
	char path[PATH_MAX];
	struct masters ms;
	json_t *list;
	size_t i;

	snprintf(path, sizeof(path), "%s/run/masters", g->data);
	if (masters_read(&ms, path) == -1 && errno != ENOENT &&
	    (errno != EBADMSG ||
		glance_why(g, "run/masters has a bad line") == -1))
		return -1;
	g->up = masters_any_up(&ms);
	g->cut_since = masters_down_since(&ms);
	if (!g->up && glance_why(g, "no master is up") == -1)
		return -1;
	if ((list = json_array()) == NULL)
		return -1;
	for (i = 0; i < ms.n; i++)
		if (json_array_append_new(list, master(&ms.m[i])) == -1) {
			json_decref(list);
			errno = ENOMEM;
			return -1;
		}
	if (glance_put(g, "masters", list) == -1)
		return -1;
	return glance_put(g, "cutOffSince",
	    g->up ? json_null() : json_integer(g->cut_since));
}

/* --- all of it --- */

static int
look(struct glance *g)
{
	long n;

	if (g->out == NULL || g->reasons == NULL) {
		errno = ENOMEM;
		return -1;
	}
	if (glance_put(g, "version", json_string(VERSION)) == -1 ||
	    glance_put(g, "time", json_integer(g->now)) == -1 ||
	    glance_put(g, "data", glance_text(g->data)) == -1 ||
	    processes(g) == -1 || all_masters(g) == -1 ||
	    glance_feeds(g) == -1 || glance_outbox(g) == -1 ||
	    glance_certificates(g) == -1 || glance_disk(g) == -1 ||
	    (n = glance_count(g, "quarantine")) == -1 ||
	    glance_put(g, "quarantined", json_integer(n)) == -1)
		return -1;
	return glance_put(g, "state",
	    json_string(
		json_array_size(g->reasons) == 0 ? "good" : "degraded"));
}

json_t *
glance(const char *data, long long now)
{
	struct glance g = { .data = data, .now = now };
	int rc, saved;

	g.datafd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g.datafd == -1)
		return NULL;
	g.out = json_object();
	g.reasons = json_array();
	rc = look(&g);
	saved = errno;
	if (rc == 0 && json_object_set(g.out, "reasons", g.reasons) == -1) {
		rc = -1;
		saved = ENOMEM;
	}
	json_decref(g.reasons);
	close(g.datafd);
	if (rc == -1) {
		json_decref(g.out);
		errno = saved;
		return NULL;
	}
	return g.out;
}
