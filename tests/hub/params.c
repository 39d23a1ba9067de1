/*
 * params: what a web server hands on of a request.
 *
 *   params fcgi SOCKET   a FastCGI responder: answers with its parameters,
 *                        NAME=VALUE a line, line ends in values as blanks
 *   params http SOCKET   an HTTP server: answers with the head it was sent
 *
 * One request a connection, one connection after the other, until killed.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARAMS 4 /* FCGI_PARAMS */
#define STDIN 5
#define STDOUT 6
#define END 3
#define MAX (1024 * 1024)

static unsigned char in[MAX];
static char out[MAX];
static size_t nin, nout;

static int
all(int fd, void *p, size_t n)
{
	ssize_t r;
	size_t at;

	for (at = 0; at < n; at += (size_t)r)
		if ((r = read(fd, (char *)p + at, n - at)) <= 0)
			return -1;
	return 0;
}

static void
put(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t r;

	for (; n > 0; at += r, n -= (size_t)r)
		if ((r = send(fd, at, n, MSG_NOSIGNAL)) <= 0)
			return;
}

static void
add(const void *p, size_t n)
{
	size_t i;

	if (n > sizeof(out) - nout - 2)
		errx(1, "too long");
	for (i = 0; i < n; i++) {
		char c = ((const char *)p)[i];

		out[nout++] = c == '\n' ? ' ' : c;
	}
}

/* --- FastCGI --- */

static size_t
length(size_t *at)
{
	size_t n = in[(*at)++];

	if (n < 128)
		return n;
	n = (n & 127) << 24 | (size_t)in[*at] << 16 | (size_t)in[*at + 1] << 8 |
	    in[*at + 2];
	*at += 3;
	return n;
}

static void
decode(void)
{
	size_t at = 0, name, value;

	while (at + 8 < nin) {
		name = length(&at);
		value = length(&at);
		if (name + value > nin - at)
			errx(1, "bad parameters");
		add(in + at, name);
		add("=", 1);
		add(in + at + name, value);
		out[nout++] = '\n';
		at += name + value;
	}
}

static void
record(int fd, int type, const void *p, size_t n)
{
	unsigned char h[8] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(n >> 8), (unsigned char)n };

	put(fd, h, 8);
	put(fd, p, n);
}

static void
fcgi(int fd)
{
	static const char head[] = "Content-Type: text/plain\r\n\r\n";
	unsigned char h[8], rest[256];
	size_t n, at;

	for (;;) {
		if (all(fd, h, 8) == -1)
			return;
		n = (size_t)h[4] << 8 | h[5];
		if (n > MAX - nin || all(fd, in + nin, n) == -1 ||
		    all(fd, rest, h[6]) == -1)
			return;
		if (h[1] == PARAMS)
			nin += n;
		if (h[1] == STDIN && n == 0)
			break;
	}
	/* the last ones need bytes behind them to be seen as whole */
	memset(in + nin, 0, nin + 8 < MAX ? 8 : 0);
	nin += 8;
	decode();
	record(fd, STDOUT, head, sizeof(head) - 1);
	for (at = 0; at < nout; at += n) {
		n = nout - at < 32768 ? nout - at : 32768;
		record(fd, STDOUT, out + at, n);
	}
	record(fd, STDOUT, "", 0);
	record(fd, END, "\0\0\0\0\0\0\0", 8);
}

/* --- HTTP --- */

static void
http(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: text/plain\r\n"
				   "Connection: close\r\n\r\n";
	ssize_t n;

	while (nin < MAX - 1 && memmem(in, nin, "\r\n\r\n", 4) == NULL) {
		if ((n = read(fd, in + nin, MAX - 1 - nin)) <= 0)
			return;
		nin += (size_t)n;
	}
	put(fd, head, sizeof(head) - 1);
	put(fd, in, nin);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, l;

	if (argc != 3)
		errx(1, "see the head of params.c");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", argv[2]);
	unlink(argv[2]);
	if ((l = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(l, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(l, 16) == -1)
		err(1, "%s", argv[2]);
	while ((fd = accept(l, NULL, NULL)) != -1) {
		nin = nout = 0;
		if (strcmp(argv[1], "fcgi") == 0)
			fcgi(fd);
		else
			http(fd);
		close(fd);
	}
	err(1, "accept");
}
