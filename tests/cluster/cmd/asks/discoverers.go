package main

import (
	"context"
	"sort"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/openapi/cached"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

var discoverers = []asker{
	{"version", version},
	{"aggregated discovery", aggregated},
	{"legacy discovery", legacy},
	{"preferred resources", preferred},
	{"mapper", mapper},
	{"openapi v2", openapi2},
	{"openapi v3", openapi3},
}

func version(_ context.Context, c *rest.Config, _ string) (any, error) {
	v, err := discovery.NewDiscoveryClientForConfigOrDie(c).ServerVersion()
	if err != nil {
		return nil, err
	}
	return v.GitVersion, nil
}

// resources are the names of all resources, with their verbs.
func resources(lists []*metav1.APIResourceList) []string {
	var out []string
	for _, l := range lists {
		for _, r := range l.APIResources {
			out = append(out, l.GroupVersion+"/"+r.Name+" "+
				r.Verbs.String())
		}
	}
	sort.Strings(out)
	return out
}

func discovered(c *rest.Config, old bool) (any, error) {
	d := discovery.NewDiscoveryClientForConfigOrDie(c)
	d.UseLegacyDiscovery = old
	_, lists, err := d.ServerGroupsAndResources()
	return resources(lists), err
}

func aggregated(_ context.Context, c *rest.Config, _ string) (any, error) {
	return discovered(c, false)
}

func legacy(_ context.Context, c *rest.Config, _ string) (any, error) {
	return discovered(c, true)
}

func preferred(_ context.Context, c *rest.Config, _ string) (any, error) {
	d := memory.NewMemCacheClient(
		discovery.NewDiscoveryClientForConfigOrDie(c))
	lists, err := d.ServerPreferredResources()
	return resources(lists), err
}

func mapper(_ context.Context, c *rest.Config, _ string) (any, error) {
	m := restmapper.NewDeferredDiscoveryRESTMapper(
		memory.NewMemCacheClient(
			discovery.NewDiscoveryClientForConfigOrDie(c)))
	got := map[string]string{}
	for _, gk := range []schema.GroupKind{{Kind: "Pod"},
		{Group: "apps", Kind: "Deployment"},
		{Group: "example.com", Kind: "Widget"},
		{Group: "example.com", Kind: "None"}} {
		r, err := m.RESTMapping(gk)
		if meta.IsNoMatchError(err) {
			got[gk.String()] = "no match"
			continue
		}
		if err != nil {
			return nil, err
		}
		got[gk.String()] = r.Resource.String()
	}
	return got, nil
}

func openapi2(_ context.Context, c *rest.Config, _ string) (any, error) {
	doc, err := discovery.NewDiscoveryClientForConfigOrDie(c).
		OpenAPISchema()
	if err != nil {
		return nil, err
	}
	return len(doc.GetDefinitions().GetAdditionalProperties()), nil
}

func openapi3(_ context.Context, c *rest.Config, _ string) (any, error) {
	paths, err := cached.NewClient(
		discovery.NewDiscoveryClientForConfigOrDie(c).OpenAPIV3()).Paths()
	if err != nil {
		return nil, err
	}
	got := map[string]int{}
	for _, p := range []string{"api/v1", "apis/apps/v1",
		"apis/example.com/v1"} {
		gv := paths[p]
		if gv == nil {
			continue
		}
		b, err := gv.Schema("application/json")
		if err != nil {
			return nil, err
		}
		got[p] = len(b)
	}
	return map[string]any{"paths": len(paths), "lengths": got}, nil
}
