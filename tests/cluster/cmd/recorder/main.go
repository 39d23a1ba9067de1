// recorder: stands in front of a master and tells what it is asked
//
// Takes any client, asks the master in one name, upgrades and streams
// included, and prints a JSON line a request: method, uri, accept, agent.
// Bodies and answers pass through and are not looked at.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"edgehub.test/cluster/internal/cli"
)

func pair(dir, name string) tls.Certificate {
	p, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"),
		filepath.Join(dir, name+".key"))
	if err != nil {
		cli.Fatal("certificate", err)
	}
	return p
}

func tell(r *http.Request) {
	cli.Print(map[string]string{"method": r.Method,
		"uri":    r.URL.RequestURI(),
		"accept": strings.Join(r.Header.Values("Accept"), ","),
		"agent":  r.UserAgent()})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	master := flag.String("master", "", "URL of the master")
	dir := flag.String("pki", "", "directory of certificates")
	name := flag.String("as", "admin", "whose certificate the master sees")
	flag.Parse()

	to, err := url.Parse(*master)
	if err != nil {
		cli.Fatal("master", err)
	}
	ca, err := os.ReadFile(filepath.Join(*dir, "ca.crt"))
	if err != nil {
		cli.Fatal("ca", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			tell(r.In)
		},
		FlushInterval: -1,
		ErrorLog:      log.New(os.Stderr, "", 0),
		Transport: &http.Transport{MaxIdleConnsPerHost: 100,
			TLSClientConfig: &tls.Config{RootCAs: pool,
				Certificates: []tls.Certificate{
					pair(*dir, *name)}}}}
	srv := &http.Server{Addr: *listen, Handler: proxy,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{
			pair(*dir, "apiserver")}}}
	cli.Fatal("listen", srv.ListenAndServeTLS("", ""))
}
