/*
 * Runs the processes of a plan, starts those that die again, and ends them
 * all together. Invariants: no process of the plan outlives this one (each
 * asks the kernel for SIGTERM at its parent's death), and the lock is held
 * until the last of them is gone (they inherit its descriptor). Signals come
 * in by a signalfd, so nothing happens in handlers.
 */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
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

#include "atomic.h"
#include "buf.h"
#include "clock.h"
#include "ready.h"

#define CHILDREN_MAX 32
#define PLAN_MAX_BYTES 65536
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define STABLE_MS 3000
#define STOP_MS 5000

struct child {
	char *name, *command;
	int reports;  /* tells that it is ready by NOTIFY_FD */
	int ready_fd; /* where, or -1 */
	int ready;
	pid_t pid; /* 0: not running */
	int starts;
	time_t since; /* of its last start or end */
	long long started_ms, due_ms;
	int backoff_ms;
};

struct plan {
	struct buf text; /* the strings of the children live here */
	struct child c[CHILDREN_MAX];
	int n;
	int stopping; /* 1: TERM sent, 2: KILL sent */
	int told_ready;
	int code; /* to exit with */
	long long stop_ms;
	sigset_t old_mask;
	const char *output; /* where the processes are told, or NULL */
	struct buf told;
};

static int verbose;

static void
usage(FILE *out)
{
	fputs("usage: ote-supervise [-hnv] [-l lockfile] "
	      "[-o output] plan\n",
	    out);
}

static void
plan_line(struct plan *p, const char *path, int number, char *line)
{
	struct child *c;
	size_t n;

	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return;
	if (p->n == CHILDREN_MAX)
		errx(100, "%s:%d: more than %d processes", path, number,
		    CHILDREN_MAX);
	c = &p->c[p->n++];
	n = strcspn(line, " \t");
	c->name = line;
	c->command = line + n + strspn(line + n, " \t");
	if (*c->command == '\0')
		errx(100, "%s:%d: %s: a command must follow the name", path,
		    number, line);
	line[n] = '\0';
	if (n > 1 && line[n - 1] == '+') {
		c->reports = 1;
		line[n - 1] = '\0';
	}
	c->ready = !c->reports;
	c->ready_fd = -1;
	c->backoff_ms = BACKOFF_FIRST_MS;
}

static void
plan_load(struct plan *p, const char *path)
{
	char *rest, *line;
	int number = 0;

	if (buf_read_file(&p->text, AT_FDCWD, path, PLAN_MAX_BYTES) == -1)
		err(100, "%s", path);
	for (rest = p->text.data; (line = strsep(&rest, "\n")) != NULL;)
		plan_line(p, path, ++number, line);
	if (p->n == 0)
		errx(100, "%s: no process in it", path);
}

/* The process that wrote its id into the lock file, if it lives, else 0. */
static pid_t
lock_owner(int fd)
{
	char text[32];
	ssize_t n;
	long pid;

	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid < 1 || (kill((pid_t)pid, 0) == -1 && errno == ESRCH))
		return 0;
	return (pid_t)pid;
}

/*
 * A supervisor that was killed leaves processes that end on their own, as
 * they have got SIGTERM: wait for those. A living one is not waited for.
 */
static void
lock_wait(int fd, const char *path)
{
	const struct timespec pause = { 0, 50 * 1000000 };
	long long until = monotonic_ms() + STOP_MS;
	pid_t owner;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			err(111, "%s", path);
		if ((owner = lock_owner(fd)) != 0)
			errx(100,
			    "%s: process %ld holds it: end that one, or "
			    "use another place",
			    path, (long)owner);
		if (monotonic_ms() >= until)
			errx(100,
			    "%s: held by what a killed ote-supervise "
			    "left: end those processes",
			    path);
		nanosleep(&pause, NULL);
	}
}

static void
lock_take(const char *path, int check)
{
	char text[32];
	int fd, n;

	fd = open(path, O_RDWR | O_CLOEXEC | (check ? 0 : O_CREAT), 0600);
	if (fd == -1 && check && errno == ENOENT)
		return;
	if (fd == -1)
		err(100, "%s", path);
	lock_wait(fd, path);
	if (check) {
		close(fd);
		return;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, (size_t)n, 0) != n)
		err(100, "%s", path);
	/* on purpose: the lock lasts as long as any process of the plan */
	if (fcntl(fd, F_SETFD, 0) == -1)
		err(111, "%s", path);
}

