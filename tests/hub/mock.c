/*
 * mock: a master that answers what the test wrote down.
 *
 * mock -p N prints N free ports. mock DIR [PORT] prints its port and serves:
 * each request is appended to DIR/log ("METHOD URI" a line) and, its body
 * included, to DIR/last; those of ote-discovery and ote-master-health, which
 * ask by themselves, go to log.discovery, last.health and so on. DIR/rules,
 * read anew each time, has lines `GLOB FILE [hold|endless]`; the first whose
 * glob fits the URI is taken, and the bytes of DIR/FILE, header included, are
 * the answer: what is in the log has its file open, whatever comes in its
 * place. hold: what is appended to FILE later is sent too, until FILE is
 * removed. endless: header lines for ever.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 65536
#define LISTEN_MS 20000
#define POLL_MS 10

/* again: also where connections have ended lately. -1 with errno. */
static int
try_port(int port, int again)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((unsigned short)port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
	if (fd == -1)
		err(1, "socket");
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(fd, 128) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A child of a mock that was killed may have the port for a moment. */
static int
listener(int port)
{
	int fd, i;

	for (i = 0; (fd = try_port(port, 1)) == -1; i++) {
		if (errno != EADDRINUSE || i == LISTEN_MS / POLL_MS)
			err(1, "port %d", port);
		(void)poll(NULL, 0, POLL_MS);
	}
	return fd;
}

/*
 * A connection that this end has closed first: for a minute the port is free
 * for those alone who ask for it by its number.
 */
static void
reserve(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), to, one = 1;
	char c;

	/* which what is accepted inherits */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (from == -1 || getsockname(fd, (struct sockaddr *)&a, &len) == -1 ||
	    connect(from, (struct sockaddr *)&a, len) == -1 ||
	    (to = accept(fd, NULL, NULL)) == -1)
		err(1, "reserve");
	close(to);
	if (read(from, &c, 1) != 0)
		err(1, "reserve");
	close(from);
}

/*
 * A port that is free, and stays so: it is below those that the kernel gives to
 * whoever connects, and no other mock -p gives it.
 */
static int
spare(void)
{
	struct timespec now;
	int fd, i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	srandom((unsigned)now.tv_nsec ^ (unsigned)getpid() << 16);
	for (i = 0; i < 1000; i++)
		if ((fd = try_port(10240 + (int)(random() % 20000), 0)) != -1) {
			reserve(fd);
			return fd;
		}
	err(1, "no port");
}

static void
print_port(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "getsockname");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
}

static void
append(const char *name, int flags, const char *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | flags, 0600);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		err(1, "%s", name);
	close(fd);
}

/*
 * Read a request; its head is in text, its body went to `last`. What is to be
 * behind log, or NULL.
 */
