/* The server's end of a websocket: RFC 6455's own examples, and its limits. */
#include <stdlib.h>

#include "tap.h"
#include "websocket.h"

/* --- the handshake --- */

#define UP "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
#define WS "Upgrade: websocket\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void
hands(const char *head, int want, const char *name)
{
	char accept[WEBSOCKET_ACCEPT_SIZE] = "", why[128] = "";

	is_int(websocket_handshake(head, strlen(head), accept, why,
		   sizeof(why)),
	    want, name);
	if (want == 0)
		is_str(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "accepted");
	else
		ok(why[0] != '\0', "why: %s", why);
}

static void
test_handshake(void)
{
	hands(UP WS V13 KEY "\r\n", 0, "the example of 1.3");
	hands(UP "upgrade: foo, WebSocket\r\n" V13 KEY "\r\n", 0,
	    "one word of several");
	hands(UP V13 KEY "\r\n", 400, "no upgrade");
	hands(UP "Upgrade: SPDY/3.1\r\n" V13 KEY "\r\n", 400, "SPDY");
	hands(UP "Upgrade: xwebsocket\r\n" V13 KEY "\r\n", 400, "looks so");
	hands("POST /x HTTP/1.1\r\n" WS V13 KEY "\r\n", 400, "POST");
	hands(UP WS KEY "\r\n", 426, "no version");
	hands(UP WS "Sec-WebSocket-Version: 8\r\n" KEY "\r\n", 426, "8");
	hands(UP WS "Sec-WebSocket-Version: 113\r\n" KEY "\r\n", 426, "113");
	hands(UP WS V13 V13 KEY "\r\n", 426, "two versions");
	hands(UP WS V13 "\r\n", 400, "no key");
	hands(UP WS V13 KEY KEY "\r\n", 400, "two keys");
	hands(UP WS V13 "Sec-WebSocket-Key: \r\n\r\n", 400, "an empty key");
	hands(UP WS V13 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n\r\n", 400,
	    "a key of 15 bytes");
	hands(UP WS V13 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
	    400, "of 17");
	hands(UP WS V13 "Sec-WebSocket-Key: AAAAAAAAAA AAAAAAAAAAA==\r\n\r\n",
	    400, "with a blank");
	hands("", 400, "nothing");
}

/* --- frames --- */

/* The events of n bytes that come in pieces: "ping 5 Hello", ... */
static const char *
events(const char *p, size_t n, size_t piece)
{
	static char text[1024];
	struct websocket_reader r = { .len = 0 };
	enum websocket_event event = WEBSOCKET_MORE;
	size_t at = 0, used, take, len = 0;

	text[0] = '\0';
	while (at < n && event != WEBSOCKET_BROKEN) {
		take = n - at < piece ? n - at : piece;
		event = websocket_read(&r, p + at, take, &used);
		at += used;
		if (event == WEBSOCKET_MORE)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    event == WEBSOCKET_BROKEN	      ? "broken at %zu"
			: event == WEBSOCKET_GOT_PING ? "ping %zu "
			: event == WEBSOCKET_GOT_PONG ? "pong %zu "
						      : "close %zu ",
		    event == WEBSOCKET_BROKEN ? at : r.len);
		if (event == WEBSOCKET_GOT_CLOSE)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%u ", r.code);
		else if (event != WEBSOCKET_BROKEN && r.len < 16)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%.*s ", (int)r.len, (const char *)r.payload);
	}
	return text;
}

#define FRAMES(bytes, want, name)                                           \
	do {                                                                \
		is_str(events(bytes, sizeof(bytes) - 1, 4096), want, name); \
		is_str(events(bytes, sizeof(bytes) - 1, 1), want,           \
		    "the same byte by byte");                               \
	} while (0)

#define MASK "\x37\xfa\x21\x3d"
#define HELLO MASK "\x7f\x9f\x4d\x51\x58"
#define PING "\x89\x85" HELLO

static void
test_frames(void)
{
	FRAMES("\x81\x85" HELLO PING, "ping 5 Hello ", "text of 5.7, a ping");
	FRAMES("\x8a\x85" HELLO, "pong 5 Hello ", "the masked pong of 5.7");
	FRAMES("\x01\x83" MASK "\x7f\x9f\x4d" PING "\x80\x82" MASK "\x5b\x95",
	    "ping 5 Hello ", "a ping between the fragments of a message");
	FRAMES("\x82\xfe\x01\x00" MASK, "", "256 bytes of 5.7 begin");
	FRAMES("\x82\x80" MASK "\x82\x80" MASK "\x89\x80" MASK, "ping 0  ",
	    "empty frames");
	FRAMES("\x88\x80" MASK, "close 0 1005 ", "a close without a code");
	FRAMES("\x88\x82" MASK "\x34\x12", "close 2 1000 ", "1000");
	FRAMES("\x88\x84" MASK "\x34\x13\x59\x59", "close 4 1001 ",
	    "1001, with a reason");
}

