/* What k3s agents, their server and the operator's files bring. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "k3s_csr.h"
#include "k3s_rewrite.h"
#include "k3s_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
token(const char *text, size_t n)
{
	struct k3s_token t;
	char why[256], *authorization;

	if (k3s_token_parse(&t, text, n, why, sizeof(why)) == -1)
		return;
	/* one that is taken opens with what is made of it */
	if ((authorization = k3s_token_authorization(&t)) == NULL ||
	    !k3s_token_opens(&t, authorization))
		abort();
	free(authorization);
	k3s_token_free(&t);
}

static void
opens(const char *text)
{
	static const char plain[] = "K10::node:secret";
	struct k3s_token t;
	char why[256];

	if (k3s_token_parse(&t, plain, strlen(plain), why, sizeof(why)) == -1)
		abort();
	(void)k3s_token_opens(&t, text);
	k3s_token_free(&t);
}

static void
rewrite(const char *text, size_t n)
{
	struct buf out = { 0 };

	(void)k3s_rewrite_config(&out, text, n, 8778);
	out.len = 0;
	(void)k3s_rewrite_endpoints(&out, (struct span) { text, n },
	    "127.0.0.1", 8778);
	buf_free(&out);
}

/* The first byte says what the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char id[K3S_ID_LEN], why[256], *text;

	if (n < 1 || (text = malloc(n)) == NULL)
		return 0;
	memcpy(text, data + 1, n - 1);
	text[n - 1] = '\0';
	if (data[0] == 'C')
		EVP_PKEY_free(k3s_csr_key(text, n - 1, id, why, sizeof(why)));
	else if (data[0] == 'P')
		(void)k3s_pem_id(text, n - 1, id);
	else if (data[0] == 'T')
		token(text, n - 1);
	else if (data[0] == 'A')
		opens(text);
	else
		rewrite(text, n - 1);
	free(text);
	return 0;
}
