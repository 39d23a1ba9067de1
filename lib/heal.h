#ifndef HEAL_H
#define HEAL_H

#include <jansson.h>

/*
 * The endpoints of a pod in an EndpointSlice or Endpoints object, made true
 * by the pod's status, as the controllers of the master make them
 * (k8s.io/endpointslice, pkg/controller/endpoint). Pure: no files, no clock.
 */
struct heal {
	const json_t *pod;     /* borrowed */
	const json_t *service; /* what the object is of; NULL: not known */
	const char *node;      /* pods of another are left alone; NULL: none */
	int gone;	       /* the pod is deleted */
};

/*
 * Of object, an EndpointSlice or Endpoints, the endpoints whose targetRef
 * names the pod: their addresses of the same family, their conditions and
 * hints, or list, and their uid. Those of a pod that has ended for good (gone, phase
 * Succeeded or Failed, and in Endpoints terminating) are taken out. A pod
 * that has no address is there but not ready: the controllers take it out as
 * well, but what is gone here could not be put back. Endpoints of others are
 * never touched and none is added. Without a service, that it publishes
 * addresses that are not ready is concluded from the endpoints of a slice,
 * and taken for untrue of Endpoints.
 *
 * 1 with *out, a new reference, to be released by the caller; 0 if there is
 * nothing to correct; -1 with errno EINVAL (no pod, or neither of the two
 * kinds) or ENOMEM.
 */
int heal_object(const struct heal *h, const json_t *object, json_t **out);

#endif
