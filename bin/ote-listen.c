/*
 * ote-listen: a listening socket for a server that cannot set keepalive on its
 * connections: it is handed over as systemd does, sd_listen_fds(3), and what
 * it accepts inherits its options. Clients that come before those behind the
 * server are there wait in its backlog, and get no error.
 *
 * Where files are watched it stays, and a server that has read them anew takes
 * over when they changed and are good; no connection ends for that.
 */
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "generations.h"
#include "net.h"
#include "stamps.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG 1024
#define BEHIND_MAX 8
#define WAIT_MS 10000 /* for all of them */
#define POLL_MS 10
#define LOOK_MS 1000   /* between two looks at the files */
#define END_MS 3000    /* until a server that is told to end is killed */
#define CHECK_S 10     /* as long as a check may take */
#define AGAIN_LOOKS 30 /* until what was not good is tried again */

struct watch {
	struct generations servers;
	char *files[STAMPS_MAX];
	int n;
	const char *check;	   /* a command for sh, or NULL */
	struct stamps taken, seen; /* served; at the last look */
	int looks;		   /* since they changed; 0: they did not */
	char said[256];		   /* why they were not taken */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-listen [-hn] [-r file] [-t check] [-w socket] "
	      "address command [argument ...]\n",
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

/* --- files that are renewed --- */

/* In the child: what it says goes to out. */
static void
check_exec(const char *command, int out, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1)
		_exit(111);
	alarm(CHECK_S);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(111);
}

/* The first line of what comes from fd, which is closed. */
static void
first_line(int fd, char *out, size_t len)
{
	char rest[512];
	size_t n = 0;
	ssize_t r;

	while (n < len - 1 && (r = read(fd, out + n, len - 1 - n)) > 0)
		n += (size_t)r;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	while (read(fd, rest, sizeof(rest)) > 0)
		continue;
	close(fd);
}

/* 1 if the check is content, or there is none; else what it says. */
static int
is_good(const char *command, char *why, size_t len)
{
	pid_t parent = getpid(), pid;
	int fds[2], status;

	if (command == NULL)
		return 1;
	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(111, "check");
	if (pid == 0)
		check_exec(command, fds[1], parent);
	close(fds[1]);
	first_line(fds[0], why, len);
	if (waitpid(pid, &status, 0) == -1)
		err(111, "check");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	if (*why == '\0' || WIFSIGNALED(status))
		snprintf(why, len, "the check %s",
		    WIFSIGNALED(status) ? "was killed" : "failed");
	return 0;
}

/* They changed a while ago: take them, or tell why not, once. */
static void
renew(struct watch *w)
{
	int changed = stamps_differ(&w->taken, &w->seen, w->n);
	const char *file = w->files[changed == -1 ? 0 : changed];
	pid_t old = w->servers.g[w->servers.n - 1].pid, pid;
	char why[sizeof(w->said)];

	if (is_good(w->check, why, sizeof(why))) {
		if ((pid = generations_start(&w->servers)) == -1) {
			warn("%s: changed, but not taken", file);
			return;
		}
		warnx("%s: changed: process %ld takes over from %ld", file,
		    (long)pid, (long)old);
		w->taken = w->seen;
		w->looks = 0;
		*w->said = '\0';
	} else if (strcmp(why, w->said) != 0) {
		warnx("%s: changed, but not taken: %s", file, why);
		snprintf(w->said, sizeof(w->said), "%s", why);
	}
}

/* Not while they are still being written: when they are as a look before. */
static void
look(struct watch *w)
{
	struct stamps now;

	stamps_read(&now, w->files, w->n);
	if (stamps_differ(&now, &w->seen, w->n) != -1) {
		w->seen = now;
		w->looks = 1;
	} else if (w->looks > 0 && w->looks++ % AGAIN_LOOKS == 1)
		renew(w);
}

/* The end of a server, as if this process had been it. */
static void
end_as(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 111);
}

/* A descriptor that is readable when this process is to end. */
static int
signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC)) == -1)
		err(111, "signals");
	return fd;
}

static void
servers_ended(struct watch *w)
{
	int status, failed;

	if (generations_reap(&w->servers, &status, &failed))
		end_as(status);
	if (failed) {
		warnx("it ended at once: process %ld goes on",
		    (long)w->servers.g[w->servers.n - 1].pid);
		w->looks = 2;
	}
}

static void
serve(struct watch *w)
{
	struct pollfd fds[1 + GENERATIONS_MAX] = { 0 };
	int n;

	fds[0].fd = signals_open();
	fds[0].events = POLLIN;
	stamps_read(&w->taken, w->files, w->n);
	w->seen = w->taken;
	if (generations_start(&w->servers) == -1)
		err(111, "fork");
	for (;;) {
		n = generations_poll(&w->servers, fds + 1);
		if (poll(fds, (nfds_t)n + 1, LOOK_MS) == -1 && errno != EINTR)
			err(111, "poll");
		if (fds[0].revents != 0) {
			generations_end(&w->servers, END_MS);
			exit(0);
		}
		servers_ended(w);
		generations_retire(&w->servers);
		if (!generations_young(&w->servers))
			look(w);
	}
}

int
main(int argc, char **argv)
{
	struct watch w = { 0 };
	char *behind[BEHIND_MAX];
	int c, fd, nbehind = 0, check = 0;

	while ((c = getopt(argc, argv, "+hnr:t:w:")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'n':
			check = 1;
			break;
		case 'r':
			if (w.n == STAMPS_MAX)
				errx(100, "-r: give %d at most", STAMPS_MAX);
			w.files[w.n++] = optarg;
			break;
		case 't':
			w.check = optarg;
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
	if (w.n > 0) {
		w.servers.command = argv + 1;
		w.servers.listener = fd;
		serve(&w);
	}
	hand_over(fd);
	execvp(argv[1], argv + 1);
	err(100, "%s", argv[1]);
}
