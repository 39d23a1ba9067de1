/*
 * ote-master-health: which masters are up.
 *
 * A probe is TCP, TLS and GET /readyz under one deadline, all masters side by
 * side. A master is up after two good ones and down after two bad ones, or at
 * once when somebody's live request was refused: what is told on stdout and
 * kept in a file is each transition, not each probe.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "curlev.h"
#include "daemon.h"
#include "endpoints.h"
#include "masters.h"
#include "ready.h"
#include "upstream.h"

#define INTERVAL_MS 2000
#define TIMEOUT_MS 1000
#define SOON_MS 250
#define GOOD_NEEDED 2
#define BAD_NEEDED 2
#define BODY_MAX 4096

enum verdict {
	PROBE_OK,
	PROBE_REFUSED,
	PROBE_TIMEOUT,
	PROBE_UNREACHABLE,
	PROBE_TLS,
	PROBE_HTTP,
	PROBE_GARBAGE,
};

struct probe {
	struct health *h;
	struct upstream up;
	char addr[272];
	CURL *easy;
	struct event *timer;
	int good, bad, runs; /* in a row; how many ended at all */
	int fixed;	     /* of the command line */
	int fresh;	     /* the next one on a new connection */
	size_t body;
};

struct health {
	struct event_base *base;
	struct curlev curlev;
	struct kubeconfig kubeconfig;
	struct masters ms;		   /* what is told */
	struct probe *probes[MASTERS_MAX]; /* beside ms.m */
	const char *file, *suspect, *endpoints;
	struct timespec seen; /* mtime of the endpoints file */
	long interval_ms, timeout_ms;
	int once, verbose, inotify, written;
};

static struct health health;

static void
usage(FILE *out)
{
	fputs("usage: ote-master-health [-1hnv] [-e endpoints_file] "
	      "[-i interval_ms]\n"
	      "                         [-k kubeconfig] [-o masters_file] "
	      "[-s suspect_dir]\n"
	      "                         [-t timeout_ms] "
	      "master[,master...]\n",
	    out);
}

/* --- telling --- */

static struct master *
told(const struct probe *p)
{
	return masters_find(&p->h->ms, p->addr);
}

static void
print(const struct master *m)
{
	printf("%s %s %lld %s\n", m->addr, m->up ? "up" : "down", m->since,
	    m->reason);
	fflush(stdout);
}

/* 1 once every master was probed. */
static int
all_known(const struct health *h)
{
	size_t i;

	for (i = 0; i < h->ms.n; i++)
		if (h->probes[i]->runs == 0)
			return 0;
	return 1;
}

static void
keep(struct health *h)
{
	if (h->file != NULL && masters_write(&h->ms, h->file) == -1)
		warn("%s", h->file);
	if (!h->written)
		ready_notify();
	h->written = 1;
}

static void
tell(struct probe *p, int up, const char *reason)
{
	struct master *m = told(p);

	m->up = up;
	m->since = (long long)time(NULL);
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
	print(m);
	if (p->h->written || all_known(p->h))
		keep(p->h);
	if (p->h->once && all_known(p->h))
		event_base_loopbreak(p->h->base);
}

/* --- one probe --- */

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct probe *probe = arg;

	(void)p;
	/* /readyz is short: what goes on and on is none */
	probe->body += n * size;
	return probe->body > BODY_MAX ? 0 : n * size;
}

static enum verdict
judge(CURLcode code, long status, long os_errno)
{
	switch (code) {
	case CURLE_OK:
		break;
	case CURLE_OPERATION_TIMEDOUT:
		return PROBE_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
		return os_errno == ECONNREFUSED ? PROBE_REFUSED
						: PROBE_UNREACHABLE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return PROBE_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
		return PROBE_TLS;
	default:
		return PROBE_GARBAGE;
	}
	/* an apiserver answered, if only that it is none of our business */
	if (status == 200 || status == 401 || status == 403 || status == 404)
		return PROBE_OK;
	return PROBE_HTTP;
}

static void
reason(enum verdict v, CURLcode code, long status, char *out, size_t len)
{
	switch (v) {
	case PROBE_OK:
		snprintf(out, len, "ok");
		break;
	case PROBE_REFUSED:
		snprintf(out, len, "connect refused");
		break;
	case PROBE_TIMEOUT:
		snprintf(out, len, "timeout");
		break;
	case PROBE_UNREACHABLE:
		snprintf(out, len, "unreachable: %s", curl_easy_strerror(code));
		break;
	case PROBE_TLS:
		snprintf(out, len, "tls: %s", curl_easy_strerror(code));
		break;
	case PROBE_HTTP:
		snprintf(out, len, "http %ld", status);
		break;
	case PROBE_GARBAGE:
		snprintf(out, len, "garbage: %s", curl_easy_strerror(code));
		break;
	}
}

