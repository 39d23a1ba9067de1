/*
 * Heals the endpoints of a pod. The object is copied, each endpoint of the
 * pod is set to what it should be, and the copy is handed out if it then
 * differs. What the copy has besides is kept as it was.
 */
#include <errno.h>
#include <string.h>

#include "heal_parts.h"

#define TRIGGER "endpoints.kubernetes.io/last-change-trigger-time"

static int
condition(const json_t *e, const char *name, int absent)
{
	const json_t *c = heal_path(e, "conditions", name);

	return json_is_boolean(c) ? json_is_true(c) : absent;
}

static int
was_serving(const json_t *e)
{
	return condition(e, "serving", condition(e, "ready", 1));
}

/* One that says by its absence what is wanted is left absent. */
static void
set_condition(struct heal_work *w, json_t *e, const char *name, int want,
    int absent)
{
	if (condition(e, name, absent) == want)
		return;
	if (!json_is_object(json_object_get(e, "conditions")))
		heal_set(w, e, "conditions", json_object());
	heal_set(w, json_object_get(e, "conditions"), name, json_boolean(want));
}

static void
set_conditions(struct heal_work *w, json_t *e, int publish, int address)
{
	int was = was_serving(e);
	int serving = address && w->p->ready;
	int ready = address && (publish || (serving && !w->p->terminating));

	set_condition(w, e, "ready", ready, 1);
	set_condition(w, e, "serving", serving, ready);
	set_condition(w, e, "terminating", w->p->terminating, 0);
	if (was != serving)
		w->flipped = 1;
}

/* The pod's addresses of that family; it has one at least. */
static void
set_addresses(struct heal_work *w, json_t *e, enum heal_family family)
{
	json_t *a = json_array();
	int i;

	for (i = 0; i < w->p->nips; i++) {
		if (w->p->ips[i].family == family &&
		    json_array_append_new(a, json_string(w->p->ips[i].text)) ==
			-1)
			w->failed = 1;
	}
	heal_set(w, e, "addresses", a);
}

/* Only then is an endpoint ready that does not serve, or that ends. */
static int
seen_published(const json_t *endpoints)
{
	json_t *e;
	size_t i;
	int ready;

	json_array_foreach(endpoints, i, e) {
		ready = condition(e, "ready", 1);
		if (ready &&
		    (!condition(e, "serving", 1) ||
			condition(e, "terminating", 0)))
			return 1;
	}
	return 0;
}

static int
set_hint(struct heal_work *w, json_t *hints, const char *key, const json_t *to)
{
	json_t *o;

	if (!json_is_string(to))
		return 0;
	o = json_object();
	heal_set(w, o, "name", json_string(json_string_value(to)));
	heal_set(w, hints, key, json_pack("[o]", o));
	return 1;
}

/*
 * A ready endpoint of a service with a trafficDistribution has hints
 * (k8s.io/endpointslice/trafficdist): without them proxies ignore those of
 * all others.
 */
static void
set_hints(struct heal_work *w, json_t *e)
{
	const char *how = w->p->distribution;
	json_t *hints;
	int some;

	if (!condition(e, "ready", 1) ||
	    (strcmp(how, "PreferClose") != 0 &&
		strcmp(how, "PreferSameZone") != 0 &&
		strcmp(how, "PreferSameNode") != 0))
		return;
	hints = json_object();
	some = set_hint(w, hints, "forZones", json_object_get(e, "zone"));
	if (strcmp(how, "PreferSameNode") == 0)
		some |= set_hint(w, hints, "forNodes",
		    json_object_get(e, "nodeName"));
	if (some) {
		heal_set(w, e, "hints", hints);
	} else {
		json_object_del(e, "hints");
		json_decref(hints);
	}
}

static enum heal_family
slice_family(const json_t *slice)
{
	const char *type =
	    json_string_value(json_object_get(slice, "addressType"));

	if (type != NULL && strcmp(type, "IPv4") == 0)
		return HEAL_IPV4;
	if (type != NULL && strcmp(type, "IPv6") == 0)
		return HEAL_IPV6;
	return HEAL_NO_FAMILY;
}

static void
heal_slice(struct heal_work *w, json_t *slice)
{
	json_t *endpoints = json_object_get(slice, "endpoints"), *e;
	enum heal_family family = slice_family(slice);
	int address = heal_pod_ip(w->p, family) != NULL;
	int publish = w->p->publish;
	size_t i = 0;

	if (family == HEAL_NO_FAMILY)
		return;
	if (publish == -1)
		publish = seen_published(endpoints);
	while ((e = json_array_get(endpoints, i)) != NULL) {
		if (!heal_is_ours(w, e)) {
			i++;
		} else if (w->p->ended) {
			if (was_serving(e) != w->p->ready)
				w->flipped = 1;
			json_array_remove(endpoints, i);
		} else {
			if (address)
				set_addresses(w, e, family);
			set_conditions(w, e, publish, address);
			set_hints(w, e);
			heal_set_uid(w, e);
			i++;
		}
	}
}

/*
 * As the trigger time tracker of the controllers: the time of the pod's last
 * transition if it is what led here, or else none.
 */
static void
annotate(struct heal_work *w, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");
	json_t *all = json_object_get(metadata, "annotations");

	if (w->flipped && w->p->when != NULL) {
		if (!json_is_object(all)) {
			all = json_object();
			heal_set(w, metadata, "annotations", all);
		}
		heal_set(w, all, TRIGGER, json_string(w->p->when));
	} else if (json_object_del(all, TRIGGER) == 0 &&
	    json_object_size(all) == 0)
		json_object_del(metadata, "annotations");
}

/* EndpointSlices have an addressType, Endpoints alone need not have subsets. */
static int
is_slice(const json_t *object)
{
	return json_object_get(object, "addressType") != NULL;
}

static int
is_known(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	if (!json_is_object(json_object_get(object, "metadata")))
		return 0;
	if (kind == NULL)
		return 1;
	return strcmp(kind, is_slice(object) ? "EndpointSlice" : "Endpoints") ==
	    0;
}

int
heal_object(const struct heal *h, const json_t *object, json_t **out)
{
	struct heal_pod p;
	struct heal_work w = { &p, heal_text(object, "metadata", "namespace"),
		0, 0 };
	json_t *copy;

	if (heal_pod_view(&p, h) == -1 || !is_known(object)) {
		errno = EINVAL;
		return -1;
	}
	if (h->node != NULL && strcmp(h->node, p.node) != 0)
		return 0;
	copy = json_deep_copy(object);
	if (copy == NULL)
		goto nomem;
	if (is_slice(copy))
		heal_slice(&w, copy);
	else
		heal_endpoints(&w, copy);
	if (!w.failed && json_equal(copy, object)) {
		json_decref(copy);
		return 0;
	}
	annotate(&w, copy);
	if (w.failed)
		goto nomem;
	*out = copy;
	return 1;

nomem:
	json_decref(copy);
	errno = ENOMEM;
	return -1;
}
