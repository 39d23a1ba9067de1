/*
 * What is said to a client who gets no tunnel.
 */
#include <stdio.h>

#include "clock.h"
#include "masters.h"
#include "status.h"
#include "tunnel_refusal.h"

int
tunnel_refusal(struct buf *b, int code, const char *message)
{
	struct status st = { .code = code, .message = message };
	struct buf body = { 0 };
	int rc = -1;

	if (status_write(&body, &st) == 0 && buf_puts(&body, "\n") == 0)
		rc = buf_printf(b,
		    "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
		    "Content-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
		    code, status_phrase(code), body.len,
		    /* RFC 6455, 4.4 */
		    code == 426 ? "Sec-WebSocket-Version: 13\r\n" : "",
		    body.data);
	buf_free(&body);
	return rc;
}

int
tunnel_cut_off(const char *data, char *message, size_t len)
{
	struct masters ms = { .n = 0 };
	char path[512], since[CLOCK_TEXT_LEN] = "";
	long long t;

	if (snprintf(path, sizeof(path), "%s/run/masters", data) >=
		(int)sizeof(path) ||
	    masters_read(&ms, path) == -1 || masters_any_up(&ms))
		return 0;
	t = masters_down_since(&ms);
	if (t != 0)
		clock_text(t, since);
	snprintf(message, len,
	    "the master is out of reach%s%s: no tunnel to it",
	    t != 0 ? " since " : "", since);
	return 1;
}