static void
test_broken(void)
{
	FRAMES("\x81\x05Hello", "broken at 2", "no mask");
	FRAMES("\xc1\x85" HELLO, "broken at 2", "a reserved bit");
	FRAMES("\x83\x80" MASK, "broken at 2", "a reserved opcode");
	FRAMES("\x8b\x80" MASK, "broken at 2", "one of control");
	FRAMES("\x09\x85" HELLO, "broken at 2", "a ping in fragments");
	FRAMES("\x89\xfe\x00\x7e" MASK, "broken at 2", "a ping of 126 bytes");
	FRAMES("\x80\x80" MASK, "broken at 2", "no message to go on with");
	FRAMES("\x01\x80" MASK "\x81\x80" MASK, "broken at 8",
	    "a message within another");
	FRAMES("\x82\xfe\x00\x7d" MASK, "broken at 8", "125 in 16 bits");
	FRAMES("\x82\xff\0\0\0\0\0\0\xff\xff" MASK, "broken at 14",
	    "65535 in 64 bits");
	FRAMES("\x82\xff\x80\0\0\0\0\0\0\0" MASK, "broken at 14", "2^63");
	FRAMES("\x88\x81" MASK "\x34", "broken at 7", "half a code");
	FRAMES("\x88\x82" MASK "\x34\x17", "broken at 8", "1005 sent");
	FRAMES("\x88\x82" MASK "\x30\x1d", "broken at 8", "999");
	FRAMES("\x88\x82" MASK "\x24\x72", "broken at 8", "5000");
	FRAMES("\x81\x05Hello" PING, "broken at 2", "for good");
}

/* Lengths: a data frame of n bytes, then a ping. */
static void
passes(size_t n, const char *head, size_t nhead)
{
	size_t len = nhead + n + sizeof(PING) - 1;
	char *p = calloc(1, len);

	memcpy(p, head, nhead);
	memcpy(p + nhead + n, PING, sizeof(PING) - 1);
	is_str(events(p, len, 1000), "ping 5 Hello ", "behind a frame");
	ok(1, "of %zu bytes", n);
	free(p);
}

static void
test_lengths(void)
{
	struct websocket_reader r = { .len = 0 };
	static const char most[] =
	    "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK;
	static char block[65536];
	size_t used, sum = 0;
	int i, good = 1;

	passes(125, "\x82\xfd" MASK, 6);
	passes(126, "\x82\xfe\x00\x7e" MASK, 8);
	passes(65535, "\x82\xfe\xff\xff" MASK, 8);
	passes(65536, "\x82\xff\0\0\0\0\0\1\0\0" MASK, 14);
	good =
	    websocket_read(&r, most, sizeof(most) - 1, &used) == WEBSOCKET_MORE;
	for (i = 0; i < 1000; i++) {
		good = good &&
		    websocket_read(&r, block, sizeof(block), &used) ==
			WEBSOCKET_MORE;
		sum += used;
	}
	ok(good && sum == 1000 * sizeof(block), "of 2^63-1, without an end");
}

static void
test_made(void)
{
	unsigned char out[WEBSOCKET_FRAME_MAX], long_one[126] = { 0 };

	ok(websocket_control(out, WEBSOCKET_PING, "Hello", 5) == 7 &&
		memcmp(out, "\x89\x05Hello", 7) == 0,
	    "the ping of 5.7");
	ok(websocket_control(out, WEBSOCKET_PONG, NULL, 0) == 2 &&
		memcmp(out, "\x8a\x00", 2) == 0,
	    "an empty pong");
	ok(websocket_control(out, WEBSOCKET_PONG, long_one, 125) == 127,
	    "of 125 bytes");
	ok(websocket_control(out, WEBSOCKET_PONG, long_one, 126) == 0,
	    "none of 126");
	ok(websocket_close(out, WEBSOCKET_GOING_AWAY) == 4 &&
		memcmp(out, "\x88\x02\x03\xe9", 4) == 0,
	    "a close");
	ok(websocket_close(out, WEBSOCKET_NO_CODE) == 2 &&
		memcmp(out, "\x88\x00", 2) == 0,
	    "one without a code");
}

int
main(void)
{
	test_handshake();
	test_frames();
	test_broken();
	test_lengths();
	test_made();
	return done_testing();
}
