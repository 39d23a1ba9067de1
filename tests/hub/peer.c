/*
 * peer: the two ends of a TCP connection, for load-balancer.t and
 * master-health.t.
 *
 * Servers print their port and serve until they are killed:
 *   peer name TEXT   sends TEXT, then echoes; at the other's end sends "end"
 *   peer http FILE   answers each request with the status code in FILE
 *   peer say TEXT    sends TEXT to whoever comes, closes
 *   peer hang        takes connections and never says a word
 *   peer full        takes none: its backlog is full
 *   peer refuse      holds a port where nobody listens
 *   peer flood N F   sends N bytes; makes the file F once nobody takes them
 *   peer own PORT... says "own", and no other one can of these as long as it
 *                    lives; ends at once if another one has any of them
 * Clients:
 *   peer first PORT  prints the first line that comes, or reset, or closed
 *   peer half PORT   sends a line, shuts down, prints all that comes
 *   peer hold N PORT opens N that echo, says "held N", then how they end
 *   peer slow N PORT F   reads nothing until F is there, then N flooded bytes
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX 1100
#define WAIT_MS 60000

static struct sockaddr_in
address(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((unsigned short)port);
	return a;
}

static int
bound(void)
{
	struct sockaddr_in a = address(0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "bind");
	printf("%d\n", ntohs(a.sin_port));
	return fd;
}

/* -1 where it was reset at once: who connects may hear of that already. */
static int
dial(const char *port)
{
	struct sockaddr_in a = address(atoi(port));
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd != -1 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd == -1 || errno != ECONNRESET)
		err(1, "port %s", port);
	close(fd);
	return -1;
}

static void
put(int fd, const char *p, size_t n)
{
	ssize_t r;

	for (; n > 0; p += r, n -= (size_t)r)
		if ((r = send(fd, p, n, MSG_NOSIGNAL)) == -1)
			return;
}

/* --- servers --- */

static void
answer(int fd, const char *file)
{
	char code[4] = "500", text[128];
	int n, in = open(file, O_RDONLY);

	if (in == -1 || read(in, code, 3) != 3)
		warn("%s", file);
	close(in);
	n = snprintf(text, sizeof(text),
	    "HTTP/1.1 %s x\r\nContent-Length: 3\r\n\r\nabc", code);
	put(fd, text, (size_t)n);
}

/* What came on fd: 0, or -1 where it is over. */
static int
serve(int fd, const char *what, const char *arg)
{
	static char text[65536];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (n <= 0) {
		if (n == 0 && strcmp(what, "name") == 0)
			put(fd, "end\n", 4);
		return -1;
	}
	text[n] = '\0';
	if (strcmp(what, "name") == 0)
		put(fd, text, (size_t)n);
	else if (strcmp(what, "http") == 0 && strstr(text, "\r\n\r\n") != NULL)
		answer(fd, arg);
	return 0;
}

static int
greet(int fd, const char *what, const char *arg)
{
	if (strcmp(what, "name") == 0 || strcmp(what, "say") == 0) {
		put(fd, arg, strlen(arg));
		put(fd, "\n", 1);
	}
	return strcmp(what, "say") == 0 ? -1 : 0;
}

static void
server(const char *what, const char *arg)
{
	struct pollfd p[MAX] = { { .fd = bound(), .events = POLLIN } };
	nfds_t n = 1, i;

	if (listen(p[0].fd, 1024) == -1)
		err(1, "listen");
	fflush(stdout);
	for (; poll(p, n, -1) > 0;) {
		for (i = n - 1; i > 0; i--)
			if (p[i].revents != 0 && serve(p[i].fd, what, arg)) {
				close(p[i].fd);
				p[i] = p[--n];
			}
		if (p[0].revents == 0 || n == MAX)
			continue;
		p[n].fd = accept(p[0].fd, NULL, NULL);
		p[n].events = POLLIN;
		p[n].revents = 0;
		if (p[n].fd == -1)
			err(1, "accept");
		if (greet(p[n].fd, what, arg) == -1)
			close(p[n].fd);
		else
			n++;
	}
}

static void
full(void)
{
	int fd = bound(), i, one;
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (listen(fd, 0) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "listen");
	for (i = 0; i < 4; i++) {
		one = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(one, (struct sockaddr *)&a, sizeof(a));
	}
	fflush(stdout);
	pause();
}

static void
own(char **port)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	for (; *port != NULL; port++) {
		/* a name without a file, which goes with us */
		snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "ote-port-%s",
		    *port);
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (fd == -1 ||
		    bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
			err(1, "port %s", *port);
	}
	puts("own");
	fflush(stdout);
	pause();
}

