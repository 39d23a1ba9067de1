/*
 * Any object has cells that are a JSON array, whatever resource it is said to
 * be: the first byte says.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const paths[] = { "/api/v1/pods", "/api/v1/nodes",
	"/api/v1/services", "/api/v1/endpoints", "/api/v1/events",
	"/api/v1/resourcequotas", "/apis/apps/v1/deployments",
	"/apis/apps/v1/controllerrevisions", "/apis/batch/v1/jobs",
	"/apis/autoscaling/v1/horizontalpodautoscalers",
	"/apis/autoscaling/v2/horizontalpodautoscalers",
	"/api/v1/persistentvolumes", "/apis/networking.k8s.io/v1/ingresses",
	"/apis/networking.k8s.io/v1/networkpolicies",
	"/apis/discovery.k8s.io/v1/endpointslices",
	"/apis/rbac.authorization.k8s.io/v1/rolebindings",
	"/apis/resource.k8s.io/v1alpha3/resourcepoolstatusrequests" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span object = { (const char *)data + 1, n - 1 };
	struct buf b = { 0 };
	struct table *t;
	struct apipath p;
	json_t *cells, *o;

	if (n == 0 ||
	    apipath_parse(&p,
		paths[data[0] % (sizeof(paths) / sizeof(*paths))]) == -1 ||
	    (t = table_make(&p, NULL, NULL)) == NULL)
		return 0;
	o = json_loadb(object.p, object.n, JSON_ALLOW_NUL, NULL);
	if (table_cells(t, &b, object, 1700000000000000LL) == 0 && o != NULL) {
		cells = json_loadb(b.data, b.len, JSON_ALLOW_NUL, NULL);
		if (!json_is_array(cells))
			abort();
		json_decref(cells);
	}
	json_decref(o);
	buf_free(&b);
	table_free(t);
	return 0;
}
