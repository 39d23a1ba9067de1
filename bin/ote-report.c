/*
 * ote-report: tell the master how this hub is, once: status.report of the
 * node's EdgeNode. ote-every(8) runs it, so that nothing of it is in memory in
 * between; what has been told already is in data/run/report.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "masters.h"
#include "peers.h"
#include "report.h"
#include "status.h"
#include "upstream.h"

#define TIMEOUT_S 20L
#define PEERS_MS 5000
#define ANSWER_MAX (64 * 1024)
#define SOON_S 30 /* before the next minute */
#define RARELY_S 600
#define RARELY_MORE_S 300

struct tool {
	const char *data, *node, *peer_list; /* the last: or NULL */
	int datafd, verbose;
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct peers peers;
	struct buf body; /* of the answer */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-report [-hnv] [-d data] [-k kubeconfig] [-l lb] "
	      "[-N node]\n"
	      "                  [-P peers]\n",
	    out);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	n *= size;
	if (b->len + n <= ANSWER_MAX)
		(void)buf_add(b, p, n);
	return n;
}

/* A line of what is wrong, from a Status or the like. */
static void
take_reason(const struct buf *body, int code, char *why, size_t len)
{
	const char *message = NULL;
	json_t *o = NULL;
	size_t i;

	if (body->len > 0)
		o = json_loadb(body->data, body->len, 0, NULL);
	message = json_string_value(json_object_get(o, "message"));
	snprintf(why, len, "%s",
	    message != NULL ? message : status_phrase(code));
	json_decref(o);
	for (i = 0; why[i] != '\0'; i++)
		if ((unsigned char)why[i] < ' ')
			why[i] = ' ';
}

/* The code of the answer, 0 if there is none; why is for both. */
static int
send_patch(struct tool *t, CURL *easy, const char *patch, char *why, size_t len)
{
	struct curl_slist *h = upstream_headers(&t->up), *all;
	long code = 0;
	CURLcode rc;

	all =
	    curl_slist_append(h, "Content-Type: application/merge-patch+json");
	if (all == NULL)
		err(111, NULL);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, all);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, patch);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t->body);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, TIMEOUT_S);
	rc = curl_easy_perform(easy);
	if (rc == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	if (code == 0)
		snprintf(why, len, "%s", curl_easy_strerror(rc));
	else
		take_reason(&t->body, (int)code, why, len);
	curl_slist_free_all(all);
	return (int)code;
}

static void
say(const struct tool *t, const struct report_answer *a)
{
	if (a->code == 404)
		warnx("node %s has no EdgeNode, tried again now and then: %s",
		    t->node, a->reason);
	else if (a->code == 403)
		warnx("not allowed, tried again now and then: %s", a->reason);
	else
		warnx("not reported: %d %s", a->code, a->reason);
}

/* Asked again once as much time as it has been saying that has gone by again. */
static long long
pause_s(long long for_s)
{
	if (for_s < SOON_S)
		return SOON_S;
	if (for_s > RARELY_S)
		for_s = RARELY_S;
	return for_s + (long long)arc4random_uniform(RARELY_MORE_S);
}

/* What is new is told, and kept for the next one. */
static void
keep(const struct tool *t, const struct report_answer *was,
    struct report_answer *a, long long now)
{
	int rarely = a->code == 404 || a->code == 403;
	int good = a->code == 200;

	a->since = a->code == was->code ? was->since : now;
	a->next = rarely ? now + pause_s(now - a->since) : 0;
	if (good)
		snprintf(a->reason, sizeof(a->reason), "OK");
	if (a->code != was->code && !good)
		say(t, a);
	else if (a->code != was->code && was->code != -1)
		warnx("reported again");
	if ((a->code != was->code || rarely) &&
	    report_write(a, t->datafd) == -1)
		warn("%s/run/report", t->data);
}

