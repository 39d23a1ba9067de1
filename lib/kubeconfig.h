#ifndef KUBECONFIG_H
#define KUBECONFIG_H

#include <stddef.h>

#include "stamps.h"

/*
 * The current context of a kubeconfig. Supported: server, insecure-skip-tls-verify,
 * tls-server-name, certificate-authority(-data), client-certificate(-data),
 * client-key(-data), token, tokenFile, username/password. Paths are relative to the
 * file. Exec and auth-provider plugins, proxy-url: refused by name.
 * All strings are owned by the struct; NULL where absent. *_data are PEM.
 */
struct kubeconfig {
	char *server; /* https://host:port[/path], no trailing slash */
	char *host;   /* of server, without brackets */
	int port;
	int tls; /* 1 for https */
	char *tls_server_name;
	int insecure;
	char *ca_file, *ca_data;
	char *cert_file, *cert_data;
	char *key_file, *key_data;
	char *token, *token_file;
	char *username, *password;
	/* of files or data, as they were read */
	char *ca_pem, *cert_pem, *key_pem;
	/* private to lib/kubeconfig*.c */
	char *path;
	struct stamps stamps;
	long long looked;
};

/*
 * 0; or -1 with errno and one line in why that names file, value and reason.
 * Files that it names must be readable, PEM data must parse, certificate and key must
 * belong together. A certificate that has expired, or is not good yet by a clock that
 * a reboot has set back, is taken: cut off, the node starts with what it has, see expiry.h.
 */
int kubeconfig_load(struct kubeconfig *k, const char *path, char *why,
    size_t whylen);
void kubeconfig_free(struct kubeconfig *k);

/*
 * Read it again where it, or a file that it names (but tokenFile: see
 * credential.h), changed; it is looked at once a second at most. Where the
 * master is stays as it was; strings borrowed of k are others now. 1; 0 if all
 * is as it was; -1 with errno if what is there now is no good: the former stays.
 */
int kubeconfig_renew(struct kubeconfig *k);

/* Private: fill in the PEMs. 0, or -1 with errno. */
int kubeconfig_pems(struct kubeconfig *k);

#endif
