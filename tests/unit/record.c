/* FastCGI records as no lighttpd would send them: bounds, lies, pieces. */
#include <sys/socket.h>
#include <sys/un.h>

#include "record.h"
#include "tree.h"

#define PARAMS_MAX (128 * 1024)

static struct fcgi_server server;
static char got[256]; /* what became of the request */
static size_t body_bytes;
static int nclosed, answer_at_once;
static struct buf sent;

static void
on_request(struct fcgi_conn *c)
{
	const char *odd = fcgi_param(c, "ODD"), *a = fcgi_param(c, "A");

	snprintf(got, sizeof(got), "A=%.20s ODD=%zu", a == NULL ? "-" : a,
	    odd == NULL ? 0 : strlen(odd));
	if (answer_at_once) {
		fcgi_write(c, "Status: 200 OK\r\n\r\n", 18);
		fcgi_end(c);
	}
}

static void
on_body(struct fcgi_conn *c, const char *p, size_t n)
{
	(void)c;
	(void)p;
	body_bytes += n;
}

static void
on_drained(struct fcgi_conn *c)
{
	(void)c;
}

/* Parameters of a request that was answered may not be there any more. */
static void
on_closed(struct fcgi_conn *c)
{
	const char *a = fcgi_param(c, "A");

	if (a != NULL && strcmp(a, "1") != 0)
		snprintf(got, sizeof(got), "at the end A=%.20s", a);
	nclosed++;
}

/* --- the peer --- */

static void
record(int type, const void *p, size_t n)
{
	const unsigned char h[8] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(n >> 8), (unsigned char)n, 0, 0 };

	buf_add(&sent, h, sizeof(h));
	buf_add(&sent, p, n);
}

static void
start(void)
{
	static const char role[8] = { 0, 1, 0 };

	sent.len = 0;
	record(1, role, sizeof(role));
}

static void
length(struct buf *b, size_t n)
{
	const unsigned char l[4] = { (unsigned char)(0x80 | n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	buf_add(b, l, 4);
}

static void
pair(struct buf *b, const char *name, const char *value, size_t n)
{
	length(b, strlen(name));
	length(b, n);
	buf_puts(b, name);
	buf_add(b, value, n);
}

/* Parameters as they are, in records of part bytes. */
static void
params(const struct buf *b, size_t part)
{
	size_t i, n;

	for (i = 0; i < b->len; i += n) {
		n = b->len - i < part ? b->len - i : part;
		record(4, b->data + i, n);
	}
	record(4, "", 0);
}

static void
turn(void)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(server.base, EVLOOP_NONBLOCK);
}

/* Send it by n bytes at a time; then what became of it. */
static const char *
talk(size_t n)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t i, part;
	ssize_t w = 1;

	got[0] = '\0';
	nclosed = 0;
	body_bytes = 0;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/sock", tree);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		abort();
	for (i = 0; i < sent.len && w > 0 && nclosed == 0; i += (size_t)w) {
		part = sent.len - i < n ? sent.len - i : n;
		w = send(fd, sent.data + i, part, MSG_NOSIGNAL | MSG_DONTWAIT);
		turn();
	}
	if (nclosed > 0 && got[0] == '\0')
		snprintf(got, sizeof(got), "dropped");
	close(fd);
	turn();
	if (nclosed != 1)
		snprintf(got, sizeof(got), "closed %d times", nclosed);
	return got;
}

/* A request with these parameters, in records of part bytes. */
static const char *
request(struct buf *b, size_t part)
{
	start();
	params(b, part);
	record(5, "xyz", 3);
	record(5, "", 0);
	buf_free(b);
	return talk(40000);
}

