/*
 * Leases of coordination.k8s.io/v1, by values: no clock, no network. A body
 * for a PUT is the whole object as it was read, with little changed in it:
 * what is not known here is nobody's to drop.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "human.h"
#include "lease.h"

#define SECOND 1000000LL
/* 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z */
#define FIRST (-62135596800LL * SECOND)
#define END (253402300800LL * SECOND)

int
lease_time_parse(const char *text, long long *us)
{
	char quoted[48];
	struct span s = { quoted, 0 };
	int n;

	n = snprintf(quoted, sizeof(quoted), "\"%s\"", text);
	s.n = (size_t)n;
	if (n >= (int)sizeof(quoted) || human_time(s, us) != 0 || *us < FIRST ||
	    *us >= END) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* --- parts --- */

static const char *
text_at(const json_t *lease, const char *part, const char *member)
{
	const char *text = json_string_value(
	    json_object_get(json_object_get(lease, part), member));

	return text != NULL ? text : "";
}

/* The member, made an object if it is none. NULL with errno ENOMEM. */
static json_t *
object_in(json_t *parent, const char *member)
{
	json_t *o = json_object_get(parent, member);

	if (json_is_object(o))
		return o;
	o = json_object();
	if (json_object_set_new(parent, member, o) == 0)
		return o;
	errno = ENOMEM;
	return NULL;
}

static int
set_text(json_t *o, const char *member, const char *text)
{
	if (json_object_set_new(o, member, json_string(text)) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
set_number(json_t *o, const char *member, json_int_t n)
{
	if (json_object_set_new(o, member, json_integer(n)) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
set_time(json_t *o, const char *member, long long us)
{
	char text[CLOCK_TEXT_LEN];

	if (clock_micro(us, text) == -1)
		return -1;
	return set_text(o, member, text);
}

/* A copy to be changed, with kind. NULL with errno. */
static json_t *
copy(const json_t *lease)
{
	json_t *o;

	if (*text_at(lease, "metadata", "resourceVersion") == '\0' ||
	    *text_at(lease, "metadata", "name") == '\0') {
		errno = EBADMSG;
		return NULL;
	}
	o = json_deep_copy(lease);
	if (o != NULL &&
	    set_text(o, "apiVersion", "coordination.k8s.io/v1") == 0 &&
	    set_text(o, "kind", "Lease") == 0 && object_in(o, "spec") != NULL)
		return o;
	json_decref(o);
	errno = ENOMEM;
	return NULL;
}

static json_t *
dropped(json_t *o)
{
	int e = errno;

	json_decref(o);
	errno = e;
	return NULL;
}

/* --- of a node, for its kubelet --- */

int
lease_renew_time(const json_t *lease, long long *us)
{
	const char *text = text_at(lease, "spec", "renewTime");

	if (*text != '\0')
		return lease_time_parse(text, us);
	errno = ENOENT;
	return -1;
}

json_t *
lease_renewal(const json_t *lease, long long now, const char *by)
{
	char text[CLOCK_TEXT_LEN], mark[128];
	json_t *o, *spec, *notes;
	long long was;

	if (lease_renew_time(lease, &was) == 0 && was >= now)
		now = was + 1;
	if (clock_micro(now, text) == -1 ||
	    snprintf(mark, sizeof(mark), "%s %s", by, text) >=
		(int)sizeof(mark)) {
		errno = EBADMSG;
		return NULL;
	}
	if ((o = copy(lease)) == NULL)
		return NULL;
	spec = json_object_get(o, "spec");
	notes = object_in(json_object_get(o, "metadata"), "annotations");
	if (notes == NULL || set_text(notes, LEASE_RENEWED_BY, mark) == -1 ||
	    set_text(spec, "renewTime", text) == -1)
		return dropped(o);
	return o;
}

int
lease_is_renewed_by(const json_t *lease, const char *by)
{
	const char *mark = json_string_value(
	    json_object_get(json_object_get(json_object_get(lease, "metadata"),
				"annotations"),
		LEASE_RENEWED_BY));
	size_t n = strlen(by);
	long long marked, renewed;

	return mark != NULL && strncmp(mark, by, n) == 0 && mark[n] == ' ' &&
	    lease_time_parse(mark + n + 1, &marked) == 0 &&
	    lease_renew_time(lease, &renewed) == 0 && marked == renewed;
}

/* --- of an election --- */

const char *
lease_holder(const json_t *lease)
{
	return text_at(lease, "spec", "holderIdentity");
}

static json_t *
fresh(const struct lease_claim *c)
{
	json_t *o = json_pack("{s:s s:s s:{s:s s:s} s:{}}", "apiVersion",
	    "coordination.k8s.io/v1", "kind", "Lease", "metadata", "name",
	    c->name, "namespace", c->ns, "spec");

	if (o == NULL)
		errno = ENOMEM;
	return o;
}

json_t *
lease_take(const json_t *lease, const struct lease_claim *c, long long now)
{
	int same = strcmp(lease_holder(lease), c->identity) == 0;
	json_int_t moves =
	    json_integer_value(json_object_get(json_object_get(lease, "spec"),
		"leaseTransitions"));
	json_t *o, *spec;

	if ((o = lease == NULL ? fresh(c) : copy(lease)) == NULL)
		return NULL;
	spec = json_object_get(o, "spec");
	/* client-go counts a Lease that nobody held as well */
	if (lease != NULL && !same)
		moves++;
	if (set_text(spec, "holderIdentity", c->identity) == -1 ||
	    set_number(spec, "leaseDurationSeconds", c->duration_s) == -1 ||
	    set_number(spec, "leaseTransitions", moves) == -1 ||
	    ((!same || *text_at(lease, "spec", "acquireTime") == '\0') &&
		set_time(spec, "acquireTime", now) == -1) ||
	    set_time(spec, "renewTime", now) == -1)
		return dropped(o);
	return o;
}

json_t *
lease_release(const json_t *lease, long long now)
{
	json_t *o, *spec;

	if ((o = copy(lease)) == NULL)
		return NULL;
	spec = json_object_get(o, "spec");
	/* not 0: the API wants more than that */
	if (set_text(spec, "holderIdentity", "") == -1 ||
	    set_number(spec, "leaseDurationSeconds", 1) == -1 ||
	    set_time(spec, "acquireTime", now) == -1 ||
	    set_time(spec, "renewTime", now) == -1)
		return dropped(o);
	return o;
}
