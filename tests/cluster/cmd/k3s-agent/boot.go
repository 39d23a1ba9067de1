package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"

	"edgehub.test/cluster/internal/k3s"
)

// boot is one supervisor, as far as it is known and trusted.
type boot struct {
	url    string
	token  k3s.Token
	ca     []byte
	config map[string]any
}

func at(name string) string { return filepath.Join(*dir, name) }

// client trusts one bundle, the system's when there is none, or anything.
// With a bundle it shows the kubelet's certificate, if that is there; an
// old agent shows none.
func (b *boot) client(trust []byte, any, show bool) *http.Client {
	c := &tls.Config{InsecureSkipVerify: any}
	if trust != nil {
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM(trust)
	}
	if show && !*old {
		pair, err := tls.LoadX509KeyPair(at("client-kubelet.crt"),
			at("client-kubelet.key"))
		if err == nil {
			c.Certificates = []tls.Certificate{pair}
		}
	}
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: c,
		DisableKeepAlives: true}}
	if !*old {
		h.Timeout = 10 * time.Second
	}
	return h
}

type call struct {
	path  string
	body  []byte
	named bool
	open  bool // without the token
}

func (b *boot) request(c call) (*http.Request, error) {
	method := http.MethodGet
	if c.body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequest(method, b.url+c.path, bytes.NewReader(c.body))
	if err != nil || c.open {
		return r, err
	}
	if b.token.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+b.token.Bearer)
	} else {
		r.SetBasicAuth(b.token.User, b.token.Password)
	}
	if !c.named {
		return r, nil
	}
	pass, err := password()
	if err != nil {
		return nil, err
	}
	r.Header.Set("k3s-Node-Name", *node)
	r.Header.Set("k3s-Node-Password", pass)
	if !*old {
		r.Header.Set("k3s-Node-IP", *nodeIP)
	}
	return r, nil
}

// do gives the body of a 2xx answer.
func (b *boot) do(h *http.Client, c call) ([]byte, int, error) {
	r, err := b.request(c)
	if err != nil {
		return nil, 0, err
	}
	line := map[string]any{"step": "request", "method": r.Method,
		"path": c.path}
	defer say(line)
	resp, err := h.Do(r)
	if err != nil {
		line["error"] = err.Error()
		return nil, 0, err
	}
	defer resp.Body.Close()
	line["code"] = resp.StatusCode
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<22))
	if err == nil && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		line["said"] = string(body[:min(len(body), 400)])
		err = fmt.Errorf("%s: %s", c.path, resp.Status)
	}
	return body, resp.StatusCode, err
}

// ask is one trusted request; a node-named one is repeated without the
// certificate after a 401.
func (b *boot) ask(c call) ([]byte, error) {
	body, code, err := b.do(b.client(b.ca, false, true), c)
	if code == http.StatusUnauthorized && c.named && !*old {
		body, code, err = b.do(b.client(b.ca, false, false), c)
	}
	if code == http.StatusForbidden && c.named {
		return nil, errors.New("node password rejected")
	}
	return body, err
}

// validate takes the CA from the server and holds it against the token: the
// three requests for /cacerts.
func (b *boot) validate() error {
	t, err := k3s.ParseToken(*token)
	if err != nil {
		return err
	}
	c := call{path: "/cacerts", open: true}
	if _, _, err := b.do(b.client(nil, false, false), c); err == nil {
		return errors.New("the system trusts the server")
	}
	ca, _, err := b.do(b.client(nil, true, false), c)
	if err != nil {
		return err
	}
	if _, _, err := b.do(b.client(ca, false, false), c); err != nil {
		return err
	}
	if got := k3s.HashCA(ca, *old); t.Hash != "" && got != t.Hash {
		return fmt.Errorf("token CA hash does not match: %s != %s",
			t.Hash, got)
	}
	b.token, b.ca = t, ca
	if *old {
		_, err = b.ask(call{path: "/apis"})
	}
	return err
}

