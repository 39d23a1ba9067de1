// writer: changes N ConfigMaps of a namespace R times a second
//
// They are called w-0 to w-(N-1), taken in turn, and made when they are
// not there. After T seconds, or at SIGTERM, it prints {"writes":..,
// "failed":..,"last":{name:rv}}; the exit code is 1 when a write failed. With -churn
// every tenth write deletes; a name then has the last rv "deleted".
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"edgehub.test/cluster/internal/cli"
)

func write(api typed.ConfigMapInterface, name string, i int) (string, error) {
	ctx := context.Background()
	data := map[string]string{"i": fmt.Sprint(i),
		"ns": fmt.Sprint(time.Now().UnixNano())}
	p, _ := json.Marshal(map[string]any{"data": data})
	cm, err := api.Patch(ctx, name, types.MergePatchType, p,
		metav1.PatchOptions{})
	if errors.IsNotFound(err) {
		cm, err = api.Create(ctx, &v1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data,
		}, metav1.CreateOptions{})
	}
	if err != nil {
		return "", err
	}
	return cm.ResourceVersion, nil
}

func remove(api typed.ConfigMapInterface, name string) (string, error) {
	err := api.Delete(context.Background(), name, metav1.DeleteOptions{})
	if errors.IsNotFound(err) {
		err = nil
	}
	return "deleted", err
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	ns := flag.String("n", "default", "namespace")
	count := flag.Int("count", 100, "objects")
	rate := flag.Float64("rate", 50, "writes a second")
	secs := flag.Float64("seconds", 10, "for how long")
	churn := flag.Bool("churn", false, "delete now and then")
	flag.Parse()

	set := kubernetes.NewForConfigOrDie(cli.Config(*conf, "ote-writer/1"))
	api := set.CoreV1().ConfigMaps(*ns)
	last := map[string]string{}
	failed, i := 0, 0
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM)
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	end := time.After(time.Duration(*secs * float64(time.Second)))
	for run := true; run; i++ {
		select {
		case <-end:
			run = false
			continue
		case <-sig:
			run = false
			continue
		case <-tick.C:
		}
		name := fmt.Sprintf("w-%d", i%*count)
		do := func() (string, error) { return write(api, name, i) }
		if *churn && i%11 == 10 {
			do = func() (string, error) { return remove(api, name) }
		}
		rv, err := do()
		if err != nil {
			failed++
			fmt.Fprintln(os.Stderr, "writer:", name, err)
			continue
		}
		last[name] = rv
	}
	cli.Print(map[string]any{"writes": i - 1, "failed": failed, "last": last})
	if failed > 0 {
		os.Exit(1)
	}
}
