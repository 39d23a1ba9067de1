#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "lease.h"
#include "tap.h"

#define NODE                                                                \
	"{\"metadata\":{\"name\":\"n\",\"namespace\":\"kube-node-lease\","  \
	"\"resourceVersion\":\"7\",\"annotations\":{\"a\":\"b\"},"          \
	"\"ownerReferences\":[{\"name\":\"n\"}]},"                          \
	"\"spec\":{\"holderIdentity\":\"n\",\"leaseDurationSeconds\":40,"   \
	"\"renewTime\":\"2026-11-27T10:00:00.000005Z\",\"strategy\":\"x\"}" \
	"}"

static const struct lease_claim claim = { "kube-system", "ote", "me", 15 };

static json_t *
parsed(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	if (o == NULL)
		abort();
	return o;
}

/* A member of metadata, of its annotations, or of spec. */
static const char *
text_in(const json_t *o, const char *part, const char *member)
{
	o = json_object_get(o, part);
	if (strchr(member, '/') != NULL)
		o = json_object_get(o, "annotations");
	return json_string_value(json_object_get(o, member));
}

static long long
number_in(const json_t *o, const char *member)
{
	o = json_object_get(json_object_get(o, "spec"), member);
	return json_is_integer(o) ? json_integer_value(o) : -1;
}

static void
times(void)
{
	static const struct {
		const char *text, *back; /* NULL: the same, "": it is none */
		long long us;
	} t[] = {
		{ "1970-01-01T00:00:00.000000Z", NULL, 0 },
		{ "1970-01-01T00:00:00.000001Z", NULL, 1 },
		{ "1969-12-31T23:59:59.999999Z", NULL, -1 },
		{ "2026-11-27T10:00:00.123456Z", NULL, 1795773600123456 },
		{ "2026-11-27T12:00:00.123456+02:00",
		    "2026-11-27T10:00:00.123456Z", 1795773600123456 },
		{ "2026-11-27T10:00:00Z", "2026-11-27T10:00:00.000000Z",
		    1795773600000000 },
		{ "2026-11-27T10:00:00.5Z", "2026-11-27T10:00:00.500000Z",
		    1795773600500000 },
		{ "2026-11-27T10:00:00.1234567Z", "2026-11-27T10:00:00.123456Z",
		    1795773600123456 },
		{ "0001-01-01T00:00:00.000001Z", NULL, -62135596799999999 },
		{ "9999-12-31T23:59:59.999999Z", NULL, 253402300799999999 },
		{ "2024-02-29T00:00:00.000000Z", NULL, 1709164800000000 },
		{ "2023-02-29T00:00:00.000000Z", "", 0 },
		{ "0001-01-01T00:00:00.000000Z", "", 0 },
		{ "9999-12-31T23:59:59.999999-01:00", "", 0 },
		{ "2026-11-27T10:00:60Z", "", 0 },
		{ "2026-11-27T24:00:00Z", "", 0 },
		{ "2026-11-27 10:00:00Z", "", 0 },
		{ "2026-11-27T10:00:00", "", 0 },
		{ "2026-11-27T10:00:00.Z", "", 0 },
		{ "2026-11-27T10:00:00Zx", "", 0 },
		{ "2026-11-27T10:00:00.00000000000000000000000000000Z", "", 0 },
		{ "", "", 0 },
		{ "null", "", 0 },
		{ "\"", "", 0 },
	};
	char out[CLOCK_TEXT_LEN];
	long long us;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		us = 0;
		rc = lease_time_parse(t[i].text, &us);
		if (t[i].back != NULL && *t[i].back == '\0') {
			ok(rc == -1 && errno == EINVAL, "no time: %s",
			    t[i].text);
			continue;
		}
		ok(rc == 0 && us == t[i].us, "%s", t[i].text);
		is_int(clock_micro(us, out), 0, "and back");
		is_str(out, t[i].back != NULL ? t[i].back : t[i].text, "same");
	}
}