static long
jittered(long ms)
{
	return ms * 4 / 5 +
	    (long)arc4random_uniform((uint32_t)(ms * 2 / 5 + 1));
}

static void
probe_in(struct probe *p, long ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(p->timer, &tv);
}

/* Count it in: what it changes, and when the next one is due. */
static void
count(struct probe *p, enum verdict v, const char *why)
{
	struct master *m = told(p);
	long next = jittered(p->h->interval_ms);
	int first = p->runs++ == 0;

	if (v == PROBE_OK) {
		p->bad = 0;
		p->good++;
		if (first || (!m->up && p->good >= GOOD_NEEDED))
			tell(p, 1, why);
		else if (!m->up)
			next = SOON_MS;
	} else {
		p->good = 0;
		p->bad++;
		p->fresh = 1;
		if (first || (m->up && p->bad >= BAD_NEEDED))
			tell(p, 0, why);
		else if (m->up)
			next = 0;
	}
	if (p->h->verbose && v != PROBE_OK)
		warnx("%s: %s", p->addr, why);
	probe_in(p, next);
	if (first)
		malloc_trim(0);
}

static void
probe_done(CURL *easy, CURLcode code)
{
	struct probe *p;
	char *private = NULL, why[128];
	long status = 0, os_errno = 0;
	enum verdict v;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	p = (struct probe *)(void *)private;
	curl_easy_cleanup(easy);
	p->easy = NULL;
	v = judge(code, status, os_errno);
	reason(v, code, status, why, sizeof(why));
	count(p, v, why);
}

static void
probe_start(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	if (p->easy != NULL)
		return;
	if ((p->easy = upstream_easy(&p->up, "/readyz")) == NULL) {
		warn("%s", p->addr);
		probe_in(p, p->h->interval_ms);
		return;
	}
	p->body = 0;
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, p->h->timeout_ms);
	/* one connection a probe: a timed out one is closed with it */
	curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(p->easy, CURLOPT_FRESH_CONNECT, (long)p->fresh);
	p->fresh = 0;
	if (curlev_add(&p->h->curlev, p->easy) == -1) {
		curl_easy_cleanup(p->easy);
		p->easy = NULL;
		probe_in(p, p->h->interval_ms);
	}
}

/* --- which masters --- */

static void
add_probe(struct health *h, size_t i, int fixed)
{
	struct probe *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		err(111, "probe");
	p->h = h;
	p->fixed = fixed;
	memcpy(p->addr, h->ms.m[i].addr, sizeof(p->addr));
	if (upstream_init(&p->up, &h->kubeconfig, p->addr,
		"ote-master-health") == -1)
		err(111, "%s", p->addr);
	if ((p->timer = evtimer_new(h->base, probe_start, p)) == NULL)
		errx(111, "no memory");
	h->probes[i] = p;
	probe_in(p, 0);
}

static void
remove_probe(struct health *h, size_t i)
{
	struct probe *p = h->probes[i];

	if (p->easy != NULL) {
		curlev_remove(&h->curlev, p->easy);
		curl_easy_cleanup(p->easy);
	}
	event_free(p->timer);
	upstream_free(&p->up);
	free(p);
	h->ms.n--;
	memmove(&h->ms.m[i], &h->ms.m[i + 1],
	    (h->ms.n - i) * sizeof(h->ms.m[0]));
	memmove(&h->probes[i], &h->probes[i + 1],
	    (h->ms.n - i) * sizeof(h->probes[0]));
}

static void
read_endpoints(struct health *h)
{
	struct masters want;
	size_t i, had;
	int changed = 0;
	char why[128];

	if (endpoints_read(&want, h->endpoints) == -1)
		return;
	for (i = h->ms.n; i > 0; i--)
		if (!h->probes[i - 1]->fixed &&
		    masters_find(&want, h->ms.m[i - 1].addr) == NULL) {
			remove_probe(h, i - 1);
			changed = 1;
		}
	had = h->ms.n;
	for (i = 0; i < want.n; i++)
		if (masters_parse(&h->ms, want.m[i].addr, why, sizeof(why)) ==
		    -1)
			warnx("%s", why);
	for (i = had; i < h->ms.n; i++)
		add_probe(h, i, 0);
	if (changed && h->written)
		keep(h);
}

/* The tree is not ours to wait in: the file may come, go and come again. */
static void
on_endpoints(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;
	struct stat st;

	(void)fd;
	(void)what;
	if (stat(h->endpoints, &st) == -1 ||
	    (st.st_mtim.tv_sec == h->seen.tv_sec &&
		st.st_mtim.tv_nsec == h->seen.tv_nsec))
		return;
	h->seen = st.st_mtim;
	read_endpoints(h);
}

