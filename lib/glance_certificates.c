/*
 * The certificates at a glance: that which goes to the master, as
 * data/run/certificate names it, and that which clients see, as
 * data/run/lighttpd.conf does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "expiry.h"
#include "glance_part.h"
#include "human.h"

#define WEEK_S (7 * 86400)
#define FILE_MAX 65536

static int
add(struct glance *g, const char *name, const char *file,
    const struct expiry *x)
{
	enum expiry_stage stage = expiry_stage(x, g->now);
	long long left = x->until - g->now, life = x->until - x->from;
	char text[HUMAN_LEN];
	int rc = 0;

	human_duration(left * 1000000, text);
	if (stage == EXPIRY_OVER)
		rc = glance_why(g, "the %s certificate has expired", name);
	else if (stage == EXPIRY_EARLY)
		rc = glance_why(g, "the %s certificate is not good yet", name);
	else if (left < WEEK_S && left * 10 < life * 3)
		rc = glance_why(g, "the %s certificate expires in %s", name,
		    text);
	else if (stage != EXPIRY_FINE && strcmp(name, "client") == 0)
		rc = glance_why(g,
		    "the client certificate is not being renewed, and "
		    "expires in %s",
		    text);
	if (rc == -1)
		return -1;
	if (json_object_set_new(g->certificates, name,
		json_pack("{s:o, s:I, s:I, s:s}", "file", glance_text(file),
		    "from", (json_int_t)x->from, "until", (json_int_t)x->until,
		    "stage", expiry_name(stage))) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

/* STAGE FROM UNTIL FILE; the file may have been renewed since. */
static int
client(struct glance *g, const char *line)
{
	struct expiry x, now;
	const char *file;
	int at = 0;

	if (sscanf(line, "%*15s %lld %lld %n", &x.from, &x.until, &at) != 2 ||
	    at == 0)
		return glance_why(g, "run/certificate has a bad line");
	file = line + at;
	if (strcmp(file, "-") != 0 && expiry_read(&now, file, NULL) == 0)
		x = now;
	return add(g, "client", file, &x);
}

static int
server(struct glance *g, const char *file)
{
	struct expiry x;

	if (expiry_read(&x, file, NULL) == 0)
		return add(g, "server", file, &x);
	return glance_why(g, "the server certificate %s: %s", file,
	    errno == EBADMSG ? "there is none in it" : strerror(errno));
}

/*
 * The rest of the line of a file of data that begins with start, up to last,
 * to each of the above. A file that is not there has none.
 */
static int
with_line(struct glance *g, const char *name, const char *start, char last,
    int (*each)(struct glance *, const char *))
{
	struct buf b = { 0 };
	char *line, *rest, *end;
	int rc = 0, saved;

	if (buf_read_file(&b, g->datafd, name, FILE_MAX) == -1)
		return errno == ENOENT ? 0 : -1;
	for (rest = b.data; (line = strsep(&rest, "\n")) != NULL;) {
		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		line += strlen(start);
		if ((end = strchr(line, last)) != NULL)
			*end = '\0';
		rc = each(g, line);
		break;
	}
	saved = errno;
	buf_free(&b);
	errno = saved;
	return rc;
}

int
glance_certificates(struct glance *g)
{
	if ((g->certificates = json_object()) == NULL ||
	    glance_put(g, "certificates", g->certificates) == -1)
		return -1;
	if (with_line(g, "run/certificate", "", '\0', client) == -1)
		return -1;
	return with_line(g, "run/lighttpd.conf", "ssl.pemfile = \"", '"',
	    server);
}
