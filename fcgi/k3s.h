#ifndef K3S_H
#define K3S_H

#include "call.h"
#include "edge.h"

/*
 * In front of a k3s server: what its agents ask besides the API, see
 * ote-edge-server(8), "k3s". Files of the cluster are in data/run/k3s.
 */
#define K3S_GUESSES 32

struct k3s_guess {
	unsigned char key[32]; /* of a password, see k3s_password.c */
	int used, right;
};

enum k3s_turn {
	K3S_TURN_OWN,
	K3S_TURN_OTHERS,
	K3S_TURN_REFUSED,
	K3S_TURNS,
};

struct k3s {
	char ip[64], address[80]; /* of the hub, as agents connect to it */
	int port;
	/* passwords of nodes that were looked at, and when the next may be */
	unsigned char secret[32];
	struct k3s_guess guesses[K3S_GUESSES];
	size_t next;
	long long due[K3S_TURNS]; /* monotonic, milliseconds */
	/* what was told of */
	char token_told[320];
	int foreign, ca_differs;
};

/* address: ip:port. 0, or -1 with errno EINVAL, ENOMEM. */
int k3s_init(struct edge *e, const char *address);
/* 1 if the request is one of those: it is taken over; else 0. */
int k3s_take(struct request *r);
/*
 * 1 if the path is kube-apiserver's. Of others, /metrics and the like, a k3s
 * server asks nobody but the certificate, so none is impersonated there.
 */
int k3s_is_api(const char *path);
void k3s_body(struct request *r, const char *p, size_t n);
void k3s_close(struct request *r);
/*
 * 1 if he who asks for this resource must be told that the server is here:
 * system:k3s-controller, of the Endpoints "kubernetes". Only what is kept here
 * can be told so.
 */
int k3s_leads(const struct request *r);

/* Between k3s.c and its parts alone. */

enum k3s_kind {
	K3S_CACERTS,
	K3S_PING,
	K3S_CONFIG,
	K3S_FILE,  /* kept as it is: certificates of the CAs, p2p */
	K3S_ROOTS, /* /apis, as old agents look whether their token is good */
	K3S_APISERVERS,
	K3S_READYZ,
	K3S_CERT,      /* a certificate for this agent */
	K3S_NODE_CERT, /* of a node, by its password */
	K3S_REFUSED,   /* between servers */
	K3S_OTHER,
};

/* A request of an agent. */
struct k3s_ask {
	struct request *r; /* NULL once it is being answered */
	struct edge *edge;
	enum k3s_kind kind;
	char name[64]; /* of what is asked for, and of its file */
	struct buf body;
	struct call *call;
	char *authorization; /* or NULL */
	int by_certificate;  /* it went to the server as that of the caller */
	/* k3s_cert.c */
	char node[256];
	char id[65];	  /* of the key, or "get" */
	char names[1024]; /* of a serving certificate */
	char *password;	  /* of the node, or NULL */
};

/* End the request. */
void k3s_answer(struct k3s_ask *a, int code, const char *type, const void *p,
    size_t n);
void k3s_refuse(struct k3s_ask *a, int code, const char *why);

/* k3s_away.c: by what a caller is known while there is no server. */
enum k3s_trust {
	K3S_NOBODY,
	K3S_JOINS,   /* by the token */
	K3S_KUBELET, /* by the certificate of a node */
	K3S_OTHERS,  /* by another certificate */
};
/* 1 if he is known at all. */
int k3s_is_known(const struct k3s_ask *a);
/*
 * The server has answered with that code: a word or a certificate that it
 * refuses (401) does not count while it is away, until it was taken again, and a
 * password of a node that it refuses (403) never does.
 */
void k3s_heard(struct k3s_ask *a, int code);
/* Answer without the server; 1 if there is an answer for the caller. */
void k3s_away(struct k3s_ask *a);
int k3s_away_has(const struct k3s_ask *a);
/* With the server's own answer, and with the address of the hub. */
void k3s_answer_config(struct k3s_ask *a, const struct buf *b);
void k3s_answer_apiservers(struct k3s_ask *a);
/* Tell once if the server's CA is another one than the operator's file. */
void k3s_compare_ca(struct edge *e);

/* k3s_cert.c: what the headers and the body say. 0; -1 answered. */
int k3s_cert_begin(struct k3s_ask *a);
int k3s_cert_body(struct k3s_ask *a);
/* The server has answered with a certificate. */
void k3s_cert_keep(struct k3s_ask *a, const struct buf *pem);
/* Answer without the server; 1 if there is a certificate, or can be. */
void k3s_cert_offline(struct k3s_ask *a, enum k3s_trust trust);
int k3s_cert_has(const struct k3s_ask *a);

/* k3s_password.c: that of the request, which has one. */
enum k3s_verdict {
	K3S_RIGHT,
	K3S_WRONG,
	K3S_UNKNOWN, /* there is none to compare with */
	K3S_LATER,   /* too many were asked for */
};
int k3s_password_init(struct k3s *k); /* 0, or -1 with errno */
enum k3s_verdict k3s_password_look(const struct k3s_ask *a);
/* The server took it: it is kept. It refuses it: it is not any more. */
void k3s_password_accepted(const struct k3s_ask *a);
void k3s_password_refused(const struct k3s_ask *a);

#endif
