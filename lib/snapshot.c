/*
 * Writes a whole journal beside the one in use and renames it into place.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "snapshot.h"

#define TEMP "journal.new"

static int
write_base(struct snapshot *s, const struct snapshot_base *base)
{
	struct buf b = { 0 };
	uint64_t id;
	int rc = -1;

	arc4random_buf(&id, sizeof(id));
	if (buf_printf(&b,
		"{\"type\":\"BASE\",\"object\":{\"id\":\"%016" PRIx64
		"\",\"continues\":\"%s\",\"resourceVersion\":\"%" PRIu64
		"\",\"count\":%zu,\"tail\":%jd,\"kind\":",
		id, base->continues, base->rv, base->count,
		(intmax_t)base->tail) == 0 &&
	    buf_json(&b, base->kind) == 0 &&
	    buf_puts(&b, ",\"apiVersion\":") == 0 &&
	    buf_json(&b, base->api_version) == 0 &&
	    (*base->fields == '\0' ||
		(buf_puts(&b, ",\"fields\":") == 0 &&
		    buf_json(&b, base->fields) == 0)) &&
	    buf_puts(&b, "}}\n") == 0 &&
	    fwrite(b.data, 1, b.len, s->out) == b.len)
		rc = 0;
	buf_free(&b);
	return rc;
}

int
snapshot_begin(struct snapshot *s, int dirfd, const struct snapshot_base *base)
{
	int fd;

	s->dirfd = dirfd;
	s->out = NULL;
	fd =
	    openat(dirfd, TEMP, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if ((s->out = fdopen(fd, "w")) == NULL) {
		close(fd);
		return -1;
	}
	if (write_base(s, base) == -1) {
		snapshot_abort(s);
		return -1;
	}
	return 0;
}

int
snapshot_add(struct snapshot *s, const char *object, size_t len)
{
	if (fputs("{\"type\":\"ADDED\",\"object\":", s->out) == EOF ||
	    fwrite(object, 1, len, s->out) != len ||
	    fputs("}\n", s->out) == EOF)
		return -1;
	return 0;
}

int
snapshot_copy(struct snapshot *s, int fd, off_t from, off_t to)
{
	char chunk[8192];
	size_t want;
	ssize_t n;

	while (from < to) {
		want = to - from < (off_t)sizeof(chunk) ? (size_t)(to - from)
							: sizeof(chunk);
		if ((n = pread(fd, chunk, want, from)) <= 0) {
			if (n == 0)
				errno = EIO;
			return -1;
		}
		if (fwrite(chunk, 1, (size_t)n, s->out) != (size_t)n)
			return -1;
		from += n;
	}
	return 0;
}

int
snapshot_commit(struct snapshot *s)
{
	int rc;

	if (fflush(s->out) == EOF || fsync(fileno(s->out)) == -1) {
		snapshot_abort(s);
		return -1;
	}
	rc = fclose(s->out);
	s->out = NULL;
	if (rc == EOF || renameat(s->dirfd, TEMP, s->dirfd, "journal") == -1) {
		snapshot_abort(s);
		return -1;
	}
	return fsync(s->dirfd);
}

void
snapshot_abort(struct snapshot *s)
{
	int saved = errno;

	if (s->out != NULL)
		fclose(s->out);
	s->out = NULL;
	unlinkat(s->dirfd, TEMP, 0);
	errno = saved;
}
