/*
 * Of each head comes one caller, or none; and whoever is no bearer of a token
 * brings no name but what lighttpd told.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "httphead.h"
#include "tunnel_caller.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *head = (const char *)data;
	struct tunnel_caller c = { 0 };
	struct buf b = { 0 };
	char why[256];
	int code;

	code = tunnel_caller_read(&c, head, n, 1700000000, why, sizeof(why));
	if (code == 0 &&
	    (c.token != NULL || c.protocol_token) != (c.user.name == NULL))
		abort();
	if (c.token != NULL && strpbrk(c.token, " \r\n") != NULL)
		abort();
	if (code == 0 && httphead_upgrade(&b, head, n, "m:1", NULL, 1) == 0 &&
	    ((!c.as_another && strcasestr(b.data, "\nimpersonate-") != NULL) ||
		(!c.protocol_token &&
		    strcasestr(b.data,
			"\nsec-websocket-protocol:base64url."
			"bearer.authorization.k8s.io.") != NULL) ||
		strcasestr(b.data, "\nx-ote-") != NULL))
		abort();
	buf_free(&b);
	tunnel_caller_free(&c);
	return 0;
}
