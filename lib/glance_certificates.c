/*
 * The certificates at a glance: that which goes to the master, as
 * data/run/certificate names it, and as data/run/lighttpd.conf does that which
 * clients see, who issues theirs, and which of those are revoked: an old list
 * of these shuts all of them out.
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
add(struct glance *g, const char *name, const char *what, const char *file,
    const struct expiry *x)
{
	enum expiry_stage stage = expiry_stage(x, g->now);
	long long left = x->until - g->now, life = x->until - x->from;
	char text[HUMAN_LEN];
	int rc = 0;

	human_duration(left * 1000000, text);
	if (stage == EXPIRY_OVER)
		rc = glance_why(g, "the %s has expired", what);
	else if (stage == EXPIRY_EARLY)
		rc = glance_why(g, "the %s is not good yet", what);
	else if (left < WEEK_S && left * 10 < life * 3)
		rc = glance_why(g, "the %s expires in %s", what, text);
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
	return add(g, "client", "client certificate", file, &x);
}

static int
unread(struct glance *g, const char *what, const char *file)
{
	return glance_why(g, "the %s %s: %s", what, file,
	    errno == EBADMSG ? "there is none in it" : strerror(errno));
}

static int
server(struct glance *g, const char *file)
{
	static const char what[] = "server certificate";
	struct expiry x;

	return expiry_read(&x, file, NULL) == 0
	    ? add(g, "server", what, file, &x)
	    : unread(g, what, file);
}

static int
client_ca(struct glance *g, const char *file)
{
	static const char what[] = "certificate of the clients' CA";
	struct expiry x;

	return expiry_read_longest(&x, file) == 0
	    ? add(g, "clientCA", what, file, &x)
	    : unread(g, what, file);
}

static int
client_crl(struct glance *g, const char *file)
{
	static const char what[] = "revocation list of clients";
	struct expiry x;

	return expiry_read_crl(&x, file) == 0
	    ? add(g, "clientCRL", what, file, &x)
	    : unread(g, what, file);
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
	static const struct {
		const char *start;
		int (*each)(struct glance *, const char *);
	} web[] = {
		{ "ssl.pemfile = \"", server },
		{ "ssl.verifyclient.ca-file = \"", client_ca },
		{ "ssl.verifyclient.ca-crl-file = \"", client_crl },
	};
	size_t i;

	if ((g->certificates = json_object()) == NULL ||
	    glance_put(g, "certificates", g->certificates) == -1)
		return -1;
	if (with_line(g, "run/certificate", "", '\0', client) == -1)
		return -1;
	for (i = 0; i < sizeof(web) / sizeof(*web); i++)
		if (with_line(g, "run/lighttpd.conf", web[i].start, '"',
			web[i].each) == -1)
			return -1;
	return 0;
}
