package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"

	"edgehub.test/cluster/internal/cli"
)

// transport to the kube-apiserver, as the front proxy or as nobody. HTTP/1.1,
// so that upgrades pass and no stream waits for another.
func transport(front bool) http.RoundTripper {
	pem, err := os.ReadFile(file("ca.crt"))
	if err != nil {
		cli.Fatal("CA", err)
	}
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	c.RootCAs.AppendCertsFromPEM(pem)
	if front {
		pair, err := tls.LoadX509KeyPair(file("front-proxy.crt"),
			file("front-proxy.key"))
		if err != nil {
			cli.Fatal("front proxy", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{TLSClientConfig: c, MaxIdleConnsPerHost: 64,
		IdleConnTimeout: 30 * time.Second, DisableCompression: true}
}

// as tells the kube-apiserver who asks; what a client says of it never counts.
func as(u user, r *httputil.ProxyRequest) {
	r.SetURL(&url.URL{Scheme: "https", Host: *apiserver})
	r.Out.Host = r.In.Host
	for k := range r.Out.Header {
		if strings.HasPrefix(k, "X-Remote-") {
			r.Out.Header.Del(k)
		}
	}
	if u.by == "" {
		return
	}
	r.Out.Header.Del("Authorization")
	r.Out.Header.Set("X-Remote-User", u.name)
	for _, g := range u.groups {
		r.Out.Header.Add("X-Remote-Group", g)
	}
}

func away(w http.ResponseWriter, r *http.Request, err error) {
	http.Error(w, "apiserver not ready", http.StatusServiceUnavailable)
}

// proxies hands what is not the supervisor's own to the kube-apiserver.
func proxies() http.HandlerFunc {
	known, unknown := transport(true), transport(false)
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := who(r)
		if err != nil {
			tell(refuse(http.StatusUnauthorized, errAuth), u)(w, r)
			return
		}
		p := &httputil.ReverseProxy{FlushInterval: -1,
			Rewrite:      func(pr *httputil.ProxyRequest) { as(u, pr) },
			ErrorHandler: away, Transport: known}
		if u.by == "" {
			p.Transport = unknown
		}
		if u.by == "basic" {
			tell(p.ServeHTTP, u)(w, r)
			return
		}
		p.ServeHTTP(w, r)
	}
}