static void
renewals(void)
{
	json_t *was = parsed(NODE), *o, *again;
	long long us;

	o = lease_renewal(was, 1795773600000009, "ctl");
	is_str(text_in(o, "spec", "renewTime"), "2026-11-27T10:00:00.000009Z",
	    "renewTime is now");
	is_str(text_in(o, "metadata", LEASE_RENEWED_BY),
	    "ctl 2026-11-27T10:00:00.000009Z", "who and when");
	is_str(text_in(o, "spec", "holderIdentity"), "n", "its holder stays");
	is_str(text_in(o, "spec", "strategy"), "x", "so does the unknown");
	is_str(text_in(o, "metadata", "resourceVersion"), "7", "its version");
	ok(json_object_get(json_object_get(o, "metadata"), "ownerReferences") !=
		NULL,
	    "its owner");
	is_str(json_string_value(json_object_get(o, "kind")), "Lease", "kind");
	ok(lease_is_renewed_by(o, "ctl"), "it is ours");
	ok(!lease_is_renewed_by(o, "ct") && !lease_is_renewed_by(o, "ctl2"),
	    "and of nobody else");
	ok(!lease_is_renewed_by(was, "ctl"), "the one before was not");
	again = lease_renewal(o, 1795773600000001, "ctl");
	is_str(text_in(again, "spec", "renewTime"),
	    "2026-11-27T10:00:00.000010Z", "a clock set back: it still moves");
	json_object_set_new(json_object_get(again, "spec"), "renewTime",
	    json_string("2026-11-27T10:00:10.000000Z"));
	ok(!lease_is_renewed_by(again, "ctl"),
	    "a kubelet that kept the annotation");
	is_int(lease_renew_time(again, &us), 0, "renewTime");
	is_int(us, 1795773610000000, "in microseconds");
	json_decref(again);
	json_object_set_new(json_object_get(o, "spec"), "renewTime",
	    json_string("9999-12-31T23:59:59.999999Z"));
	again = lease_renewal(o, 5, "ctl");
	ok(again == NULL && errno == EBADMSG, "the end of time");
	json_object_set_new(json_object_get(o, "spec"), "renewTime",
	    json_string("soon"));
	ok(lease_renew_time(o, &us) == -1 && errno == EINVAL, "no time");
	again = lease_renewal(o, 5, "ctl");
	is_str(text_in(again, "spec", "renewTime"),
	    "1970-01-01T00:00:00.000005Z", "is replaced");
	json_decref(again);
	json_object_clear(json_object_get(o, "spec"));
	ok(lease_renew_time(o, &us) == -1 && errno == ENOENT, "none at all");
	json_object_del(json_object_get(o, "metadata"), "resourceVersion");
	again = lease_renewal(o, 5, "ctl");
	ok(again == NULL && errno == EBADMSG, "without a resourceVersion");
	json_decref(o);
	json_decref(was);
	ok(lease_renewal(NULL, 5, "ctl") == NULL && errno == EBADMSG, "none");
}

static void
elections(void)
{
	json_t *o, *next, *other;

	o = lease_take(NULL, &claim, 1000000);
	is_str(text_in(o, "metadata", "namespace"), "kube-system", "namespace");
	is_str(lease_holder(o), "me", "taken");
	is_int(number_in(o, "leaseDurationSeconds"), 15, "for so long");
	is_int(number_in(o, "leaseTransitions"), 0, "the first");
	is_str(text_in(o, "spec", "acquireTime"), "1970-01-01T00:00:01.000000Z",
	    "since");
	ok(lease_take(o, &claim, 2000000) == NULL && errno == EBADMSG,
	    "not without its version");
	json_object_set_new(json_object_get(o, "metadata"), "resourceVersion",
	    json_string("1"));
	next = lease_take(o, &claim, 2000000);
	is_int(number_in(next, "leaseTransitions"), 0, "kept");
	is_str(text_in(next, "spec", "acquireTime"),
	    "1970-01-01T00:00:01.000000Z", "since the same time");
	is_str(text_in(next, "spec", "renewTime"),
	    "1970-01-01T00:00:02.000000Z", "renewed");
	other = lease_release(next, 3000000);
	is_str(lease_holder(other), "", "released");
	is_int(number_in(other, "leaseDurationSeconds"), 1, "at once");
	is_int(number_in(other, "leaseTransitions"), 0, "no change yet");
	json_decref(next);
	next = lease_take(other, &claim, 4000000);
	is_int(number_in(next, "leaseTransitions"), 1, "taken anew");
	is_str(text_in(next, "spec", "acquireTime"),
	    "1970-01-01T00:00:04.000000Z", "since then");
	is_str(lease_holder(NULL), "", "no Lease, no holder");
	json_decref(next);
	json_decref(other);
	json_decref(o);
}

int
main(void)
{
	times();
	renewals();
	elections();
	return done_testing();
}
