// hollow: nodes without a kubelet, as the master sees them
//
// hollow -kubeconfig F -cut DIR NAME... makes each Node and its Lease, and
// does what kubelet does for them: renews the Lease, and corrects the
// conditions where the master has others. While DIR/NAME exists, that node
// is cut off. A Node that was deleted is not made again. Prints {"up":N}
// once, and {"node":..,"error":..} for what fails but conflicts.
// With -fleet PIPE it is a fleet instead, told what to do on that pipe; see
// fleet.go.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"time"

	coord "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"edgehub.test/cluster/internal/cli"
)

var ctx = context.Background()

type hollow struct {
	set   *kubernetes.Clientset
	name  string
	uid   types.UID
	lease *coord.Lease
}

func conditions() []v1.NodeCondition {
	now := metav1.Now()
	var all []v1.NodeCondition
	for _, c := range [][3]string{
		{"MemoryPressure", "False", "KubeletHasSufficientMemory"},
		{"DiskPressure", "False", "KubeletHasNoDiskPressure"},
		{"PIDPressure", "False", "KubeletHasSufficientPID"},
		{"Ready", "True", "KubeletReady"},
	} {
		all = append(all, v1.NodeCondition{
			Type:   v1.NodeConditionType(c[0]),
			Status: v1.ConditionStatus(c[1]), Reason: c[2],
			Message:           "kubelet says so",
			LastHeartbeatTime: now, LastTransitionTime: now})
	}
	return all
}

// correct patches the conditions that are not as kubelet would have them.
func (h *hollow) correct(n *v1.Node) error {
	same := 0
	want := conditions()
	for _, w := range want {
		for _, c := range n.Status.Conditions {
			if c.Type == w.Type && c.Status == w.Status &&
				c.Reason == w.Reason {
				same++
			}
		}
	}
	if same == len(want) {
		return nil
	}
	p, _ := json.Marshal(map[string]any{"status": map[string]any{
		"conditions": want,
		"capacity": v1.ResourceList{
			"cpu":    resource.MustParse("4"),
			"memory": resource.MustParse("4Gi"),
			"pods":   resource.MustParse("110")}}})
	_, err := h.set.CoreV1().Nodes().Patch(ctx, h.name,
		types.StrategicMergePatchType, p, metav1.PatchOptions{}, "status")
	return err
}

// renew goes on from the Lease that it knows, as kubelet does.
func (h *hollow) renew() error {
	api := h.set.CoordinationV1().Leases("kube-node-lease")
	now := metav1.NowMicro()
	if h.lease != nil {
		l := h.lease.DeepCopy()
		l.Spec.RenewTime = &now
		got, err := api.Update(ctx, l, metav1.UpdateOptions{})
		if err == nil {
			h.lease = got
			return nil
		}
	}
	seconds := int32(40)
	l, err := api.Get(ctx, h.name, metav1.GetOptions{})
	if errors.IsNotFound(err) {
		l, err = api.Create(ctx, &coord.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: h.name,
				OwnerReferences: []metav1.OwnerReference{{
					APIVersion: "v1", Kind: "Node",
					Name: h.name, UID: h.uid}}},
			Spec: coord.LeaseSpec{HolderIdentity: &h.name,
				LeaseDurationSeconds: &seconds,
				RenewTime:            &now},
		}, metav1.CreateOptions{})
	} else if err == nil {
		l.Spec.RenewTime = &now
		l, err = api.Update(ctx, l, metav1.UpdateOptions{})
	}
	h.lease = l
	if err != nil {
		h.lease = nil
	}
	return err
}

func (h *hollow) beat(first bool) error {
	api := h.set.CoreV1().Nodes()
	n, err := api.Get(ctx, h.name, metav1.GetOptions{})
	if errors.IsNotFound(err) && first {
		n, err = api.Create(ctx, &v1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:   h.name,
			Labels: map[string]string{"kubernetes.io/hostname": h.name},
		}}, metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	h.uid = n.UID
	if err := h.renew(); err != nil {
		return err
	}
	return h.correct(n)
}

func main() {
	conf := flag.String("kubeconfig", "", "kubeconfig")
	cut := flag.String("cut", "", "directory of those that are cut off")
	every := flag.Duration("every", 10*time.Second, "between heartbeats")
	etcd := flag.String("etcd", "", "of a fleet, past the master: its address")
	api := flag.Int("api", 0, "of a fleet, how many not past it")
	pipe := flag.String("fleet", "", "pipe of commands: be a fleet")
	flag.Parse()

	if *pipe != "" {
		newFleet(cli.Config(*conf, "ote-hollow/1"), *every, *etcd, *api).obey(*pipe)
		return
	}
	set := kubernetes.NewForConfigOrDie(cli.Config(*conf, "ote-hollow/1"))
	var up, all sync.WaitGroup
	for _, name := range flag.Args() {
		h := &hollow{set: set, name: name}
		up.Add(1)
		all.Go(func() {
			due := time.Now()
			for first := true; ; first = false {
				_, err := os.Stat(filepath.Join(*cut, h.name))
				if err != nil && !time.Now().Before(due) {
					due = time.Now().Add(*every)
					err := h.beat(first)
					if err != nil && !errors.IsConflict(err) {
						cli.Print(map[string]string{"node": h.name,
							"error": err.Error()})
					}
				} else if err == nil {
					due = time.Now()
				}
				if first {
					up.Done()
				}
				time.Sleep(200 * time.Millisecond)
			}
		})
	}
	up.Wait()
	cli.Print(map[string]int{"up": flag.NArg()})
	all.Wait()
}