static void
follow_endpoints(struct health *h)
{
	struct timeval tv = { 1, 0 };
	struct event *ev;

	if (h->endpoints == NULL)
		return;
	ev = event_new(h->base, -1, EV_PERSIST, on_endpoints, h);
	if (ev == NULL || event_add(ev, &tv) == -1)
		errx(111, "no memory");
	on_endpoints(-1, 0, h);
}

/* --- suspects --- */

static void
suspect(struct health *h, const char *addr, int refused)
{
	struct probe *p;
	size_t i;

	for (i = 0; i < h->ms.n; i++) {
		p = h->probes[i];
		if (strcmp(addr, "any") != 0 && strcmp(addr, p->addr) != 0)
			continue;
		if (refused && strcmp(addr, "any") != 0 && h->ms.m[i].up &&
		    p->runs > 0) {
			p->good = 0;
			p->bad = BAD_NEEDED;
			p->fresh = 1;
			tell(p, 0, "connect refused");
		}
		p->fresh = 1;
		if (p->easy == NULL)
			probe_in(p, 0);
	}
}

static void
take_suspect(struct health *h, const char *name)
{
	struct buf b = { 0 };
	char path[700];

	if (name[0] == '.')
		return;
	snprintf(path, sizeof(path), "%s/%s", h->suspect, name);
	if (buf_read_file(&b, AT_FDCWD, path, 64) == 0 && b.len > 0)
		suspect(h, name, strncmp(b.data, "refused", 7) == 0);
	buf_free(&b);
	unlink(path);
}

static void
scan_suspects(struct health *h)
{
	struct dirent *e;
	DIR *d;

	if (h->suspect == NULL || (d = opendir(h->suspect)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		take_suspect(h, e->d_name);
	closedir(d);
}

static void
on_inotify(evutil_socket_t fd, short what, void *arg)
{
	char text[4096];
	struct health *h = arg;

	(void)what;
	if (read(fd, text, sizeof(text)) <= 0)
		return;
	scan_suspects(h);
}

static void
watch_dir(struct health *h, const char *dir)
{
	if (atomic_mkdirs(AT_FDCWD, dir) == -1)
		err(100, "%s", dir);
	if (inotify_add_watch(h->inotify, dir, IN_MOVED_TO | IN_CLOSE_WRITE) ==
	    -1)
		err(111, "%s", dir);
}

static void
watch_files(struct health *h)
{
	if ((h->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		err(111, "inotify");
	if (h->suspect != NULL)
		watch_dir(h, h->suspect);
	if (daemon_read(h->base, h->inotify, on_inotify, h) == -1)
		errx(111, "no memory");
}

/* --- start --- */

static void
run(struct health *h)
{
	size_t i;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if ((h->base = event_base_new()) == NULL ||
	    curlev_init(&h->curlev, h->base, probe_done) == -1 ||
	    daemon_signals(h->base) == -1)
		errx(111, "no memory");
	for (i = 0; i < h->ms.n; i++)
		add_probe(h, i, 1);
	if (!h->once) {
		watch_files(h);
		scan_suspects(h);
	}
	follow_endpoints(h);
	event_base_dispatch(h->base);
	while (h->ms.n > 0 && !h->once)
		remove_probe(h, h->ms.n - 1);
}

/* Without a kubeconfig the masters speak plain HTTP. */
static void
plain(struct health *h)
{
	static char server[300], host[] = "master";

	snprintf(server, sizeof(server), "http://%s", host);
	h->kubeconfig.server = server;
	h->kubeconfig.host = host;
	h->kubeconfig.port = 80;
}

int
main(int argc, char **argv)
{
	struct health *h = &health;
	const char *kubeconfig = NULL;
	char why[512];
	int c, check = 0;

	umask(077);
	h->interval_ms = INTERVAL_MS;
	h->timeout_ms = TIMEOUT_MS;
	while ((c = getopt(argc, argv, "1e:hi:k:no:s:t:v")) != -1) {
		switch (c) {
		case '1':
			h->once = 1;
			break;
		case 'e':
			h->endpoints = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			h->interval_ms = daemon_number(optarg, 1, 600000);
			break;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'o':
			h->file = optarg;
			break;
		case 's':
			h->suspect = optarg;
			break;
		case 't':
			h->timeout_ms = daemon_number(optarg, 1, 600000);
			break;
		case 'v':
			h->verbose++;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (h->interval_ms == -1 || h->timeout_ms == -1)
		errx(100, "-i, -t: give 1 to 600000 milliseconds");
	if (argc - optind != 1) {
		usage(stderr);
		return 100;
	}
	if (masters_parse(&h->ms, argv[optind], why, sizeof(why)) == -1)
		errx(100, "%s", why);
	if (kubeconfig == NULL)
		plain(h);
	else if (kubeconfig_load(&h->kubeconfig, kubeconfig, why,
		     sizeof(why)) == -1)
		errx(100, "%s", why);
	if (check)
		return 0;
	run(h);
	return h->once && !masters_any_up(&h->ms) ? 1 : 0;
}
