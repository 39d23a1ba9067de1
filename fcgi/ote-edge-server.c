/*
 * ote-edge-server: the master, as far as a node needs it.
 *
 * A FastCGI responder behind lighttpd: reads are answered from the cache
 * tree, the rest goes through to the master while it is there. One process,
 * one thread, one loop.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "daemon.h"
#include "k3s.h"
#include "may.h"
#include "parts.h"
#include "ready.h"

#define CONNS_MAX 4096
#define DEADLINE_MS 1000
#define TRIM_S 2
#define REVIEW_AGE_S 86400

/* What it was started with. */
struct arguments {
	const char *data, *kubeconfig, *lb, *socket, *conf, *identities, *k3s;
	int check, impersonate;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-edge-server [-hInSv] [-A audiences] [-a mode] "
	      "[-c writes.conf]\n"
	      "                       [-d data] [-i identities] [-J issuers] "
	      "[-K keys]\n"
	      "                       [-k kubeconfig] [-l lb] [-N node] "
	      "[-o limits] [-p name]\n"
	      "                       [-r age_s] [-s socket] "
	      "[-w deadline_ms] [-X address]\n",
	    out);
}

/*
 * After a burst of requests the heap is full of holes: their pages go back.
 */
static void
on_trim(evutil_socket_t fd, short what, void *arg)
{
	static unsigned long trimmed;
	struct edge *e = arg;

	(void)fd;
	(void)what;
	if (e->server.accepted + e->server.conns == trimmed)
		return;
	trimmed = e->server.accepted + e->server.conns;
	malloc_trim(0);
}

static void
arm_trim(struct edge *e)
{
	struct timeval tv = { TRIM_S, 0 };
	struct event *ev;

	ev = event_new(e->base, -1, EV_PERSIST, on_trim, e);
	if (ev == NULL || event_add(ev, &tv) == -1)
		errx(111, "no memory");
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	char text[16384]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	struct edge *e = arg;
	const struct inotify_event *i;
	const char *name;
	ssize_t n, off;
	int last = -1;

	(void)what;
	if ((n = read(fd, text, sizeof(text))) <= 0)
		return;
	for (off = 0; off < n; off += (ssize_t)(sizeof(*i) + i->len)) {
		i = (const struct inotify_event *)(void *)(text + off);
		name = i->len > 0 ? i->name : NULL;
		if (i->wd == e->wishes_wd) {
			if (name != NULL)
				wish_granted(e, name);
		} else if (i->wd == e->run_wd) {
			if (name != NULL && strcmp(name, "masters") == 0)
				master_changed(e);
		} else if (i->wd != last || i->mask != IN_MODIFY)
			feeds_changed(e, i->wd, i->mask, name);
		/* one look at a journal is enough for a burst of writes */
		last = i->mask == IN_MODIFY ? i->wd : -1;
	}
}

static void
open_data(struct edge *e, const char *data)
{
	if (mkdir(data, 0700) == -1 && errno != EEXIST)
		err(100, "%s: cannot make it", data);
	/* lighttpd is told whole paths */
	if ((e->data = realpath(data, NULL)) == NULL)
		err(100, "%s", data);
	e->datafd = open(e->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->datafd == -1)
		err(100, "%s", data);
	if (list_init(e) == -1 || wish_init(e) == -1)
		err(100, "%s: cannot write there", data);
}

static void
watch_files(struct edge *e)
{
	char path[512];

	e->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (e->inotify == -1)
		err(111, "inotify");
	snprintf(path, sizeof(path), "%s/wishes", e->data);
	e->wishes_wd =
	    inotify_add_watch(e->inotify, path, IN_DELETE | IN_ONLYDIR);
	snprintf(path, sizeof(path), "%s/run", e->data);
	e->run_wd =
	    inotify_add_watch(e->inotify, path, IN_MOVED_TO | IN_ONLYDIR);
	if (e->wishes_wd == -1 || e->run_wd == -1)
		err(111, "%s", path);
	if (daemon_read(e->base, e->inotify, on_inotify, e) == -1)
		errx(111, "no memory");
}

static void
serve(struct edge *e, const char *socket)
{
	e->server.arg = e;
	e->server.max_conns = CONNS_MAX;
	e->server.request = request_start;
	e->server.body = request_body;
	e->server.drained = request_drained;
	e->server.closed = request_closed;
	if (fcgi_listen(&e->server, e->base, socket) == -1)
		err(100, "%s: cannot listen there", socket);
	ready_notify();
	event_base_dispatch(e->base);
	fcgi_server_free(&e->server);
	unlink(socket);
}

static void
take_limits(struct edge *e, char *text)
{
	if (outbox_limits_parse(&e->outbox_limits, text) == -1)
		errx(100,
		    "-o: give entries=N,bytes=N,events=N,event_bytes=N, with 1 "
		    "to 500000, of bytes 4096 to 1099511627776");
}

static void
take_mode(struct edge *e, const char *mode)
{
	e->webhook = strcmp(mode, "Webhook") == 0;
	if (!e->webhook && strcmp(mode, "AlwaysAllow") != 0)
		errx(100, "-a %s: give Webhook or AlwaysAllow", mode);
}

