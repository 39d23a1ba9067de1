/*
 * The client's side of the socket between who accepts writes and who has the
 * tree: of a file of its own, so that a small tool links no more.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"

int
apply_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun->sun_path, path, strlen(path));
	return 0;
}

static int
send_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = send(fd, p, n, MSG_NOSIGNAL);
		if (w == -1 && errno != EINTR)
			return -1;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

/* The answer, to its end. 0, or -1 with errno. */
static int
receive(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1) {
		n = recv(fd, text + len, size - 1 - len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return 0;
}

int
apply_send(const char *socket_path, enum feed_type type, const char *path,
    const char *object, size_t len, int timeout_ms, uint64_t *rv, int *feeds)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct sockaddr_un sun;
	char head[APPLY_HEAD_MAX], text[128];
	int fd, n, rc = -1, saved;

	if (apply_address(&sun, socket_path) == -1)
		return -1;
	n = snprintf(head, sizeof(head), "%s %zu %s\n", feed_type_name(type),
	    len, path);
	if (n >= (int)sizeof(head) || len > APPLY_OBJECT_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    send_all(fd, head, (size_t)n) == -1 ||
	    send_all(fd, object, len) == -1 || shutdown(fd, SHUT_WR) == -1 ||
	    receive(fd, text, sizeof(text)) == -1)
		goto out;
	if (sscanf(text, "%" SCNu64 " %d", rv, feeds) == 2)
		rc = 0;
	else
		errno = EIO;
out:
	saved = errno == EAGAIN ? ETIMEDOUT : errno;
	close(fd);
	errno = saved;
	return rc;
}
