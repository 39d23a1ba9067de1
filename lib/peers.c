/*
 * Other nodes: which of them are reached from here. That one cannot be reached
 * is said only after the whole deadline, in which the kernel asks again.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "clock.h"
#include "edgenode_time.h"
#include "net.h"
#include "peers.h"

#define FILE_MAX 65536

/* --- who they are --- */

static int
is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < sizeof(((struct peer *)0)->name) && s[0] != '.' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
}

static int
is_addr(const char *s)
{
	struct addrinfo *ai;
	int code;

	if (strlen(s) >= sizeof(((struct peer *)0)->addr) ||
	    (ai = net_numeric(s, &code)) == NULL)
		return 0;
	freeaddrinfo(ai);
	return 1;
}

static struct peer *
find(struct peers *ps, const char *name)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (strcmp(ps->p[i].name, name) == 0)
			return &ps->p[i];
	return NULL;
}

static int
add(struct peers *ps, char *text, char *why, size_t len)
{
	char *addr = strchr(text, '=');
	struct peer *p;

	if (addr != NULL)
		*addr++ = '\0';
	if (addr == NULL || !is_name(text) || !is_addr(addr)) {
		snprintf(why, len, "peer '%s%s%s': not name=IP:port", text,
		    addr != NULL ? "=" : "", addr != NULL ? addr : "");
		return -1;
	}
	if (find(ps, text) != NULL || ps->n == PEERS_MAX) {
		snprintf(why, len, "peer '%s': %s", text,
		    ps->n == PEERS_MAX ? "too many, 16 is the limit"
				       : "named twice");
		return -1;
	}
	p = &ps->p[ps->n++];
	memset(p, 0, sizeof(*p));
	memcpy(p->name, text, strlen(text) + 1);
	memcpy(p->addr, addr, strlen(addr) + 1);
	return 0;
}

/* A file's line, or a word of a list. */
static int
add_line(struct peers *ps, char *line, char *why, size_t len)
{
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t\r")] = '\0';
	return *line == '\0' ? 0 : add(ps, line, why, len);
}

int
peers_parse(struct peers *ps, const char *text, char *why, size_t len)
{
	int is_file = strchr(text, '/') != NULL, rc = 0;
	struct buf b = { 0 };
	char *rest, *word;

	ps->n = 0;
	if (is_file)
		rc = buf_read_file(&b, AT_FDCWD, text, FILE_MAX);
	else
		rc = buf_puts(&b, text);
	if (rc == -1)
		snprintf(why, len, "%s: %s", text, strerror(errno));
	rest = b.data;
	while (rc == 0 && (word = strsep(&rest, is_file ? "\n" : ",")) != NULL)
		rc = is_file ? add_line(ps, word, why, len)
			     : add(ps, word, why, len);
	buf_free(&b);
	return rc;
}

void
peers_drop(struct peers *ps, const char *name)
{
	struct peer *p = find(ps, name);

	if (p == NULL)
		return;
	ps->n--;
	memmove(p, p + 1, (size_t)(&ps->p[ps->n] - p) * sizeof(*p));
}

/* --- whether they are reached --- */

/* A socket that connects; -1: it cannot even begin to. */
static int
begin(struct peer *p)
{
	struct addrinfo *ai;
	int fd, code;

	p->reachable = 0;
	if ((ai = net_numeric(p->addr, &code)) == NULL)
		return -1;
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd != -1 && connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		p->reachable = 1;
	else if (fd != -1 && errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

/* It is connected, or never will be. */
static void
end(struct peer *p, struct pollfd *fd)
{
	socklen_t len = sizeof(int);
	int e = 0;

	if (getsockopt(fd->fd, SOL_SOCKET, SO_ERROR, &e, &len) == 0 && e == 0)
		p->reachable = 1;
	close(fd->fd);
	fd->fd = -1;
}

int
peers_probe(struct peers *ps, int deadline_ms)
{
	long long until = monotonic_ms() + deadline_ms, left;
	struct pollfd fds[PEERS_MAX];
	size_t i, open = 0;
	int rc = 0, n;

	for (i = 0; i < ps->n; i++) {
		fds[i] = (struct pollfd) { begin(&ps->p[i]), POLLOUT, 0 };
		open += fds[i].fd != -1;
	}
	while (open > 0 && (left = until - monotonic_ms()) > 0) {
		if ((n = poll(fds, ps->n, (int)left)) == -1 && errno != EINTR) {
			rc = -1;
			break;
		}
		for (i = 0; n > 0 && i < ps->n; i++)
			if (fds[i].fd != -1 && fds[i].revents != 0) {
				end(&ps->p[i], &fds[i]);
				open--;
			}
	}
	for (i = 0; i < ps->n; i++)
		if (fds[i].fd != -1)
			close(fds[i].fd);
	return rc;
}

/* --- since when --- */

/* NAME yes|no SINCE: what was said before. */
static void
take_line(struct peers *ps, char *line)
{
	char *name = strsep(&line, " "), *word = strsep(&line, " ");
	struct peer *p;

	if (line == NULL || (p = find(ps, name)) == NULL)
		return;
	if ((strcmp(word, "yes") == 0) == (p->reachable != 0))
		p->since = strtoll(line, NULL, 10);
}

static int
write_file(const struct peers *ps, int datafd)
{
	struct buf b = { 0 };
	int rc = 0;
	size_t i;

	for (i = 0; rc == 0 && i < ps->n; i++)
		rc = buf_printf(&b, "%s %s %lld\n", ps->p[i].name,
		    ps->p[i].reachable ? "yes" : "no", ps->p[i].since);
	if (rc == 0)
		rc = atomic_write(datafd, PEERS_FILE, b.data, b.len, 0);
	buf_free(&b);
	return rc;
}

int
peers_since(struct peers *ps, int datafd, long long now, int keep)
{
	struct buf b = { 0 };
	char *rest, *line;
	size_t i;
	int rc;

	rc = buf_read_file(&b, datafd, PEERS_FILE, FILE_MAX);
	if (rc == -1 && (errno == ENOENT || errno == EFBIG))
		rc = 0;
	else
		for (rest = b.data; (line = strsep(&rest, "\n")) != NULL;)
			take_line(ps, line);
	buf_free(&b);
	for (i = 0; i < ps->n; i++)
		if (ps->p[i].since <= 0 || ps->p[i].since > now)
			ps->p[i].since = now;
	return rc == 0 && keep ? write_file(ps, datafd) : rc;
}

json_t *
peers_json(const struct peers *ps)
{
	json_t *list = json_array();
	char at[CLOCK_TEXT_LEN];
	size_t i;

	for (i = 0; list != NULL && i < ps->n; i++) {
		if (json_array_append_new(list,
			json_pack("{s:s, s:b, s:s}", "name", ps->p[i].name,
			    "reachable", ps->p[i].reachable, "since",
			    clock_text(ps->p[i].since, at))) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}