static void
test_sizes(void)
{
	static char big[PARAMS_MAX];
	struct buf b = { 0 };

	memset(big, 'x', sizeof(big));
	pair(&b, "A", "1", 1);
	is_str(request(&b, 65535), "A=1 ODD=0", "a small request");
	is_int((long long)body_bytes, 3, "and its body");
	pair(&b, "ODD", big, 28000);
	pair(&b, "A", "1", 1);
	is_str(request(&b, 65535), "A=1 ODD=28000",
	    "a certificate with 20 kB of O");
	pair(&b, "ODD", big, 100000);
	pair(&b, "A", "1", 1);
	is_str(request(&b, 65535), "A=1 ODD=100000", "two records");
	pair(&b, "ODD", big, 1000);
	pair(&b, "A", "1", 1);
	is_str(request(&b, 1), "A=1 ODD=1000", "records of one byte");
	pair(&b, "A", "1", 1);
	pair(&b, "ODD", big, PARAMS_MAX - 10 - 11);
	is_int((long long)b.len, PARAMS_MAX, "as large as may be");
	is_str(request(&b, 65535), "A=1 ODD=131051", "is taken");
	pair(&b, "A", "1", 1);
	pair(&b, "ODD", big, PARAMS_MAX - 10 - 10);
	is_str(request(&b, 65535), "dropped", "one byte more is not");
}

static void
test_lies(void)
{
	struct buf b = { 0 };
	unsigned i;

	length(&b, 0x7fffffff);
	length(&b, 0x7fffffff);
	is_str(request(&b, 65535), "dropped", "lengths of 2 GB");
	length(&b, 1);
	length(&b, 50);
	buf_puts(&b, "A1");
	is_str(request(&b, 65535), "dropped", "a value that is not there");
	buf_add(&b, "\x80\x00", 2);
	is_str(request(&b, 65535), "dropped", "half a length");
	buf_add(&b, "\x01", 1);
	is_str(request(&b, 65535), "dropped", "one length alone");
	pair(&b, "A", "1\0002", 3);
	is_str(request(&b, 65535), "A=- ODD=0", "a NUL: that one is left out");
	for (i = 0; i < 30000; i++)
		buf_add(&b, "\0\0", 2);
	pair(&b, "A", "1", 1);
	is_str(request(&b, 65535), "A=1 ODD=0", "30000 that are empty");
	pair(&b, "ODD", "", 0);
	pair(&b, "ODD", "late", 4);
	is_str(request(&b, 65535), "A=- ODD=0", "the first of two counts");
}

static void
test_order(void)
{
	struct buf b = { 0 };

	pair(&b, "A", "1", 1);
	sent.len = 0;
	params(&b, 65535);
	is_str(talk(40000), "dropped", "parameters before the beginning");
	start();
	params(&b, 65535);
	params(&b, 65535);
	is_str(talk(40000), "A=1 ODD=0", "parameters twice");
	start();
	record(5, "xyz", 3);
	is_str(talk(40000), "dropped", "a body first");
	start();
	start();
	record(1, "\0\1\0\0\0\0\0\0", 8);
	is_str(talk(40000), "dropped", "two beginnings");
	sent.len = 0;
	buf_add(&sent, "GET / HTTP/1.1\r\n\r\n", 18);
	is_str(talk(40000), "dropped", "HTTP");
	start();
	record(4, "", 0);
	is_str(talk(40000), "A=- ODD=0", "no parameters at all");
	start();
	params(&b, 65535);
	is_str(talk(1), "A=1 ODD=0", "a byte at a time");
	start();
	params(&b, 65535);
	sent.len -= 4;
	is_str(talk(40000), "", "what has no end waits, and goes");
	buf_free(&b);
}

/* After the answer more comes, over the memory that they were read into. */
static void
test_answered(void)
{
	static char big[60000];
	struct buf b = { 0 };
	int i;

	memset(big, 'x', sizeof(big));
	pair(&b, "A", "1", 1);
	start();
	params(&b, 65535);
	for (i = 0; i < 8; i++)
		record(5, big, sizeof(big));
	answer_at_once = 1;
	is_str(talk(30000), "A=1 ODD=0",
	    "nothing is read out of what came later");
	answer_at_once = 0;
	buf_free(&b);
}

int
main(void)
{
	struct event_base *base = event_base_new();

	tree_make();
	server.max_conns = 4;
	server.request = on_request;
	server.body = on_body;
	server.drained = on_drained;
	server.closed = on_closed;
	if (fcgi_listen(&server, base, tree_path("sock")) == -1)
		abort();
	test_sizes();
	test_lies();
	test_order();
	test_answered();
	is_int((long long)server.conns, 0, "no connection is left");
	fcgi_server_free(&server);
	event_base_free(base);
	buf_free(&sent);
	return done_testing();
}
