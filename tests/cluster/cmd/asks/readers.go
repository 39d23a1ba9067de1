package main

import (
	"context"
	"encoding/json"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var (
	configmaps = v1.SchemeGroupVersion.WithResource("configmaps")
	widgets    = schema.GroupVersionResource{Group: "example.com",
		Version: "v1", Resource: "widgets"}
)

var readers = []asker{
	{"typed list", typedList},
	{"typed get", typedGet},
	{"typed pages", typedPages},
	{"dynamic list", dynamicList},
	{"dynamic get", dynamicGet},
	{"metadata list", metadataList},
	{"metadata get", metadataGet},
	{"runtime list", runtimeList},
	{"runtime get", runtimeGet},
	{"runtime metadata", runtimeMetadata},
}

// versions are the objects of a list: name and resourceVersion, in order.
func versions(list runtime.Object) (any, error) {
	out := []string{}
	err := meta.EachListItem(list, func(o runtime.Object) error {
		a, err := meta.Accessor(o)
		if err == nil {
			out = append(out, a.GetName()+" "+a.GetResourceVersion())
		}
		return err
	})
	return out, err
}

func typedList(ctx context.Context, c *rest.Config, ns string) (any, error) {
	l, err := kubernetes.NewForConfigOrDie(c).CoreV1().ConfigMaps(ns).
		List(ctx, metav1.ListOptions{LabelSelector: "app in (a1,a2)"})
	if err != nil {
		return nil, err
	}
	return versions(l)
}

func typedGet(ctx context.Context, c *rest.Config, ns string) (any, error) {
	return kubernetes.NewForConfigOrDie(c).CoreV1().Secrets(ns).
		Get(ctx, "s1", metav1.GetOptions{})
}

func typedPages(ctx context.Context, c *rest.Config, ns string) (any, error) {
	set := kubernetes.NewForConfigOrDie(c)
	p := pager.New(func(ctx context.Context,
		o metav1.ListOptions) (runtime.Object, error) {
		return set.CoreV1().ConfigMaps(ns).List(ctx, o)
	})
	p.PageSize = 6
	out := []string{}
	err := p.EachListItem(ctx, metav1.ListOptions{},
		func(o runtime.Object) error {
			out = append(out, o.(*v1.ConfigMap).Name)
			return nil
		})
	return out, err
}

func dynamicList(ctx context.Context, c *rest.Config, ns string) (any, error) {
	l, err := dynamic.NewForConfigOrDie(c).Resource(widgets).Namespace(ns).
		List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return l.Items, nil
}

// dynamicGet asks for one that is there and for one that is not.
func dynamicGet(ctx context.Context, c *rest.Config, ns string) (any, error) {
	r := dynamic.NewForConfigOrDie(c).Resource(configmaps).Namespace(ns)
	got, err := r.Get(ctx, "c03", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	_, err = r.Get(ctx, "none", metav1.GetOptions{})
	return []any{got, apierrors.ReasonForError(err)}, nil
}

func metadataList(ctx context.Context, c *rest.Config, ns string) (any, error) {
	l, err := metadata.NewForConfigOrDie(c).Resource(widgets).Namespace(ns).
		List(ctx, metav1.ListOptions{LabelSelector: "app!=a1"})
	if err != nil {
		return nil, err
	}
	// in protobuf, which is asked for first, items have no kind
	return versions(l)
}

func metadataGet(ctx context.Context, c *rest.Config, ns string) (any, error) {
	return metadata.NewForConfigOrDie(c).Resource(configmaps).Namespace(ns).
		Get(ctx, "c03", metav1.GetOptions{})
}

func runtimeClient(c *rest.Config) (client.Client, error) {
	return client.New(c, client.Options{})
}

func runtimeList(ctx context.Context, c *rest.Config, ns string) (any, error) {
	k, err := runtimeClient(c)
	if err != nil {
		return nil, err
	}
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(widgets.GroupVersion().WithKind("WidgetList"))
	if err := k.List(ctx, l, client.InNamespace(ns)); err != nil {
		return nil, err
	}
	return versions(l)
}

func runtimeGet(ctx context.Context, c *rest.Config, ns string) (any, error) {
	k, err := runtimeClient(c)
	if err != nil {
		return nil, err
	}
	var o v1.ConfigMap
	err = k.Get(ctx, client.ObjectKey{Namespace: ns, Name: "c03"}, &o)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(o.Data)
	return string(b), err
}

func runtimeMetadata(ctx context.Context, c *rest.Config, ns string) (any, error) {
	k, err := runtimeClient(c)
	if err != nil {
		return nil, err
	}
	var l metav1.PartialObjectMetadataList
	l.SetGroupVersionKind(v1.SchemeGroupVersion.WithKind("ConfigMapList"))
	err = k.List(ctx, &l, client.InNamespace(ns),
		client.MatchingLabels{"app": "a1"})
	if err != nil {
		return nil, err
	}
	return versions(&l)
}