/* Bytes that tell their place. */
static void
pattern(unsigned char *p, size_t at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (unsigned char)((at + i) * 7 >> 3);
}

static void
flood(size_t total, const char *file)
{
	static unsigned char text[65536];
	int l = bound(), fd;
	size_t at = 0, want;
	struct pollfd p = { .events = POLLOUT };
	ssize_t n;

	if (listen(l, 8) == -1)
		err(1, "listen");
	fflush(stdout);
	if ((fd = accept(l, NULL, NULL)) == -1)
		err(1, "accept");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	p.fd = fd;
	while (at < total) {
		if (poll(&p, 1, 500) == 0) {
			close(open(file, O_WRONLY | O_CREAT, 0600));
			(void)poll(&p, 1, WAIT_MS);
		}
		want = total - at < sizeof(text) ? total - at : sizeof(text);
		pattern(text, at, want);
		n = send(fd, text, want, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN)
			err(1, "send");
		at += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	pause();
}

/* --- clients --- */

static void
first(const char *port)
{
	char text[256];
	int fd = dial(port);
	ssize_t n = fd == -1 ? -1 : recv(fd, text, sizeof(text) - 1, 0);

	if (n > 0)
		printf("%.*s", (int)n, text);
	else
		puts(n == 0 ? "closed" : "reset");
}

static void
half(const char *port)
{
	int fd = dial(port);
	char text[256];
	ssize_t n;

	put(fd, "line\n", 5);
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, text, sizeof(text), 0)) > 0)
		printf("%.*s", (int)n, text);
	puts(n == 0 ? "closed" : "reset");
}

/* Echo one byte behind the greeting; 1 if it came back. */
static int
echoes(int fd)
{
	char c;

	put(fd, "#", 1);
	while (recv(fd, &c, 1, 0) == 1)
		if (c == '#')
			return 1;
	return 0;
}

static void
hold(int n, const char *port)
{
	struct pollfd p[MAX];
	int i, good = 0, reset = 0, closed = 0, left = n;
	char c;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd) { dial(port), POLLIN, 0 };
	for (i = 0; i < n; i++)
		good += echoes(p[i].fd);
	printf("held %d\n", good);
	fflush(stdout);
	while (left > 0 && poll(p, (nfds_t)n, WAIT_MS) > 0)
		for (i = 0; i < n; i++) {
			if (p[i].fd == -1 || p[i].revents == 0)
				continue;
			if (recv(p[i].fd, &c, 1, 0) == 0)
				closed++;
			else
				reset++;
			close(p[i].fd);
			p[i].fd = -1;
			left--;
		}
	printf("reset %d closed %d left %d\n", reset, closed, left);
}

static void
slow(size_t total, const char *port, const char *file)
{
	static unsigned char got[65536], want[65536];
	int fd = dial(port), i;
	size_t at = 0;
	ssize_t n;

	for (i = 0; access(file, F_OK) == -1; i++) {
		if (i == WAIT_MS / 20)
			errx(1, "never blocked");
		(void)poll(NULL, 0, 20);
	}
	while ((n = recv(fd, got, sizeof(got), 0)) > 0) {
		pattern(want, at, (size_t)n);
		if (memcmp(got, want, (size_t)n) != 0)
			errx(1, "other bytes at %zu", at);
		at += (size_t)n;
	}
	printf("%s %s\n", n == 0 ? "closed" : "reset",
	    at == total ? "whole" : "cut");
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	const char *what = argc > 1 ? argv[1] : "";

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (argc == 2 && strcmp(what, "full") == 0)
		full();
	else if (argc > 2 && strcmp(what, "own") == 0)
		own(argv + 2);
	else if (argc == 2 && strcmp(what, "refuse") == 0) {
		bound();
		fflush(stdout);
		pause();
	} else if (argc == 4 && strcmp(what, "flood") == 0)
		flood(strtoul(argv[2], NULL, 10), argv[3]);
	else if (argc == 3 && strcmp(what, "first") == 0)
		first(argv[2]);
	else if (argc == 3 && strcmp(what, "half") == 0)
		half(argv[2]);
	else if (argc == 4 && strcmp(what, "hold") == 0 && atoi(argv[2]) < MAX)
		hold(atoi(argv[2]), argv[3]);
	else if (argc == 5 && strcmp(what, "slow") == 0)
		slow(strtoul(argv[2], NULL, 10), argv[3], argv[4]);
	else if (argc == 2 || argc == 3)
		server(what, argc == 3 ? argv[2] : "");
	else
		errx(1, "see the head of peer.c");
	return 0;
}