/* Its kubelet is always served. 0, or -1. */
static int
take_node(struct edge *e)
{
	char name[300];

	if (snprintf(name, sizeof(name), "system:node:%s", e->node) >=
	    (int)sizeof(name))
		return -1;
	return limits_first(&e->limits, name);
}

/* Exits where they are wrong. */
static void
take_arguments(struct edge *e, struct arguments *a, int argc, char **argv)
{
	static const struct outbox_limits limits = OUTBOX_LIMITS;
	int c;

	e->deadline_ms = DEADLINE_MS;
	e->review_age_s = REVIEW_AGE_S;
	e->outbox_limits = limits;
	e->issuers = e->audiences = "";
	a->data = "data";
	while ((c = getopt(argc, argv,
		    "A:IJ:K:N:SX:a:c:d:hi:k:l:no:p:r:s:vw:")) != -1) {
		switch (c) {
		case 'A':
			e->audiences = optarg;
			break;
		case 'I':
			a->impersonate = 1;
			break;
		case 'J':
			e->issuers = optarg;
			break;
		case 'K':
			e->key_file = optarg;
			break;
		case 'N':
			e->node = optarg;
			break;
		case 'X':
			a->k3s = optarg;
			break;
		case 'a':
			take_mode(e, optarg);
			break;
		case 'i':
			a->identities = optarg;
			break;
		case 'S':
			e->standalone = 1;
			break;
		case 'c':
			a->conf = optarg;
			break;
		case 'd':
			a->data = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'k':
			a->kubeconfig = optarg;
			break;
		case 'l':
			a->lb = optarg;
			break;
		case 'n':
			a->check = 1;
			break;
		case 'o':
			take_limits(e, optarg);
			break;
		case 'p':
			if (limits_first(&e->limits, optarg) == -1)
				errx(100, "-p %.64s: too long, or too many",
				    optarg);
			break;
		case 'r':
			e->review_age_s = daemon_number(optarg, 0, 31536000);
			break;
		case 's':
			a->socket = optarg;
			break;
		case 'v':
			e->verbose++;
			break;
		case 'w':
			e->deadline_ms = daemon_number(optarg, 1, 60000);
			break;
		default:
			usage(stderr);
			exit(100);
		}
	}
	if (e->deadline_ms == -1)
		errx(100, "-w: give 1 to 60000 milliseconds");
	if (e->review_age_s == -1)
		errx(100, "-r: give 0 to 31536000 seconds");
	if (e->node != NULL && take_node(e) == -1)
		errx(100, "-N %.64s: too long, or too many", e->node);
	if (a->k3s != NULL && (!e->webhook || k3s_init(e, a->k3s) == -1))
		errx(100, "-X %.80s: give ip:port, and -a Webhook", a->k3s);
	if (argc != optind || (a->kubeconfig == NULL) != e->standalone ||
	    (e->standalone && e->webhook)) {
		usage(stderr);
		exit(100);
	}
}

static void
read_files(struct edge *e, const struct arguments *a)
{
	char why[512];

	if (a->kubeconfig != NULL &&
	    kubeconfig_load(&e->kubeconfig, a->kubeconfig, why, sizeof(why)) ==
		-1)
		errx(100, "%s", why);
	if (a->conf != NULL &&
	    policy_read(&e->policies, a->conf, why, sizeof(why)) == -1)
		errx(100, "%s", why);
}

int
main(int argc, char **argv)
{
	static struct edge e;
	struct arguments a = { 0 };
	char path[512];

	umask(077);
	take_arguments(&e, &a, argc, argv);
	read_files(&e, &a);
	if (a.check) {
		policy_print(&e.policies, stdout);
		return fflush(stdout) == EOF ? 111 : 0;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	open_data(&e, a.data);
	if ((e.base = event_base_new()) == NULL || feeds_init(&e) == -1 ||
	    curlev_init(&e.curlev, e.base, pass_done) == -1 ||
	    curlev_init(&e.serial, e.base, pass_done) == -1 ||
	    daemon_signals(e.base) == -1)
		errx(111, "no memory");
	curlev_serial(&e.serial);
	if (e.webhook &&
	    (call_init(&e) == -1 || who_init(&e) == -1 || may_init(&e) == -1))
		err(111, "callers");
	if (e.webhook &&
	    behalf_init(&e.behalf, &e.kubeconfig, a.identities,
		a.impersonate) == -1)
		err(111, "%s", a.identities);
	if (a.kubeconfig != NULL &&
	    upstream_init(&e.up, &e.kubeconfig, a.lb, "ote-edge-server") == -1)
		err(111, "upstream");
	watch_files(&e);
	if (master_open(&e) == -1)
		err(111, "masters");
	if (local_init(&e) == -1 || grants_init(&e) == -1 ||
	    certificate_init(&e) == -1 || audit_start(&e) == -1 ||
	    limit_init(&e, CONNS_MAX) == -1 ||
	    (e.webhook && keys_init(&e) == -1))
		errx(111, "no memory");
	arm_trim(&e);
	if (a.socket == NULL) {
		snprintf(path, sizeof(path), "%s/run/edge.sock", e.data);
		a.socket = path;
	}
	serve(&e, a.socket);
	return 0;
}
