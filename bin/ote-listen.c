/*
 * ote-listen: a listening socket for a server that cannot set keepalive on its
 * connections: it is handed over as systemd does, sd_listen_fds(3), and what
 * it accepts inherits its options. Clients that come before those behind the
 * server are there wait in its backlog, and get no error.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG 1024
#define BEHIND_MAX 8
#define WAIT_MS 10000 /* for all of them */
#define POLL_MS 10

static void
usage(FILE *out)
{
	fputs("usage: ote-listen [-hn] [-w socket] address command "
	      "[argument ...]\n",
	    out);
}

/* 1 if somebody listens there. */
static int
is_served(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, yes;

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >=
	    (int)sizeof(sun.sun_path))
		errx(100, "%s: too long for a socket", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		err(111, "socket");
	yes = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0;
	close(fd);
	return yes;
}

static void
wait_served(char **paths, int n)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int i, tries = WAIT_MS / POLL_MS;

	for (i = 0; i < n; i++)
		while (!is_served(paths[i])) {
			if (tries-- == 0) {
				warnx("%s: nobody listens there", paths[i]);
				return;
			}
			nanosleep(&pause, NULL);
		}
}

/* The socket becomes the descriptor that the command looks for. */
static void
hand_over(int fd)
{
	char pid[24];

	if (fd == FIRST_FD ? fcntl(fd, F_SETFD, 0) == -1
			   : dup2(fd, FIRST_FD) == -1)
		err(111, "descriptor %d", FIRST_FD);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (setenv("LISTEN_FDS", "1", 1) == -1 ||
	    setenv("LISTEN_PID", pid, 1) == -1)
		err(111, "setenv");
}

int
main(int argc, char **argv)
{
	char *behind[BEHIND_MAX];
	int c, fd, nbehind = 0, check = 0;

	while ((c = getopt(argc, argv, "+hnw:")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'n':
			check = 1;
			break;
		case 'w':
			if (nbehind == BEHIND_MAX)
				errx(100, "-w: give %d at most", BEHIND_MAX);
			behind[nbehind++] = optarg;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	argv += optind;
	if (argc - optind < 2) {
		usage(stderr);
		return 100;
	}
	/* the address may be free again in a moment */
	if ((fd = net_listen(argv[0])) == -1)
		err(errno == EADDRINUSE ? 111 : 100, "%s: cannot listen there",
		    argv[0]);
	if (check)
		return 0;
	net_keepalive(fd);
	if (listen(fd, BACKLOG) == -1)
		err(111, "listen");
	wait_served(behind, nbehind);
	hand_over(fd);
	execvp(argv[1], argv + 1);
	err(100, "%s", argv[1]);
}
