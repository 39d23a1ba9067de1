package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"edgehub.test/cluster/internal/k3s"
)

// signed makes a certificate for a year; the answer is it and its CA.
func signed(ca string, key crypto.PublicKey, c *x509.Certificate) ([]byte, error) {
	bundle, err := os.ReadFile(file(ca + ".crt"))
	if err != nil {
		return nil, err
	}
	issuers, err := k3s.Certificates(bundle)
	if err != nil {
		return nil, err
	}
	signer, _, err := k3s.Key(file(ca + ".key"))
	if err != nil {
		return nil, err
	}
	c.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	c.NotBefore = time.Now().Add(-time.Minute)
	c.NotAfter = c.NotBefore.Add(365 * 24 * time.Hour)
	c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	der, err := x509.CreateCertificate(rand.Reader, c, issuers[0], key, signer)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: der}), bundle...), nil
}

// answer signs for the key of the request's CSR; a GET, and anything to an old
// server, is answered with the key that all nodes share.
func answer(w http.ResponseWriter, r *http.Request, ca, shared string,
	c *x509.Certificate) {
	var key crypto.PublicKey
	var private []byte
	csr, err := requested(r)
	if err == nil {
		key = csr.PublicKey
	} else {
		var s crypto.Signer
		s, private, err = k3s.Key(filepath.Join(*data, shared+".key"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		key = s.Public()
	}
	b, err := signed(ca, key, c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(append(b, private...))
}

func requested(r *http.Request) (*x509.CertificateRequest, error) {
	if *old || r.Method != http.MethodPost {
		return nil, errors.New("no request")
	}
	der, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificateRequest(der)
}

func use(name string, groups []string, u x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{u},
		Subject: pkix.Name{CommonName: name, Organization: groups}}
}

func clientProxy(w http.ResponseWriter, r *http.Request) {
	answer(w, r, "ca", "client-kube-proxy", use("system:kube-proxy", nil,
		x509.ExtKeyUsageClientAuth))
}

func clientController(w http.ResponseWriter, r *http.Request) {
	answer(w, r, "ca", "client-k3s-controller", use("system:k3s-controller",
		nil, x509.ExtKeyUsageClientAuth))
}

func clientKubelet(w http.ResponseWriter, r *http.Request) {
	name, code, err := nodeOf(r)
	if err != nil {
		http.Error(w, err.Error(), code)
		return
	}
	answer(w, r, "ca", "client-kubelet", use("system:node:"+name,
		[]string{"system:nodes"}, x509.ExtKeyUsageClientAuth))
}

func servingKubelet(w http.ResponseWriter, r *http.Request) {
	name, code, err := nodeOf(r)
	if err != nil {
		http.Error(w, err.Error(), code)
		return
	}
	c := use(name, nil, x509.ExtKeyUsageServerAuth)
	c.DNSNames = []string{name, "localhost"}
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	for s := range strings.SplitSeq(r.Header.Get("k3s-Node-IP"), ",") {
		ip := net.ParseIP(s)
		if ip == nil && s != "" {
			http.Error(w, "invalid node IP address "+s,
				http.StatusInternalServerError)
			return
		}
		if ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		}
	}
	answer(w, r, "server-ca", "serving-kubelet", c)
}

// nodeOf is the node that a certificate may be made for: its password is the
// one that came first, and a node that shows its certificate is itself and
// is still in the cluster.
func nodeOf(r *http.Request) (string, int, error) {
	name := strings.ToLower(r.Header.Get("k3s-Node-Name"))
	pass := r.Header.Get("k3s-Node-Password")
	if name == "" || pass == "" {
		return "", http.StatusBadRequest,
			errors.New("node name or password not set")
	}
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return "", http.StatusBadRequest, errors.New("invalid node name")
	}
	u, err := who(r)
	if err != nil {
		return "", http.StatusUnauthorized, err
	}
	if node, ok := strings.CutPrefix(u.name, "system:node:"); ok {
		if node != name {
			return "", http.StatusBadRequest, errors.New(
				"header node name does not match auth node name")
		}
		if err := isThere(r.Context(), node); err != nil {
			return "", http.StatusUnauthorized, err
		}
	}
	if !passwords.fits(name, pass) {
		return "", http.StatusForbidden,
			fmt.Errorf("node password validation failed for %q", name)
	}
	return name, 0, nil
}

func isThere(ctx context.Context, node string) error {
	_, err := set.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return errors.New("unable to verify node identity")
	}
	return err
}

// kept are the nodes' passwords, hashed, each in a file of the node's name.
type kept struct{ sync.Mutex }

var passwords kept

func (k *kept) fits(node, pass string) bool {
	k.Lock()
	defer k.Unlock()
	sum := sha256.Sum256([]byte(node + ":" + pass))
	got := hex.EncodeToString(sum[:])
	path := filepath.Join(*data, "passwd-"+node)
	was, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return os.WriteFile(path, []byte(got), 0600) == nil
	}
	return err == nil && same(string(was), got)
}