// get is config.Get: nothing on the agent's disk stands in for an answer.
func (b *boot) get() error {
	if err := b.validate(); err != nil {
		return err
	}
	if err := b.getConfig(); err != nil {
		return err
	}
	for _, name := range []string{"client-ca.crt", "server-ca.crt"} {
		body, err := b.ask(call{path: "/v1-k3s/" + name})
		if err != nil {
			return err
		}
		if err := os.WriteFile(at(name), body, 0600); err != nil {
			return err
		}
	}
	for _, name := range []string{"serving-kubelet", "client-kubelet",
		"client-kube-proxy", "client-k3s-controller"} {
		if err := b.certificate(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return b.kubeconfigs()
}

func (b *boot) getConfig() error {
	body, err := b.ask(call{path: "/v1-k3s/config"})
	if err != nil {
		return err
	}
	b.config = nil
	return json.Unmarshal(body, &b.config)
}

// certificate asks for one: a new agent by a CSR of the key that it keeps,
// unless the answer brings another.
func (b *boot) certificate(name string) error {
	c := call{path: "/v1-k3s/" + name + ".crt",
		named: strings.HasSuffix(name, "-kubelet")}
	if !*old {
		key, _, err := k3s.Key(at(name + ".key"))
		if err != nil {
			return err
		}
		c.body, err = x509.CreateCertificateRequest(rand.Reader,
			&x509.CertificateRequest{}, key)
		if err != nil {
			return err
		}
	}
	body, err := b.ask(c)
	if err != nil {
		return err
	}
	certs, key := k3s.Split(body)
	if key != nil {
		if err := os.WriteFile(at(name+".key"), key, 0600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(at(name+".crt"), certs, 0600); err != nil {
		return err
	}
	_, err = tls.LoadX509KeyPair(at(name+".crt"), at(name+".key"))
	return err
}

// apiURL is where kubelet and kube-proxy go: the load balancer, or, when the
// two ports differ, straight to the other one.
func (b *boot) apiURL() (string, error) {
	https, super := b.config["HTTPSPort"], b.config["SupervisorPort"]
	if super == nil || https == super {
		return b.url, nil
	}
	port, ok := https.(float64)
	if !ok {
		return "", errors.New("HTTPSPort is no number")
	}
	return fmt.Sprintf("https://127.0.0.1:%d", int(port)), nil
}

func (b *boot) kubeconfigs() error {
	to, err := b.apiURL()
	if err != nil {
		return err
	}
	for name, pair := range map[string]string{
		"kubelet":       "client-kubelet",
		"kubeproxy":     "client-kube-proxy",
		"k3scontroller": "client-k3s-controller"} {
		c := api.NewConfig()
		c.Clusters["local"] = &api.Cluster{Server: to,
			CertificateAuthority: at("server-ca.crt")}
		c.AuthInfos["user"] = &api.AuthInfo{
			ClientCertificate: at(pair + ".crt"),
			ClientKey:         at(pair + ".key")}
		c.Contexts["default"] = &api.Context{Cluster: "local",
			AuthInfo: "user"}
		c.CurrentContext = "default"
		if err := clientcmd.WriteToFile(*c,
			at(name+".kubeconfig")); err != nil {
			return err
		}
	}
	return nil
}

// proxyDisabled asks once more, all over, before kube-proxy starts; only a 500
// of readyz makes it wait.
func (b *boot) proxyDisabled() error {
	if err := b.validate(); err != nil {
		return err
	}
	c := call{path: "/v1-k3s/readyz"}
	_, code, err := b.do(b.client(b.ca, false, true), c)
	if code == http.StatusInternalServerError {
		return err
	}
	return b.getConfig()
}

func (b *boot) apiservers() ([]string, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	var list []string
	body, err := b.ask(call{path: "/v1-k3s/apiservers"})
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(body, &list)
}

func password() (string, error) {
	b, err := os.ReadFile(*passfile)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	s := hex.EncodeToString(raw)
	return s, os.WriteFile(*passfile, []byte(s+"\n"), 0600)
}
