/*
 * Frames are the same whether they come in one piece or byte by byte; what a
 * control frame carried goes back in one; a handshake is answered or refused.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The next event from at on, by pieces of that size; where it ended. */
static enum websocket_event
next(struct websocket_reader *r, const uint8_t *data, size_t n, size_t *at,
    size_t piece)
{
	enum websocket_event event = WEBSOCKET_MORE;
	size_t used, take;

	while (*at < n && event == WEBSOCKET_MORE) {
		take = n - *at < piece ? n - *at : piece;
		event = websocket_read(r, data + *at, take, &used);
		if (used > take || r->len > WEBSOCKET_CONTROL_MAX ||
		    (event == WEBSOCKET_MORE && used != take))
			abort();
		*at += used;
	}
	return event;
}

static void
shake_hands(const char *head, size_t n)
{
	char accept[WEBSOCKET_ACCEPT_SIZE] = "", why[128] = "";
	int code = websocket_handshake(head, n, accept, why, sizeof(why));

	if (code == 0 ? strlen(accept) != 28 || accept[27] != '='
		      : why[0] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct websocket_reader a = { .len = 0 }, b = { .len = 0 };
	unsigned char out[WEBSOCKET_FRAME_MAX];
	enum websocket_event event;
	size_t i = 0, j = 0;

	shake_hands((const char *)data, n);
	do {
		event = next(&a, data, n, &i, n);
		if (next(&b, data, n, &j, 1) != event || i != j ||
		    a.len != b.len || a.code != b.code ||
		    memcmp(a.payload, b.payload, a.len) != 0)
			abort();
		if (websocket_control(out, WEBSOCKET_PONG, a.payload, a.len) !=
			a.len + 2 ||
		    memcmp(out + 2, a.payload, a.len) != 0)
			abort();
	} while (i < n && event != WEBSOCKET_BROKEN);
	return 0;
}
