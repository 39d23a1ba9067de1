/* Whatever the certificate, its names are fit for headers, files and logs. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client_cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const char *name)
{
	if (*name == '\0')
		abort();
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			abort();
}

static void
check_all(struct client_cert *c, int rc)
{
	size_t i;

	if (rc == -1 && c->user.name != NULL)
		abort();
	if (rc == 0) {
		check(c->user.name);
		for (i = 0; i < c->user.ngroups; i++)
			check(c->user.groups[i]);
	}
	client_cert_free(c);
}

/* A first byte of D: the rest is DER; else it is all PEM. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct client_cert c = { 0 };
	char why[256], *text;

	check_all(&c,
	    client_cert_read(&c, (const char *)data, n, why, sizeof(why)));
	check_all(&c,
	    client_cert_read_base64(&c, (const char *)data, n, why,
		sizeof(why)));
	if (n < 2 || data[0] != 'D' || (text = malloc(n * 2 + 8)) == NULL)
		return 0;
	n = (size_t)EVP_EncodeBlock((unsigned char *)text, data + 1,
	    (int)n - 1);
	check_all(&c, client_cert_read_base64(&c, text, n, why, sizeof(why)));
	free(text);
	return 0;
}
