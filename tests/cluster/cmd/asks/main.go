// asks: what Go's clients find out by asking once, a JSON line a fact
//
// Discovery in each of its forms, REST mapping, and reads by the typed,
// dynamic and metadata clients and by controller-runtime's. What it prints
// depends only on what the cluster holds, so that two runs can be compared.
// A failure is a fact too: {"ask":A,"error":E}.
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"k8s.io/client-go/rest"

	"edgehub.test/cluster/internal/cli"
)

// asker is a client and the name under which its answer is printed.
type asker struct {
	name string
	ask  func(context.Context, *rest.Config, string) (any, error)
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	ns := flag.String("n", "default", "namespace")
	flag.Parse()

	config := cli.Config(*conf, "ote-asks/1")
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for _, a := range append(discoverers, readers...) {
		got, err := a.ask(ctx, config, *ns)
		if err != nil {
			cli.Print(map[string]any{"ask": a.name,
				"error": fmt.Sprint(err)})
			continue
		}
		cli.Print(map[string]any{"ask": a.name, "got": got})
	}
}
