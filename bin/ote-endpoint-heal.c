/*
 * ote-endpoint-heal: makes the endpoints of pods true by their status.
 *
 * As a daemon it has feeds open only while no master is up. It has no state:
 * it may end at any time and be started again.
 */
#include <sys/inotify.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "heal.h"
#include "heal_tree.h"
#include "masters.h"
#include "ready.h"

#define FILE_MAX (4 * 1024 * 1024)
#define AGAIN_MS 500 /* after a failure */
#define LOOK_MS 5000 /* for feeds that are new */

static void
usage(FILE *out)
{
	fputs("usage: ote-endpoint-heal [-1hv] -d data -N node\n"
	      "       ote-endpoint-heal [-g] [-N node] [-s service.json] "
	      "-n pod.json object.json\n",
	    out);
}

static json_t *
read_object(const char *path)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *o;
	int rc;

	if (strcmp(path, "-") == 0)
		rc = buf_read_fd(&b, STDIN_FILENO, FILE_MAX);
	else
		rc = buf_read_file(&b, AT_FDCWD, path, FILE_MAX);
	if (rc == -1 || buf_add(&b, "", 0) == -1)
		err(111, "%s", path);
	o = json_loadb(b.data, b.len, JSON_ALLOW_NUL, &error);
	if (o == NULL)
		errx(111, "%s:%d: %s", path, error.line, error.text);
	if (!json_is_object(o))
		errx(111, "%s: no object", path);
	buf_free(&b);
	return o;
}

/* 1 if it was printed, 0 if there is nothing to correct. */
static int
heal(struct heal *h, const char *pod_path, const char *path)
{
	json_t *pod = read_object(pod_path), *object = read_object(path);
	json_t *out = NULL;
	int rc;

	h->pod = pod;
	rc = heal_object(h, object, &out);
	if (rc == -1 && errno == EINVAL)
		errx(111,
		    "%s, %s: not a Pod and its EndpointSlice or Endpoints",
		    pod_path, path);
	if (rc == -1)
		err(111, "%s", path);
	json_decref(object);
	json_decref(pod);
	if (rc == 1 &&
	    (json_dumpf(out, stdout, JSON_COMPACT) == -1 ||
		putchar('\n') == EOF || fflush(stdout) == EOF))
		err(111, "write");
	json_decref(out);
	return rc;
}

static int
pure(struct heal *h, const char *service_path, char **files)
{
	json_t *service = NULL;
	int rc;

	if (service_path != NULL)
		service = read_object(service_path);
	h->service = service;
	rc = heal(h, files[0], files[1]);
	json_decref(service);
	return rc == 1 ? 0 : 1;
}

static void
tell(const char *path)
{
	warnx("%s: healed", path);
}

/* Until something changes, or time is over. */
static void
wait_for_news(int fd, int timeout_ms)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char text[4096];

	if (poll(&p, 1, timeout_ms) == -1 && errno != EINTR)
		err(111, "poll");
	while (read(fd, text, sizeof(text)) > 0)
		;
}

static int
open_inotify(const char *data)
{
	char path[512];
	int fd;

	if (snprintf(path, sizeof(path), "%s/run", data) >= (int)sizeof(path))
		errx(100, "-d %s: too long", data);
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd == -1 ||
	    inotify_add_watch(fd, path, IN_MOVED_TO | IN_ONLYDIR) == -1)
		err(111, "%s", path);
	return fd;
}

/* One round if cut off: 0, or -1. */
static int
heal_once(struct heal_tree *t)
{
	if (masters_reachable(t->data)) {
		heal_tree_close(t);
		return 0;
	}
	if (heal_tree_open(t) == -1 || heal_tree_round(t) == -1) {
		warn("%s", t->data);
		return -1;
	}
	return 0;
}

static int
serve(struct heal_tree *t, int once)
{
	int rc;

	signal(SIGPIPE, SIG_IGN);
	t->inotify = open_inotify(t->data);
	if (once) {
		rc = heal_once(t);
		heal_tree_close(t);
		return rc == -1 ? 111 : t->healed == 0;
	}
	ready_notify();
	for (;;) {
		rc = heal_once(t);
		wait_for_news(t->inotify, rc == -1 ? AGAIN_MS : LOOK_MS);
	}
}

int
main(int argc, char **argv)
{
	const char *service_path = NULL;
	struct heal_tree t = { 0 };
	struct heal h = { 0 };
	int c, files = 0, once = 0;

	while ((c = getopt(argc, argv, "1d:ghN:ns:v")) != -1) {
		switch (c) {
		case '1':
			once = 1;
			break;
		case 'd':
			t.data = optarg;
			break;
		case 'g':
			h.gone = 1;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'N':
			h.node = t.node = optarg;
			break;
		case 'n':
			files = 1;
			break;
		case 's':
			service_path = optarg;
			break;
		case 'v':
			t.told = tell;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (files && t.data == NULL && argc - optind == 2)
		return pure(&h, service_path, argv + optind);
	if (!files && t.data != NULL && t.node != NULL && argc == optind)
		return serve(&t, once);
	usage(stderr);
	return 100;
}
