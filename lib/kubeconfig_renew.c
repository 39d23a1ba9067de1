/*
 * A kubeconfig that is renewed while it is in use: its own file, or those that
 * it names. What is half renewed (a key that does not fit yet) is not taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "kubeconfig.h"

#define PEM_MAX (1024 * 1024)
#define FILES 4

static void
stamps(const struct kubeconfig *k, struct stamps *s)
{
	char none[] = "";
	char *const files[FILES] = { k->path != NULL ? k->path : none,
		k->ca_file != NULL ? k->ca_file : none,
		k->cert_file != NULL ? k->cert_file : none,
		k->key_file != NULL ? k->key_file : none };

	stamps_read(s, files, FILES);
}

/* The bytes at hand, or those of the file. 0, or -1 with errno. */
static int
take(char **pem, const char *file, const char *data)
{
	struct buf b = { 0 };

	if (data == NULL && file == NULL)
		return 0;
	if (data != NULL)
		return (*pem = strdup(data)) == NULL ? -1 : 0;
	if (buf_read_file(&b, AT_FDCWD, file, PEM_MAX) == -1)
		return -1;
	*pem = b.data;
	return 0;
}

int
kubeconfig_pems(struct kubeconfig *k)
{
	/* looked at first: what changes meanwhile is seen as changed */
	stamps(k, &k->stamps);
	if (take(&k->ca_pem, k->ca_file, k->ca_data) == -1 ||
	    take(&k->cert_pem, k->cert_file, k->cert_data) == -1)
		return -1;
	return take(&k->key_pem, k->key_file, k->key_data);
}

static void
swap(char **a, char **b)
{
	char *t = *a;

	*a = *b;
	*b = t;
}

/* All but where the master is. */
static void
take_over(struct kubeconfig *k, struct kubeconfig *n)
{
	char **const pairs[][2] = { { &k->ca_file, &n->ca_file },
		{ &k->ca_data, &n->ca_data }, { &k->cert_file, &n->cert_file },
		{ &k->cert_data, &n->cert_data },
		{ &k->key_file, &n->key_file }, { &k->key_data, &n->key_data },
		{ &k->token, &n->token }, { &k->token_file, &n->token_file },
		{ &k->username, &n->username }, { &k->password, &n->password },
		{ &k->ca_pem, &n->ca_pem }, { &k->cert_pem, &n->cert_pem },
		{ &k->key_pem, &n->key_pem } };
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		swap(pairs[i][0], pairs[i][1]);
	k->insecure = n->insecure;
	k->stamps = n->stamps;
}

int
kubeconfig_renew(struct kubeconfig *k)
{
	struct kubeconfig n;
	struct timespec now;
	struct stamps s;
	char why[512];

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (k->path == NULL || k->looked == now.tv_sec)
		return 0;
	k->looked = now.tv_sec;
	stamps(k, &s);
	if (stamps_differ(&k->stamps, &s, FILES) == -1)
		return 0;
	if (kubeconfig_load(&n, k->path, why, sizeof(why)) == -1)
		return -1;
	take_over(k, &n);
	kubeconfig_free(&n);
	return 1;
}
