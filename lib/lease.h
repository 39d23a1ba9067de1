#ifndef LEASE_H
#define LEASE_H

#include <jansson.h>

/*
 * coordination.k8s.io/v1 Lease: its times, and what to PUT. Times are
 * microseconds since 1970; they are a caller's own clock, CLOCK_REALTIME, and
 * never compared with one of another machine.
 */

/* "whose TIME": which renewals of a node's Lease are not its kubelet's. */
#define LEASE_RENEWED_BY "edgenode.ote.baidu.com/renewed-by"

/*
 * A MicroTime (or any other RFC 3339 time; digits behind the sixth count
 * nothing). 0, or -1 with errno EINVAL.
 */
int lease_time_parse(const char *text, long long *us);

/*
 * The body of a PUT that renews a Lease for another one that holds it: all as
 * it was, resourceVersion and holderIdentity too, but renewTime, which is now,
 * or one more than it was if that is later; and the annotation above, with
 * the word `by'. Without a metadata.resourceVersion it is refused: it would
 * overwrite what it has not seen. A new reference, or NULL with errno ENOMEM,
 * or EBADMSG: no Lease, or one whose renewTime cannot move.
 */
json_t *lease_renewal(const json_t *lease, long long now, const char *by);
/* 1 if the last renewal was one of lease_renewal() with this by, else 0. */
int lease_is_renewed_by(const json_t *lease, const char *by);
/* spec.renewTime. 0; -1 with errno ENOENT: it has none; EINVAL: no time. */
int lease_renew_time(const json_t *lease, long long *us);

/* What an elector says of itself; see client-go's leaderelection. */
struct lease_claim {
	const char *ns, *name, *identity;
	int duration_s;
};

/* spec.holderIdentity, "" for nobody; borrowed. */
const char *lease_holder(const json_t *lease);
/*
 * The body of a POST (lease is NULL) or PUT that takes the Lease, or keeps it:
 * acquireTime and leaseTransitions move only where the holder changes. A new
 * reference, or NULL with errno ENOMEM, EBADMSG, ERANGE.
 */
json_t *lease_take(const json_t *lease, const struct lease_claim *c,
    long long now);
/*
 * That gives it up: nobody holds it, for a second. As lease_take().
 */
json_t *lease_release(const json_t *lease, long long now);

#endif
