/*
 * The server's end of a websocket: the handshake, and frames as a stream. A
 * frame is judged by the first bytes that tell, and nothing of what a data
 * frame carries is held.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "httphead.h"
#include "websocket.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* 1.3 */
#define KEY_LEN 24
#define MASK_LEN 4

enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80 };

/* --- the handshake --- */

/* The value of Sec-WebSocket-Accept for a key (4.2.2). 0 or -1. */
static int
accept_of(const char *key, char accept[WEBSOCKET_ACCEPT_SIZE])
{
	char text[KEY_LEN + sizeof(GUID)];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	memcpy(text, key, KEY_LEN);
	memcpy(text + KEY_LEN, GUID, sizeof(GUID));
	if (EVP_Digest(text, KEY_LEN + strlen(GUID), digest, &len, EVP_sha1(),
		NULL) != 1 ||
	    len != 20)
		return -1;
	EVP_EncodeBlock((unsigned char *)accept, digest, (int)len);
	return 0;
}

/* 22 digits are 16 bytes, then the padding. */
static int
is_key(const char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < n && p[i] != '\0' && strchr(digits, p[i]) != NULL;)
		i++;
	return n == KEY_LEN && i == KEY_LEN - 2 && memcmp(p + i, "==", 2) == 0;
}

/* Is the word one of a list with commas? */
static int
has_word(const char *p, size_t n, const char *word)
{
	const char *end = p + n, *comma;
	size_t len;

	for (; p < end; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (comma == NULL)
			comma = end;
		while (p < comma && (*p == ' ' || *p == '\t'))
			p++;
		for (len = (size_t)(comma - p);
		     len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t');)
			len--;
		if (len == strlen(word) && strncasecmp(p, word, len) == 0)
			return 1;
	}
	return 0;
}

static int
say(int code, const char *what, char *why, size_t len)
{
	snprintf(why, len, "%s", what);
	return code;
}

int
websocket_handshake(const char *head, size_t n,
    char accept[WEBSOCKET_ACCEPT_SIZE], char *why, size_t len)
{
	const char *value;
	size_t l;

	if (n < 4 || memcmp(head, "GET ", 4) != 0 ||
	    httphead_find(head, n, "Upgrade", &value, &l) != 1 ||
	    !has_word(value, l, "websocket"))
		return say(400, "this is no request for a websocket", why, len);
	if (httphead_find(head, n, "Sec-WebSocket-Version", &value, &l) != 1 ||
	    l != 2 || memcmp(value, "13", 2) != 0)
		return say(426, "Sec-WebSocket-Version must be 13", why, len);
	if (httphead_find(head, n, "Sec-WebSocket-Key", &value, &l) != 1 ||
	    !is_key(value, l))
		return say(400,
		    "Sec-WebSocket-Key must be the base64 of 16 bytes", why,
		    len);
	if (accept_of(value, accept) == -1)
		return say(500, "no SHA-1", why, len);
	return 0;
}

/* --- frames --- */

static int
opcode(const struct websocket_reader *r)
{
	return r->head[0] & OPCODE;
}

static int
is_control(const struct websocket_reader *r)
{
	return opcode(r) >= WEBSOCKET_CLOSE;
}

/* How long the header is, by its first two bytes. */
static size_t
header_length(const struct websocket_reader *r)
{
	unsigned char n = r->head[1] & 0x7f;

	return 2 + (n == 127 ? 8 : n == 126 ? 2 : 0) + MASK_LEN;
}

/* Its first two bytes are as they may be (5.2, 5.4, 5.5). */
static int
begins_well(const struct websocket_reader *r)
{
	int fin = (r->head[0] & FIN) != 0, op = opcode(r);

	if ((r->head[0] & RESERVED) != 0 || (r->head[1] & MASKED) == 0)
		return 0;
	if (is_control(r))
		return op <= WEBSOCKET_PONG && fin &&
		    (r->head[1] & 0x7f) <= WEBSOCKET_CONTROL_MAX;
	return op <= WEBSOCKET_BINARY &&
	    (op == WEBSOCKET_CONTINUATION) == r->message;
}

/* The payload's length. 0, or -1 if it is not as it may be. */
static int
set_length(struct websocket_reader *r)
{
	unsigned char n = r->head[1] & 0x7f;
	uint64_t least = n == 127 ? 65536 : n == 126 ? 126 : 0;
	size_t i;

	r->left = n;
	if (least > 0)
		r->left = 0;
	for (i = 2; i < r->nhead - MASK_LEN; i++)
		r->left = r->left << 8 | r->head[i];
	return r->left < least || r->left > INT64_MAX ? -1 : 0;
}

/* Codes that may be on the wire (7.4). */
static int
may_be_sent(unsigned int code)
{
	return (code >= 3000 && code < 5000) ||
	    (code >= 1000 && code < 1015 && (code < 1004 || code > 1006));
}

static enum websocket_event
broken(struct websocket_reader *r)
{
	r->broken = 1;
	return WEBSOCKET_BROKEN;
}

/* The frame is whole. */
static enum websocket_event
end_frame(struct websocket_reader *r)
{
	r->nhead = 0;
	r->inside = 0;
	switch (opcode(r)) {
	case WEBSOCKET_PING:
		return WEBSOCKET_GOT_PING;
	case WEBSOCKET_PONG:
		return WEBSOCKET_GOT_PONG;
	case WEBSOCKET_CLOSE:
		r->code = WEBSOCKET_NO_CODE;
		if (r->len > 1)
			r->code =
			    (unsigned int)r->payload[0] << 8 | r->payload[1];
		if (r->len == 1 || (r->len > 1 && !may_be_sent(r->code)))
			return broken(r);
		return WEBSOCKET_GOT_CLOSE;
	default:
		r->message = (r->head[0] & FIN) == 0;
		return WEBSOCKET_MORE;
	}
}

/* One byte more of the header. */
static enum websocket_event
take_header(struct websocket_reader *r, unsigned char c)
{
	r->head[r->nhead++] = c;
	if (r->nhead == 2 && !begins_well(r))
		return broken(r);
	if (r->nhead < 2 || r->nhead < header_length(r))
		return WEBSOCKET_MORE;
	if (set_length(r) == -1)
		return broken(r);
	r->inside = 1;
	r->len = 0;
	return r->left == 0 ? end_frame(r) : WEBSOCKET_MORE;
}

/* What there is of the payload, n bytes at most. */
static enum websocket_event
take_payload(struct websocket_reader *r, const unsigned char *p, size_t n,
    size_t *used)
{
	const unsigned char *mask = r->head + r->nhead - MASK_LEN;
	size_t i, take = r->left < n ? (size_t)r->left : n;

	if (is_control(r))
		for (i = 0; i < take; i++) {
			r->payload[r->len] = p[i] ^ mask[r->len % MASK_LEN];
			r->len++;
		}
	r->left -= take;
	*used += take;
	return r->left == 0 ? end_frame(r) : WEBSOCKET_MORE;
}

enum websocket_event
websocket_read(struct websocket_reader *r, const void *p, size_t n,
    size_t *used)
{
	enum websocket_event event = WEBSOCKET_MORE;
	const unsigned char *in = p;

	*used = 0;
	if (r->broken)
		return WEBSOCKET_BROKEN;
	while (event == WEBSOCKET_MORE && *used < n)
		if (r->inside)
			event = take_payload(r, in + *used, n - *used, used);
		else
			event = take_header(r, in[(*used)++]);
	return event;
}

size_t
websocket_control(unsigned char out[WEBSOCKET_FRAME_MAX],
    enum websocket_opcode op, const void *payload, size_t n)
{
	if (n > WEBSOCKET_CONTROL_MAX)
		return 0;
	out[0] = (unsigned char)(FIN | op);
	out[1] = (unsigned char)n;
	if (n > 0)
		memcpy(out + 2, payload, n);
	return 2 + n;
}

size_t
websocket_close(unsigned char out[WEBSOCKET_FRAME_MAX], unsigned int code)
{
	unsigned char text[2];

	text[0] = (unsigned char)(code >> 8);
	text[1] = (unsigned char)code;
	return websocket_control(out, WEBSOCKET_CLOSE, text,
	    code == WEBSOCKET_NO_CODE ? 0 : sizeof(text));
}