static const char *
take(int fd, char *text, char *line, size_t len)
{
	size_t have = 0, head, body = 0, got;
	char more[16384], last[64], to[32], *end = NULL, *p;
	const char *suffix = "";
	ssize_t n;

	while (end == NULL && have < HEAD_MAX - 1) {
		if ((n = read(fd, text + have, HEAD_MAX - 1 - have)) <= 0)
			return NULL;
		have += (size_t)n;
		text[have] = '\0';
		end = strstr(text, "\r\n\r\n");
	}
	if (end == NULL)
		return NULL;
	head = (size_t)(end + 4 - text);
	if (strcasestr(text, "\nUser-Agent: ote-discovery") != NULL)
		suffix = ".discovery";
	else if (strcasestr(text, "\nUser-Agent: ote-master-health") != NULL)
		suffix = ".health";
	snprintf(last, sizeof(last), "last.new.%d", (int)getpid());
	snprintf(to, sizeof(to), "last%s", suffix);
	append(last, O_TRUNC, text, have);
	got = have - head;
	*end = '\0';
	if ((p = strcasestr(text, "\r\nContent-Length:")) != NULL)
		body = strtoul(p + 17, NULL, 10);
	if (strcasestr(text, "\r\nExpect: 100") != NULL && got < body)
		(void)!write(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	for (; got < body; got += (size_t)n) {
		if ((n = read(fd, more, sizeof(more))) <= 0)
			return NULL;
		append(last, O_APPEND, more, (size_t)n);
	}
	if ((p = strstr(text, " HTTP/1")) == NULL)
		return NULL;
	snprintf(line, len, "%.*s", (int)(p - text), text);
	rename(last, to);
	return suffix;
}

static void
note(const char *suffix, const char *line)
{
	char to[32], text[8200];

	snprintf(to, sizeof(to), "log%s", suffix);
	snprintf(text, sizeof(text), "%s\n", line);
	append(to, O_APPEND, text, strlen(text));
}

/* The rule for uri: 0, or -1 if there is none. */
static int
rule(const char *uri, char *file, char *how)
{
	char line[2048], glob[1024];
	int rc = -1;
	FILE *in;

	if ((in = fopen("rules", "re")) == NULL)
		return -1;
	while (rc == -1 && fgets(line, sizeof(line), in) != NULL) {
		*how = '\0';
		if (sscanf(line, "%1023s %255s %15s", glob, file, how) >= 2 &&
		    fnmatch(glob, uri, 0) == 0)
			rc = 0;
	}
	fclose(in);
	return rc;
}

/* 1 if the client has gone. */
static int
gone(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, MSG_PEEK) <= 0;
}

static void
send_file(int fd, int in, int hold)
{
	char text[65536];
	struct stat st;
	ssize_t n;

	for (;;) {
		while ((n = read(in, text, sizeof(text))) > 0)
			if (write(fd, text, (size_t)n) != n)
				exit(0);
		if (!hold || fstat(in, &st) == -1 || st.st_nlink == 0 ||
		    gone(fd, 10))
			return;
	}
}

static void
serve(int fd)
{
	static const char none[] =
	    "HTTP/1.1 404 Not Found\r\n"
	    "Content-Length: 0\r\nConnection: close\r\n\r\n";
	static char text[HEAD_MAX];
	char line[8192], file[256], how[16], *uri;
	const char *suffix;
	int known, in = -1;

	if ((suffix = take(fd, text, line, sizeof(line))) == NULL)
		return;
	uri = strchr(line, ' ');
	known = uri != NULL && rule(uri + 1, file, how) == 0;
	if (known)
		in = open(file, O_RDONLY | O_CLOEXEC);
	note(suffix, line);
	if (!known) {
		(void)!write(fd, none, sizeof(none) - 1);
		return;
	}
	if (in == -1)
		errx(1, "%s: cannot be read", file);
	send_file(fd, in, strcmp(how, "hold") == 0);
	memset(text, 'x', 1000);
	memcpy(text, "X-Endless: ", 11);
	memcpy(text + 998, "\r\n", 2);
	while (strcmp(how, "endless") == 0 && write(fd, text, 1000) == 1000)
		;
	shutdown(fd, SHUT_WR);
	while (!gone(fd, 1000) && read(fd, text, sizeof(text)) > 0)
		;
}

int
main(int argc, char **argv)
{
	pid_t parent = getpid();
	int fd, c, i, n;

	if (argc == 3 && strcmp(argv[1], "-p") == 0) {
		n = atoi(argv[2]);
		for (i = 0; i < n; i++)
			print_port(spare());
		return 0;
	}
	if (argc < 2 || chdir(argv[1]) == -1)
		errx(100, "usage: mock -p n | mock dir [port]");
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	fd = listener(argc > 2 ? atoi(argv[2]) : 0);
	print_port(fd);
	while ((c = accept(fd, NULL, NULL)) != -1) {
		if (fork() == 0) {
			close(fd);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				return 0;
			serve(c);
			return 0;
		}
		close(c);
	}
	return 0;
}
