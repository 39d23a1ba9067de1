/*
 * Heals Endpoints. An address of the pod that changes is taken out of its
 * subset and put into the same one's list of those that are ready, or of
 * those that are not, in the order that the controller keeps. The order of
 * the subsets themselves is by a hash of Go's memory and stays as it was.
 */
#include <string.h>

#include "heal_parts.h"

enum fate { STAYS, LEAVES, IS_READY, IS_NOT };

/* What becomes of the pod's address in one of the two lists. */
static enum fate
settle(struct heal_work *w, json_t *a, int was_ready)
{
	const struct heal_pod *p = w->p;
	const char *was = json_string_value(json_object_get(a, "ip"));
	const struct heal_ip *to = NULL;
	struct heal_ip ip;
	int publish = p->publish == 1, ready;

	if (p->ended || (p->terminating && !publish)) {
		if (was_ready != p->ready && !publish)
			w->flipped = 1;
		return LEAVES;
	}
	if (heal_ip_parse(&ip, was) == 0)
		to = heal_pod_ip(p, ip.family);
	ready = to != NULL && (publish || p->ready);
	if (ready != was_ready)
		w->flipped = 1;
	heal_set_uid(w, a);
	if (to != NULL && strcmp(to->text, was) != 0)
		heal_set(w, a, "ip", json_string(to->text));
	else if (ready == was_ready)
		return STAYS;
	return ready ? IS_READY : IS_NOT;
}

/* What does not stay is taken out of list, and put into one of the two. */
static void
sort_out(struct heal_work *w, json_t *list, int was_ready, json_t *ready,
    json_t *not_ready)
{
	enum fate fate;
	json_t *a;
	size_t i = 0;
	int rc = 0;

	while ((a = json_array_get(list, i)) != NULL) {
		fate = heal_is_ours(w, a) ? settle(w, a, was_ready) : STAYS;
		if (fate == STAYS) {
			i++;
			continue;
		}
		if (fate == IS_READY)
			rc = json_array_append(ready, a);
		else if (fate == IS_NOT)
			rc = json_array_append(not_ready, a);
		if (rc == -1)
			w->failed = 1;
		json_array_remove(list, i);
	}
}

/* The order of pkg/api/v1/endpoints: the address as text, then the uid. */
static int
precedes(const json_t *a, const json_t *b)
{
	const char *x = json_string_value(json_object_get(a, "ip"));
	const char *y = json_string_value(json_object_get(b, "ip"));
	int c = strcmp(x != NULL ? x : "", y != NULL ? y : "");

	if (c == 0)
		c = strcmp(heal_text(a, "targetRef", "uid"),
		    heal_text(b, "targetRef", "uid"));
	return c < 0;
}

/* Puts key back in with those of from at their places, if there are any. */
static void
put_back(struct heal_work *w, json_t *subset, const char *key, json_t *list,
    json_t *from)
{
	json_t *a;
	size_t i, at;

	json_array_foreach(from, i, a) {
		at = 0;
		while (at < json_array_size(list) &&
		    precedes(json_array_get(list, at), a))
			at++;
		if (json_array_insert(list, at, a) == -1)
			w->failed = 1;
	}
	json_object_del(subset, key);
	if (json_array_size(list) > 0)
		heal_set(w, subset, key, json_incref(list));
}

/* A list of the subset, or an empty one; a new reference. */
static json_t *
list_of(const json_t *subset, const char *key)
{
	json_t *list = json_object_get(subset, key);

	return json_is_array(list) ? json_incref(list) : json_array();
}

/* Whether it is to be kept: addresses are left, or it never had any. */
static int
heal_subset(struct heal_work *w, json_t *subset)
{
	json_t *ready = json_array(), *not_ready = json_array();
	json_t *addresses = list_of(subset, "addresses");
	json_t *others = list_of(subset, "notReadyAddresses");
	json_t *ports = json_incref(json_object_get(subset, "ports"));
	size_t had = json_array_size(addresses) + json_array_size(others);
	size_t left;

	if (ready == NULL || not_ready == NULL || addresses == NULL ||
	    others == NULL)
		w->failed = 1;
	sort_out(w, addresses, 1, ready, not_ready);
	sort_out(w, others, 0, ready, not_ready);
	left = json_array_size(addresses) + json_array_size(others);
	if (left != had) {
		put_back(w, subset, "addresses", addresses, ready);
		put_back(w, subset, "notReadyAddresses", others, not_ready);
		json_object_del(subset, "ports");
		if (ports != NULL)
			heal_set(w, subset, "ports", json_incref(ports));
		left = json_array_size(addresses) + json_array_size(others);
	}
	json_decref(ports);
	json_decref(others);
	json_decref(addresses);
	json_decref(not_ready);
	json_decref(ready);
	return left > 0 || had == 0;
}

void
heal_endpoints(struct heal_work *w, json_t *endpoints)
{
	json_t *subsets = json_object_get(endpoints, "subsets"), *s;
	size_t had = json_array_size(subsets), i = 0;

	while ((s = json_array_get(subsets, i)) != NULL) {
		if (heal_subset(w, s))
			i++;
		else
			json_array_remove(subsets, i);
	}
	if (i == 0 && had > 0)
		json_object_del(endpoints, "subsets");
}