static void
child_exec(const struct child *c, const sigset_t *mask, pid_t parent,
    int notify)
{
	char text[16], *command;
	int null;

	if (setpgid(0, 0) == -1 || prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
		err(111, "%s", c->name);
	if (getppid() != parent) /* it died before the prctl() */
		_exit(111);
	unsetenv("NOTIFY_FD");
	if (notify != -1) {
		snprintf(text, sizeof(text), "%d", notify);
		if (fcntl(notify, F_SETFD, 0) == -1 ||
		    setenv("NOTIFY_FD", text, 1) == -1)
			err(111, "%s", c->name);
	}
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		err(111, "/dev/null");
	if (asprintf(&command, "exec %s", c->command) == -1)
		err(111, "%s", c->name);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	err(111, "/bin/sh");
}

static void
child_later(struct child *c)
{
	long long now = monotonic_ms();

	if (now - c->started_ms >= STABLE_MS)
		c->backoff_ms = BACKOFF_FIRST_MS;
	c->due_ms = now + c->backoff_ms;
}

static void
child_start(struct plan *p, struct child *c)
{
	int fds[2] = { -1, -1 };
	pid_t parent = getpid();

	c->started_ms = monotonic_ms();
	c->since = time(NULL);
	if (c->reports && !c->ready && pipe2(fds, O_CLOEXEC) == -1) {
		warn("%s: pipe", c->name);
		child_later(c);
		return;
	}
	c->pid = fork();
	if (c->pid == 0)
		child_exec(c, &p->old_mask, parent, fds[1]);
	if (c->pid == -1) {
		warn("%s: fork", c->name);
		c->pid = 0;
		child_later(c);
	} else {
		setpgid(c->pid, c->pid);
		c->starts++;
		if (verbose)
			warnx("%s: started, process %ld", c->name,
			    (long)c->pid);
	}
	if (c->ready_fd != -1)
		close(c->ready_fd);
	c->ready_fd = fds[0];
	if (fds[1] != -1)
		close(fds[1]);
}

static void
plan_signal(struct plan *p, int sig)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->c[i].pid != 0)
			kill(-p->c[i].pid, sig);
}

static void
plan_stop(struct plan *p, int code)
{
	if (p->stopping)
		return;
	p->stopping = 1;
	p->code = code;
	p->stop_ms = monotonic_ms() + STOP_MS;
	plan_signal(p, SIGTERM);
}

static void
child_died(struct plan *p, struct child *c, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	c->pid = 0;
	c->since = time(NULL);
	if (p->stopping) {
		if (verbose)
			warnx("%s: ended", c->name);
		return;
	}
	/* what has been ready was configured well */
	if (c->starts == 1 && !(c->reports && c->ready) &&
	    (code == 100 || code == 126 || code == 127)) {
		warnx("%s: exited with %d: it cannot run as configured",
		    c->name, code);
		plan_stop(p, 100);
		return;
	}
	child_later(c);
	if (code >= 0)
		warnx("%s: exited with %d, again in %d ms", c->name, code,
		    c->backoff_ms);
	else
		warnx("%s: killed by SIG%s, again in %d ms", c->name,
		    sigabbrev_np(WTERMSIG(status)), c->backoff_ms);
	c->backoff_ms *= 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
}

static void
plan_reap(struct plan *p)
{
	siginfo_t si;
	int i, status;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    si.si_pid == 0)
			return;
		for (i = 0; i < p->n; i++)
			if (p->c[i].pid == si.si_pid)
				break;
		/* what it left in its group, while the id is still its own */
		if (i < p->n)
			kill(-si.si_pid, SIGKILL);
		if (waitpid(si.si_pid, &status, 0) == -1)
			continue;
		if (i < p->n)
			child_died(p, &p->c[i], status);
	}
}

