#ifndef K3S_TOKEN_H
#define K3S_TOKEN_H

#include <stddef.h>

#define K3S_TOKEN_MAX 4096

/*
 * What joins a k3s cluster: K10<hash>::user:password, a bare password, or
 * kubeadm's id.secret, with K10<hash>:: before it or not (k3s,
 * pkg/clientaccess/token.go). Zeroed memory is none.
 */
struct k3s_token {
	char hash[65];	/* of the cluster's CA in hex; "" if it has none */
	char *user;	/* "" if it names none */
	char *password; /* NULL where it is id.secret */
	char *bootstrap;
};

/*
 * Take the n bytes of a token file apart; one newline may end them. 0; -1
 * with errno ENOMEM, or EINVAL and what is wrong in why.
 */
int k3s_token_parse(struct k3s_token *t, const char *text, size_t n, char *why,
    size_t len);
/* So too of a file; other errnos are of reading it. */
int k3s_token_read(struct k3s_token *t, const char *path, char *why,
    size_t len);
void k3s_token_free(struct k3s_token *t);

/*
 * 1 if that Authorization header (NULL: none) is Basic with the password and
 * a user who joins by it, or Bearer with id.secret; else 0. A token of user
 * node is that of agents: user server has another one. Secrets are compared
 * in constant time.
 */
int k3s_token_opens(const struct k3s_token *t, const char *authorization);

/* The SHA-256 of its secret in hex. 0, or -1 with errno. */
int k3s_token_id(const struct k3s_token *t, char id[65]);

/*
 * The header's value with which an agent asks: Basic of node and the
 * password, or Bearer. Malloc'ed, or NULL with errno.
 */
char *k3s_token_authorization(const struct k3s_token *t);

#endif
