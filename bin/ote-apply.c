/*
 * ote-apply: requests to the API, read as lines of JSON.
 *
 * lib/action_send.h does them; this file is the two ends of the pipe. Lines
 * are read while the queue has room, results are written as far as the reader
 * takes them: neither end holds up what is under way.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action_send.h"
#include "daemon.h"

#define READ_SIZE 65536
#define QUEUE_BYTES (64UL * 1024 * 1024)
#define RESULTS_MAX (1024 * 1024) /* that nobody takes */

struct tool {
	struct event_base *base;
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct action_queue queue;
	struct action_send send;
	struct event *in, *out;
	struct buf lines, results;
	unsigned long long line; /* its number */
	int skipping;		 /* to the end of a line that is too long */
	int reading, ended, code;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-apply [-hnv] -k kubeconfig [-j parallel] [-l lb] "
	      "[-q queue]\n"
	      "                 [-r rate] [-u seconds]\n",
	    out);
}

static void
told(void *arg, const char *text)
{
	(void)arg;
	warnx("%s", text);
}

/* --- results --- */

/* All that is taken without waiting; what is left at the end is waited for. */
static void
flush(struct tool *t, int wait)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	size_t n, done = 0;
	ssize_t w;

	while (done < t->results.len && poll(&p, 1, wait ? -1 : 0) == 1) {
		n = t->results.len - done;
		if (n > PIPE_BUF)
			n = PIPE_BUF;
		w = write(STDOUT_FILENO, t->results.data + done, n);
		if (w == -1 && errno == EAGAIN)
			break;
		if (w == -1)
			err(111, "standard output");
		done += (size_t)w;
	}
	buf_drain(&t->results, done);
	t->send.held = t->results.len >= RESULTS_MAX;
	if (t->results.len > 0 && !wait)
		event_add(t->out, NULL);
}

static void
on_result(void *arg, const struct action *a, const struct action_result *r)
{
	struct tool *t = arg;

	if (action_result_write(&t->results, a, r) == -1)
		err(111, "result");
	flush(t, 0);
}

/* --- lines --- */

/* It is none: what is wrong with it is its result. */
static void
refuse(struct tool *t, const struct action *a, const char *why)
{
	struct action_result r = { .reason = "BadAction" };
	char text[512];

	snprintf(text, sizeof(text), "line %llu: %s", t->line, why);
	r.message = text;
	on_result(t, a, &r);
}

static void
replaced(struct tool *t, struct action *old, const struct action *by)
{
	struct action_result r = { .reason = "Replaced" };
	char text[256];

	snprintf(text, sizeof(text), "by %s", by->id);
	r.message = text;
	on_result(t, old, &r);
	action_free(old);
}

static void
take_line(struct tool *t, const char *line, size_t len)
{
	struct action *a, *old;
	char why[256];

	t->line++;
	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	if ((a = action_parse(line, len, why, sizeof(why))) == NULL)
		err(111, "line %llu", t->line);
	if (a->bad) {
		refuse(t, a, why);
		action_free(a);
		return;
	}
	if (action_queue_add(&t->queue, a, &old) == -1)
		err(111, "line %llu", t->line);
	if (old != NULL)
		replaced(t, old, a);
}

/* The rest of it will be skipped. */
static void
take_long(struct tool *t)
{
	static const struct action none = { .id = "", .node = "", .why = "" };

	t->line++;
	refuse(t, &none, "too long");
	t->skipping = 1;
	t->lines.len = 0;
}

static int
has_room(const struct tool *t)
{
	return !action_queue_is_full(&t->queue) && !t->send.held;
}

/* Whole lines, as long as there is room. */
static void
take_lines(struct tool *t)
{
	size_t done = 0, len;
	const char *line, *end;

	while (done < t->lines.len && has_room(t)) {
		line = t->lines.data + done;
		len = t->lines.len - done;
		if ((end = memchr(line, '\n', len)) != NULL)
			len = (size_t)(end - line);
		else if (!t->ended)
			break;
		if (!t->skipping)
			take_line(t, line, len);
		t->skipping = 0;
		done += len + (end != NULL);
	}
	buf_drain(&t->lines, done);
	if (t->skipping)
		t->lines.len = 0;
	else if (t->lines.len > ACTION_LINE_MAX && has_room(t))
		take_long(t);
}

