#ifndef HEAL_PARTS_H
#define HEAL_PARTS_H

/* Between the files heal*.c. */
#include <arpa/inet.h>

#include "heal.h"

#define HEAL_IPS_MAX 8

enum heal_family { HEAL_IPV4, HEAL_IPV6, HEAL_NO_FAMILY };

struct heal_ip {
	enum heal_family family;
	char text[INET6_ADDRSTRLEN]; /* as Go prints it */
};

/* What the endpoints of a pod must tell. Borrowed from it. */
struct heal_pod {
	const char *ns, *name, *uid, *node;
	const char *when; /* its Ready condition last changed, or NULL */
	struct heal_ip ips[HEAL_IPS_MAX];
	int nips;
	int ready, terminating, ended;
	const char *distribution; /* the service's trafficDistribution, or "" */
	int publish; /* the service's publishNotReadyAddresses; -1: unknown */
};

/* The work on one copy of an object. */
struct heal_work {
	const struct heal_pod *p;
	const char *ns; /* of the object */
	int flipped;	/* an endpoint became ready, or no longer is */
	int failed;	/* out of memory */
};

/* 0; -1 if it is no pod. */
int heal_pod_view(struct heal_pod *p, const struct heal *h);
/* 0; -1 if s, which may be NULL, is no address. */
int heal_ip_parse(struct heal_ip *ip, const char *s);
/* The pod's first address of that family, or NULL. */
const struct heal_ip *heal_pod_ip(const struct heal_pod *p,
    enum heal_family family);

/* o[a][b], borrowed, and the string that it is, "" if none. */
json_t *heal_path(const json_t *o, const char *a, const char *b);
const char *heal_text(const json_t *o, const char *a, const char *b);
/* Takes value over; a failure is noted in w. */
void heal_set(struct heal_work *w, json_t *o, const char *key, json_t *value);

/* Whether an endpoint, or address, is of the pod. */
int heal_is_ours(const struct heal_work *w, const json_t *endpoint);
/* A pod that was made again under its name. */
void heal_set_uid(struct heal_work *w, json_t *endpoint);

/* The whole object, in place. */
void heal_endpoints(struct heal_work *w, json_t *endpoints);

#endif
