#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

/* The server's end of a websocket (RFC 6455), without any I/O. */

#define WEBSOCKET_ACCEPT_SIZE 29 /* with NUL */
#define WEBSOCKET_CONTROL_MAX 125
#define WEBSOCKET_FRAME_MAX (2 + WEBSOCKET_CONTROL_MAX)

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

/* Codes of a Close (7.4). */
enum websocket_code {
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_NO_CODE = 1005, /* a Close without one; never sent */
};

/*
 * The head of a request for a websocket (4.2.1). 0 with accept, the value of
 * Sec-WebSocket-Accept (4.2.2); else an HTTP status and why: 400 it is none, or
 * its key is no base64 of 16 bytes, 426 another version than 13, 500.
 */
int websocket_handshake(const char *head, size_t n,
    char accept[WEBSOCKET_ACCEPT_SIZE], char *why, size_t len);

/*
 * Takes frames of a client apart as they come. What data frames carry is
 * passed over, of any length; of control frames it is kept. Zeroed memory
 * stands before the first frame.
 */
struct websocket_reader {
	unsigned char payload[WEBSOCKET_CONTROL_MAX]; /* unmasked */
	size_t len;
	unsigned int code; /* of a Close */
	/* private */
	unsigned char head[14];
	size_t nhead;
	uint64_t left; /* of the payload */
	int inside;    /* the header is whole */
	int message;   /* more fragments of one follow */
	int broken;
};

enum websocket_event {
	WEBSOCKET_MORE,	     /* all n bytes were taken */
	WEBSOCKET_GOT_PING,  /* payload and len are what it carried */
	WEBSOCKET_GOT_PONG,  /* the same */
	WEBSOCKET_GOT_CLOSE, /* and code */
	WEBSOCKET_BROKEN,    /* against the protocol, for good */
};

/*
 * Read n bytes, up to the end of a control frame; how many were taken is in
 * used. Broken is (5): no mask, reserved bits or opcodes, a length that is not
 * in its shortest form or over 2^63-1, a control frame that is long or in
 * fragments, a fragment out of turn, a Close with half a code or one that may
 * not be sent. Text is not looked at.
 */
enum websocket_event websocket_read(struct websocket_reader *r, const void *p,
    size_t n, size_t *used);

/*
 * A control frame as the server sends it. Its length; 0 where n is over
 * WEBSOCKET_CONTROL_MAX.
 */
size_t websocket_control(unsigned char out[WEBSOCKET_FRAME_MAX],
    enum websocket_opcode op, const void *payload, size_t n);
/* A Close with that code, or without for WEBSOCKET_NO_CODE. Its length. */
size_t websocket_close(unsigned char out[WEBSOCKET_FRAME_MAX],
    unsigned int code);

#endif