/* What is to be done now that something is another way. */
static void
turn(struct tool *t)
{
	int reads;

	take_lines(t);
	action_send_pump(&t->send);
	if (t->send.refused) {
		warnx("401 for %d s: giving up", t->send.refused_s);
		t->code = 111;
		event_base_loopbreak(t->base);
	}
	reads = !t->ended && has_room(t);
	if (reads && !t->reading)
		event_add(t->in, NULL);
	else if (!reads && t->reading)
		event_del(t->in);
	t->reading = reads;
	if (t->ended && t->lines.len == 0 && t->queue.n == 0 &&
	    t->send.out == 0)
		event_base_loopbreak(t->base);
}

static void
on_moved(void *arg)
{
	turn(arg);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;
	ssize_t n;

	(void)what;
	if (buf_reserve(&t->lines, READ_SIZE) == -1)
		err(111, "standard input");
	n = read(fd, t->lines.data + t->lines.len, READ_SIZE);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		err(111, "standard input");
	if (n > 0)
		t->lines.len += (size_t)n;
	if (n == 0)
		t->ended = 1;
	turn(t);
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg, 0);
	turn(arg);
}

/* --- start --- */

/* Of those that take any descriptor: epoll(7) takes no regular file. */
static struct event_base *
make_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c != NULL && event_config_require_features(c, EV_FEATURE_FDS) == 0)
		base = event_base_new_with_config(c);
	if (c != NULL)
		event_config_free(c);
	return base;
}

static void
start(struct tool *t, const char *lb)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (upstream_init(&t->up, &t->kubeconfig, lb, "ote-apply") == -1)
		err(111, "upstream");
	if ((t->base = make_base()) == NULL || daemon_signals(t->base) == -1)
		errx(111, "no memory");
	t->in =
	    event_new(t->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, t);
	t->out = event_new(t->base, STDOUT_FILENO, EV_WRITE, on_output, t);
	t->send.base = t->base;
	t->send.up = &t->up;
	t->send.queue = &t->queue;
	t->send.result = on_result;
	t->send.moved = on_moved;
	t->send.told = told;
	t->send.arg = t;
	if (t->in == NULL || t->out == NULL || action_send_init(&t->send) == -1)
		errx(111, "no memory");
}

static void
end(struct tool *t)
{
	action_send_free(&t->send);
	action_queue_free(&t->queue);
	event_free(t->in);
	event_free(t->out);
	buf_free(&t->lines);
	buf_free(&t->results);
	upstream_free(&t->up);
	kubeconfig_free(&t->kubeconfig);
}

static int
number(int option, const char *text, long high)
{
	long n = daemon_number(text, 1, high);

	if (n == -1)
		errx(100, "-%c: give 1 to %ld", option, high);
	return (int)n;
}

int
main(int argc, char **argv)
{
	static struct tool t;
	const char *kubeconfig = NULL, *lb = NULL;
	char why[512];
	size_t max = 65536;
	int c, check = 0;

	t.send.parallel = 64;
	t.send.rate = 1000;
	t.send.refused_s = 60;
	while ((c = getopt(argc, argv, "hj:k:l:nq:r:u:v")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'j':
			t.send.parallel = number(c, optarg, 1000);
			break;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'q':
			max = (size_t)number(c, optarg, 1000000);
			break;
		case 'r':
			t.send.rate = number(c, optarg, 100000);
			break;
		case 'u':
			t.send.refused_s = number(c, optarg, 86400);
			break;
		case 'v':
			t.send.verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind || kubeconfig == NULL) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig_load(&t.kubeconfig, kubeconfig, why, sizeof(why)) == -1)
		errx(100, "%s", why);
	if (check)
		return 0;
	action_queue_init(&t.queue, max, QUEUE_BYTES);
	start(&t, lb);
	turn(&t);
	event_base_dispatch(t.base);
	if (t.code == 0 && t.ended)
		flush(&t, 1);
	end(&t);
	return t.code;
}