/* The report, with what is found of peers. Exits. */
static json_t *
make(struct tool *t, long long now, int keep)
{
	json_t *o = report_make(t->data, now), *peers;

	if (o == NULL)
		err(111, "%s", t->data);
	if (t->peers.n == 0)
		return o;
	if (peers_probe(&t->peers, PEERS_MS) == -1)
		err(111, "poll");
	if (peers_since(&t->peers, t->datafd, now, keep) == -1)
		warn("%s/run/peers", t->data);
	if ((peers = peers_json(&t->peers)) == NULL ||
	    json_object_set_new(o, "peers", peers) == -1)
		err(111, NULL);
	return o;
}

static int
report(struct tool *t)
{
	long long now = (long long)time(NULL);
	struct report_answer was, a = { 0 };
	char path[512], *patch;
	CURL *easy;

	if (!masters_reachable(t->data)) {
		if (t->verbose)
			warnx("no master is up");
		return 1;
	}
	if (report_read(&was, t->datafd) == -1)
		err(111, "%s/run/report", t->data);
	/* a next that is further away is of a clock that was set back */
	if (was.next > now && was.next <= now + RARELY_S + RARELY_MORE_S) {
		if (t->verbose)
			warnx("tried again in %lld s: %d %s", was.next - now,
			    was.code, was.reason);
		return 1;
	}
	snprintf(path, sizeof(path),
	    "/apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes/%s/status",
	    t->node);
	if ((patch = report_patch(make(t, now, 1))) == NULL ||
	    (easy = upstream_easy(&t->up, path)) == NULL)
		err(111, "%s", t->data);
	a.code = send_patch(t, easy, patch, a.reason, sizeof(a.reason));
	keep(t, &was, &a, now);
	curl_easy_cleanup(easy);
	free(patch);
	return a.code == 200 ? 0 : 1;
}

static int
show(struct tool *t)
{
	json_t *o = make(t, (long long)time(NULL), 0);

	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
	return fflush(stdout) == EOF ? 111 : 0;
}

/*
 * A file of them that was changed for the worse is told once, and must not end
 * the reports. With check, or a list that is none, it exits.
 */
static void
take_peers(struct tool *t, int check)
{
	char why[512];

	if (t->peer_list == NULL)
		return;
	if (peers_parse(&t->peers, t->peer_list, why, sizeof(why)) == -1) {
		if (check || strchr(t->peer_list, '/') == NULL)
			errx(100, "-P: %s", why);
		t->peers.n = 0;
		if (unlinkat(t->datafd, PEERS_FILE, 0) == 0 || t->verbose)
			warnx("-P, left out: %s", why);
	}
	if (t->node != NULL)
		peers_drop(&t->peers, t->node);
}

/* A name that needs no escapes in a path. */
static int
is_node(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 254 && s[0] != '.' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

int
main(int argc, char **argv)
{
	static struct tool t;
	const char *kubeconfig = NULL, *lb = NULL;
	char why[512];
	int c, only = 0;

	umask(077);
	t.data = "data";
	while ((c = getopt(argc, argv, "d:hk:l:nN:P:v")) != -1) {
		switch (c) {
		case 'd':
			t.data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'n':
			only = 1;
			break;
		case 'N':
			t.node = optarg;
			break;
		case 'P':
			t.peer_list = optarg;
			break;
		case 'v':
			t.verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind || (!only && (kubeconfig == NULL || !t.node))) {
		usage(stderr);
		return 100;
	}
	t.datafd = open(t.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.datafd == -1)
		err(100, "%s", t.data);
	take_peers(&t, only);
	if (only)
		return show(&t);
	if (!is_node(t.node))
		errx(100, "-N %s: not a node's name", t.node);
	if (kubeconfig_load(&t.kubeconfig, kubeconfig, why, sizeof(why)) == -1)
		errx(100, "%s", why);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (upstream_init(&t.up, &t.kubeconfig, lb, "ote-report") == -1)
		err(111, "upstream");
	c = report(&t);
	upstream_free(&t.up);
	kubeconfig_free(&t.kubeconfig);
	buf_free(&t.body);
	return c;
}
