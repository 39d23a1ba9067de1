// Nodes and heartbeats without the API: what kube-apiserver would have written
// into etcd, compared and swapped as it does. kube-apiserver tells it to all that
// watch, as ever; only its own work for such a request is left out, of which a
// small machine cannot do 1000 a second.
package main

import (
	"bytes"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	coord "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes/scheme"

	"edgehub.test/cluster/internal/cli"
)

const leases = "/registry/leases/kube-node-lease/"

var stored = protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)

func newStore(address string) *clientv3.Client {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{address},
		DialTimeout: 10 * time.Second})
	if err != nil {
		cli.Fatal(address, err)
	}
	return c
}

// swap writes o where the key has this revision, 0: is not there. It returns
// the new one, and what is there where it has another.
func swap(c *clientv3.Client, key string, o runtime.Object, at int64) (int64,
	[]byte, error) {
	var b bytes.Buffer
	if err := stored.Encode(o, &b); err != nil {
		return 0, nil, err
	}
	r, err := c.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", at)).
		Then(clientv3.OpPut(key, b.String())).
		Else(clientv3.OpGet(key)).Commit()
	if err != nil || r.Succeeded {
		return r.OpResponse().Txn().Header.Revision, nil, err
	}
	for _, kv := range r.Responses[0].GetResponseRange().Kvs {
		return kv.ModRevision, kv.Value, nil
	}
	return 0, nil, errors.NewNotFound(schema.GroupResource{}, key)
}

func newMeta(m *member) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.name, UID: uuid.NewUUID(),
		CreationTimestamp: metav1.Now()}
}

func (m *member) makeDirect() error {
	n := m.asNode()
	n.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
	n.ObjectMeta.UID = uuid.NewUUID()
	n.ObjectMeta.CreationTimestamp = metav1.Now()
	m.uid = n.UID
	if _, _, err := swap(m.store, "/registry/minions/"+m.name, n, 0); err != nil {
		return err
	}
	now, seconds := metav1.NowMicro(), int32(40)
	m.lease = &coord.Lease{
		TypeMeta: metav1.TypeMeta{Kind: "Lease",
			APIVersion: "coordination.k8s.io/v1"},
		ObjectMeta: newMeta(m),
		Spec: coord.LeaseSpec{HolderIdentity: &m.name,
			LeaseDurationSeconds: &seconds, RenewTime: &now},
	}
	m.lease.Namespace = v1.NamespaceNodeLease
	m.lease.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1",
		Kind: "Node", Name: m.name, UID: m.uid}}
	var err error
	m.at, _, err = swap(m.store, leases+m.name, m.lease, 0)
	return err
}

// renewDirect goes on from the Lease that it knows; once from the one that is
// there.
func (m *member) renewDirect() error {
	for range 2 {
		now := metav1.NowMicro()
		m.lease.Spec.RenewTime = &now
		at, other, err := swap(m.store, leases+m.name, m.lease, m.at)
		if err != nil {
			return err
		}
		m.at = at
		if other == nil {
			return nil
		}
		o, _, err := stored.Decode(other, nil, nil)
		if err != nil {
			return err
		}
		m.lease = o.(*coord.Lease)
		m.lease.TypeMeta = metav1.TypeMeta{Kind: "Lease",
			APIVersion: "coordination.k8s.io/v1"}
	}
	return errors.NewConflict(schema.GroupResource{}, m.name, nil)
}