static void
on_signal(struct plan *p, int fd)
{
	struct signalfd_siginfo si;

	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			plan_reap(p);
		else
			plan_stop(p, 0);
	}
}

static void
on_ready(struct child *c)
{
	char byte;

	if (read(c->ready_fd, &byte, 1) == 1) {
		c->ready = 1;
		if (verbose)
			warnx("%s: ready", c->name);
	}
	close(c->ready_fd);
	c->ready_fd = -1;
}

static void
tell_ready(struct plan *p)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (!p->c[i].ready || p->c[i].starts == 0)
			return;
	p->told_ready = 1;
	warnx("ready");
	ready_notify();
}

/* Start what is due, escalate. How long until there is more to do. */
static int
plan_due(struct plan *p)
{
	long long now = monotonic_ms(), next = now + 60000;
	int i;

	if (p->stopping == 1 && now >= p->stop_ms) {
		warnx("still there after %d s: killed", STOP_MS / 1000);
		p->stopping = 2;
		plan_signal(p, SIGKILL);
	}
	if (p->stopping == 1)
		next = p->stop_ms;
	for (i = 0; i < p->n && !p->stopping; i++) {
		if (p->c[i].pid == 0 && p->c[i].due_ms <= now)
			child_start(p, &p->c[i]);
		if (p->c[i].pid == 0 && p->c[i].due_ms < next)
			next = p->c[i].due_ms;
	}
	if (!p->told_ready && !p->stopping)
		tell_ready(p);
	return next > now ? (int)(next - now) : 0;
}

static int
plan_running(const struct plan *p)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->c[i].pid != 0)
			return 1;
	return 0;
}

/* One line a process, replaced whole when it is another one than before. */
static void
plan_tell(struct plan *p)
{
	struct buf b = { 0 };
	int i, rc = 0;

	if (p->output == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		const struct child *c = &p->c[i];

		rc |= buf_printf(&b, "%s %s %lld %d %ld\n", c->name,
		    c->pid == 0	   ? "down"
			: c->ready ? "up"
				   : "starting",
		    (long long)c->since, c->starts, (long)c->pid);
	}
	if (rc == 0 &&
	    (b.len != p->told.len ||
		memcmp(b.data, p->told.data, b.len) != 0)) {
		if (atomic_write(AT_FDCWD, p->output, b.data, b.len, 0) == -1)
			warn("%s", p->output);
		/* as told, or each turn would say the same */
		buf_free(&p->told);
		p->told = b;
		return;
	}
	buf_free(&b);
}

static int
plan_run(struct plan *p, int sigfd)
{
	struct pollfd fds[1 + CHILDREN_MAX];
	int i, timeout;

	while (!p->stopping || plan_running(p)) {
		timeout = plan_due(p);
		plan_tell(p);
		fds[0] = (struct pollfd) { .fd = sigfd, .events = POLLIN };
		for (i = 0; i < p->n; i++)
			fds[i + 1] = (struct pollfd) { .fd = p->c[i].ready_fd,
				.events = POLLIN };
		if (poll(fds, (nfds_t)p->n + 1, timeout) == -1) {
			if (errno != EINTR)
				warn("poll");
			continue;
		}
		for (i = 0; i < p->n; i++)
			if (fds[i + 1].revents != 0)
				on_ready(&p->c[i]);
		if (fds[0].revents != 0)
			on_signal(p, sigfd);
	}
	plan_tell(p);
	return p->code;
}

static int
signals_open(sigset_t *old)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	/* a shell starts background jobs with these ignored */
	signal(SIGINT, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, old) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		err(111, "signalfd");
	return fd;
}

int
main(int argc, char **argv)
{
	static struct plan plan;
	const char *lock = NULL;
	int c, check = 0;

	umask(077);
	while ((c = getopt(argc, argv, "hl:no:v")) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			lock = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'o':
			plan.output = optarg;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind != 1) {
		usage(stderr);
		return 100;
	}
	plan_load(&plan, argv[optind]);
	if (lock != NULL)
		lock_take(lock, check);
	if (check)
		return 0;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		err(111, "prctl");
	return plan_run(&plan, signals_open(&plan.old_mask));
}
