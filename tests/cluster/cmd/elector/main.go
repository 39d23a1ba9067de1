// elector: a candidate that leads while its Lease can be renewed
//
// Prints {"leading":true} or false at each change and begins again after a
// loss. It ends by SIGTERM, without giving the Lease back.
package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"edgehub.test/cluster/internal/cli"
)

func tell(leading bool) {
	cli.Print(map[string]any{"leading": leading})
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	ns := flag.String("n", "default", "namespace of the Lease")
	id := flag.String("id", "one", "the candidate's name")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	set := kubernetes.NewForConfigOrDie(
		cli.Config(*conf, "ote-elector/1"))
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: *ns, Name: "elector"},
		Client:     set.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: *id}}
	for ctx.Err() == nil {
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 12 * time.Second,
			RenewDeadline: 10 * time.Second,
			RetryPeriod:   500 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) {
					tell(true)
				},
				OnStoppedLeading: func() { tell(false) }}})
	}
}
