/*
 * What heal.c asks of a pod, and which endpoints are of it.
 */
#include <string.h>

#include "heal_parts.h"

json_t *
heal_path(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
}

const char *
heal_text(const json_t *o, const char *a, const char *b)
{
	const char *s = json_string_value(heal_path(o, a, b));

	return s != NULL ? s : "";
}

/* As Go parses and prints it: ::ffff:1.2.3.4 is one of IPv4. */
int
heal_ip_parse(struct heal_ip *ip, const char *s)
{
	struct in6_addr six;
	struct in_addr four;

	if (s == NULL)
		return -1;
	if (inet_pton(AF_INET, s, &four) == 1)
		ip->family = HEAL_IPV4;
	else if (inet_pton(AF_INET6, s, &six) != 1)
		return -1;
	else if (IN6_IS_ADDR_V4MAPPED(&six)) {
		memcpy(&four, &six.s6_addr[12], sizeof(four));
		ip->family = HEAL_IPV4;
	} else
		ip->family = HEAL_IPV6;
	if (ip->family == HEAL_IPV4)
		inet_ntop(AF_INET, &four, ip->text, sizeof(ip->text));
	else
		inet_ntop(AF_INET6, &six, ip->text, sizeof(ip->text));
	return 0;
}

static void
add_ip(struct heal_pod *p, const json_t *ip)
{
	if (p->nips < HEAL_IPS_MAX &&
	    heal_ip_parse(&p->ips[p->nips], json_string_value(ip)) == 0)
		p->nips++;
}

const struct heal_ip *
heal_pod_ip(const struct heal_pod *p, enum heal_family family)
{
	int i;

	for (i = 0; i < p->nips; i++) {
		if (p->ips[i].family == family)
			return &p->ips[i];
	}
	return NULL;
}

static void
view_status(struct heal_pod *p, const json_t *status)
{
	const char *phase = json_string_value(json_object_get(status, "phase"));
	const char *type, *value;
	json_t *conditions = json_object_get(status, "conditions");
	json_t *ips = json_object_get(status, "podIPs"), *c;
	size_t i;

	json_array_foreach(ips, i, c)
		add_ip(p, json_object_get(c, "ip"));
	if (json_array_size(ips) == 0)
		add_ip(p, json_object_get(status, "podIP"));
	json_array_foreach(conditions, i, c) {
		type = json_string_value(json_object_get(c, "type"));
		if (type == NULL || strcmp(type, "Ready") != 0)
			continue;
		value = json_string_value(json_object_get(c, "status"));
		p->ready = value != NULL && strcmp(value, "True") == 0;
		p->when =
		    json_string_value(json_object_get(c, "lastTransitionTime"));
		break;
	}
	if (phase != NULL &&
	    (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0))
		p->ended = 1;
}

int
heal_pod_view(struct heal_pod *p, const struct heal *h)
{
	const json_t *pod = h->pod;

	memset(p, 0, sizeof(*p));
	p->ns = heal_text(pod, "metadata", "namespace");
	p->name = heal_text(pod, "metadata", "name");
	p->uid = heal_text(pod, "metadata", "uid");
	p->node = heal_text(pod, "spec", "nodeName");
	if (p->name[0] == '\0' || p->ns[0] == '\0')
		return -1;
	view_status(p, json_object_get(pod, "status"));
	p->terminating =
	    json_is_string(heal_path(pod, "metadata", "deletionTimestamp"));
	p->ended |= h->gone;
	if (h->gone)
		p->when = NULL;
	p->distribution = heal_text(h->service, "spec", "trafficDistribution");
	p->publish = -1;
	if (h->service != NULL)
		p->publish = json_is_true(
		    heal_path(h->service, "spec", "publishNotReadyAddresses"));
	return 0;
}

void
heal_set(struct heal_work *w, json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) == -1)
		w->failed = 1;
}

int
heal_is_ours(const struct heal_work *w, const json_t *e)
{
	const char *kind = heal_text(e, "targetRef", "kind");
	const char *ns = heal_text(e, "targetRef", "namespace");
	const char *node = json_string_value(json_object_get(e, "nodeName"));

	if (strcmp(kind, "Pod") != 0 ||
	    strcmp(heal_text(e, "targetRef", "name"), w->p->name) != 0)
		return 0;
	if (strcmp(ns[0] != '\0' ? ns : w->ns, w->p->ns) != 0)
		return 0;
	return node == NULL || strcmp(node, w->p->node) == 0;
}

void
heal_set_uid(struct heal_work *w, json_t *e)
{
	if (w->p->uid[0] != '\0' &&
	    strcmp(heal_text(e, "targetRef", "uid"), w->p->uid) != 0)
		heal_set(w, json_object_get(e, "targetRef"), "uid",
		    json_string(w->p->uid));
}
