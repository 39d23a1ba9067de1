package main

import (
	"context"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"edgehub.test/cluster/internal/cli"
)

var configmaps = v1.SchemeGroupVersion.WithResource("configmaps")

func reflector(f *followers, config *rest.Config, ns string) {
	set := kubernetes.NewForConfigOrDie(config)
	store := cache.NewStore(cache.MetaNamespaceKeyFunc)
	lw := cache.ToListWatcherWithWatchListSemantics(
		cache.NewListWatchFromClient(set.CoreV1().RESTClient(),
			"configmaps", ns, fields.Everything()), set)
	r := cache.NewReflector(lw, &v1.ConfigMap{}, store, 0)
	f.add("reflector", storeOf(store))
	go r.Run(f.ctx.Done())
	go func() {
		has := func() bool { return r.LastSyncResourceVersion() != "" }
		if cache.WaitForCacheSync(f.ctx.Done(), has) {
			synced("reflector")
		}
	}()
}

func shared(f *followers, config *rest.Config, ns string) {
	factory := informers.NewSharedInformerFactoryWithOptions(
		kubernetes.NewForConfigOrDie(config), 0,
		informers.WithNamespace(ns))
	f.informer("shared", factory.Core().V1().ConfigMaps().Informer())
	factory.Start(f.ctx.Done())
}

func dynamics(f *followers, config *rest.Config, ns string) {
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(
		dynamic.NewForConfigOrDie(config), 0, ns, nil)
	f.informer("dynamic", factory.ForResource(configmaps).Informer())
	factory.Start(f.ctx.Done())
}

func metadatas(f *followers, config *rest.Config, ns string) {
	factory := metadatainformer.NewFilteredSharedInformerFactory(
		metadata.NewForConfigOrDie(config), 0, ns, nil)
	f.informer("metadata", factory.ForResource(configmaps).Informer())
	factory.Start(f.ctx.Done())
}

// controller counts nothing and changes nothing: that it runs means that
// its source has synced.
type controller struct{}

func (controller) Reconcile(context.Context, ctrl.Request) (ctrl.Result, error) {
	return ctrl.Result{}, nil
}

func manage(f *followers, config *rest.Config, ns string) {
	ctrl.SetLogger(logr.Discard())
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Metrics: server.Options{BindAddress: "0"},
		Cache: ctrlcache.Options{
			DefaultNamespaces: map[string]ctrlcache.Config{ns: {}},
			DefaultWatchErrorHandler: func(_ context.Context,
				_ *cache.Reflector, err error) {
				failed("manager", err)
			}}})
	if err != nil {
		cli.Fatal("manager", err)
	}
	if err := ctrl.NewControllerManagedBy(mgr).For(&v1.ConfigMap{}).
		Complete(controller{}); err != nil {
		cli.Fatal("controller", err)
	}
	f.add("manager", func() map[string]string {
		var list v1.ConfigMapList
		m := map[string]string{}
		if err := mgr.GetClient().List(f.ctx, &list); err != nil {
			failed("manager", err)
		}
		for i := range list.Items {
			put(m, &list.Items[i])
		}
		return m
	})
	go func() {
		if err := mgr.Start(f.ctx); err != nil {
			cli.Fatal("manager", err)
		}
	}()
	go func() {
		if mgr.GetCache().WaitForCacheSync(f.ctx) {
			synced("manager")
		}
	}()
}
