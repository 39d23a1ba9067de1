#include <errno.h>
#include <string.h>

#include "httphead.h"
#include "tap.h"

static void
becomes(const char *head, const char *lines, const char *want)
{
	static int n;
	struct buf b = { 0 };
	int rc;

	n++;
	errno = 0;
	rc = httphead_upgrade(&b, head, strlen(head), "m:6443", lines,
	    lines != NULL && strchr(lines, '!') != NULL);
	if (want == NULL)
		ok(rc == -1 && errno == EBADMSG, "head %d is refused", n);
	else
		is_str(rc == 0 ? b.data : NULL, want, "goes on");
	buf_free(&b);
}

static void
finds(const char *head, const char *name, int count, const char *want)
{
	const char *value = "";
	size_t len = 0;

	is_int(httphead_find(head, strlen(head), name, &value, &len), count,
	    name);
	ok(len == strlen(want) && memcmp(value, want, len) == 0, "is %s", want);
}

int
main(void)
{
	char big[HTTPHEAD_MAX + 8];

	ok(httphead_length("GET / HTTP/1.1\r\n\r\nrest", 22) == 18, "whole");
	ok(httphead_length("GET / HTTP/1.1\r\n\r", 17) == 0, "not whole");
	ok(httphead_length("", 0) == 0, "nothing");
	memset(big, 'x', sizeof(big));
	ok(httphead_length(big, sizeof(big)) == -1 && errno == EMSGSIZE,
	    "too large");
	becomes("POST /api?x=%20 HTTP/1.1\r\nHost: h\r\nConnection: upgrade, "
		"close\r\nUpgrade: SPDY/3.1\r\nX-A: b\r\n\r\n",
	    NULL,
	    "POST /api?x=%20 HTTP/1.1\r\nHost: m:6443\r\nConnection: "
	    "Upgrade\r\n"
	    "Upgrade: SPDY/3.1\r\nX-A: b\r\n\r\n");
	becomes("GET / HTTP/1.1\r\nauthorization: Bearer x\r\n"
		"Impersonate-User: root\r\nX-Remote-User: root\r\n"
		"X-Forwarded-For: 1\r\nX-Host: h\r\nx-ote-client-cert: "
		"AA==\r\n\r\n",
	    "Authorization: Bearer ours\r\n",
	    "GET / HTTP/1.1\r\nHost: m:6443\r\nConnection: Upgrade\r\n"
	    "Authorization: Bearer ours\r\n\r\n");
	becomes("GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n"
		"Impersonate-User: root\r\nX-Remote-User: root\r\n"
		"X-Ote-Client-Verify: SUCCESS\r\n\r\n",
	    "Authorization: Bearer !\r\n",
	    "GET / HTTP/1.1\r\nHost: m:6443\r\nConnection: Upgrade\r\n"
	    "Authorization: Bearer !\r\nImpersonate-User: root\r\n\r\n");
	becomes("GET / HTTP/1.0\r\n\r\n", NULL, NULL);
	becomes("GET  / HTTP/1.1\r\n\r\n", NULL, NULL);
	becomes("GET http://x/ HTTP/1.1\r\n\r\n", NULL, NULL);
	becomes("GET /\tx HTTP/1.1\r\n\r\n", NULL, NULL);
	becomes("GET / HTTP/1.1\r\nno colon\r\n\r\n", NULL, NULL);
	becomes("GET / HTTP/1.1\r\nA : b\r\n\r\n", NULL, NULL);
	becomes("GET / HTTP/1.1\r\nA: b\nAuthorization: x\r\n\r\n", NULL, NULL);
	becomes("GET / HTTP/1.1\r\n folded: x\r\n\r\n", NULL, NULL);
	becomes("\r\n\r\n", NULL, NULL);
	finds("GET / HTTP/1.1\r\nA: b\r\n\r\nA: c\r\n", "a", 1, "b");
	finds("GET / HTTP/1.1\r\nAB: x\r\nA:  b c\t \r\na: d\r\n\r\n", "A", 2,
	    "b c");
	finds("GET / HTTP/1.1\r\nA:\r\nB\r\n\r\n", "A", 1, "");
	finds("A: b\r\n\r\n", "A", 0, "");
	finds("", "A", 0, "");
	return done_testing();
}
