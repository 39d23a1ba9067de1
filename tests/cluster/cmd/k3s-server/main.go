// k3s-server: what a k3s server is to its agents, in front of a real master
//
// One port, HTTPS: /cacerts, /ping, /v1-k3s/*, the tunnel of
// rancher/remotedialer at /v1-k3s/connect, CONNECT for the master's way to
// kubelets through it, and all else handed to the kube-apiserver as whoever
// the caller is. Certificates are signed by the CAs in -pki. With -old it is
// one from before 2024: it answers a certificate call by a key that all nodes
// share, and knows neither /v1-k3s/apiservers nor readyz.
// Each request of the supervisor's own, each refusal and each dial through a
// tunnel is a JSON line on stdout.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"edgehub.test/cluster/internal/cli"
)

var (
	old       = flag.Bool("old", false, "as it was before 2024")
	listen    = flag.String("listen", ":9345", "address")
	pki       = flag.String("pki", "", "directory of the CAs and certificates")
	apiserver = flag.String("apiserver", "127.0.0.1:6443", "the real one")
	conf      = flag.String("kubeconfig", "", "an administrator's")
	password  = flag.String("password", "", "of the users node and server")
	bearer    = flag.String("bootstrap-token", "", "another way in")
	data      = flag.String("data", "", "directory of what it keeps")
	settings  = flag.String("config", "", "file that /v1-k3s/config answers")
	set       *kubernetes.Clientset
)

func file(name string) string { return filepath.Join(*pki, name) }

// plain answers by a file, byte by byte.
func plain(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := os.ReadFile(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		w.Write(b)
	}
}

func word(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte(s))
	}
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		cli.Print(map[string]any{"failed": err.Error()})
	}
}

// config is read for each request, as a startup hook may change it.
func config(w http.ResponseWriter, _ *http.Request) {
	b, err := os.ReadFile(*settings)
	if err == nil && !json.Valid(b) {
		err = os.ErrInvalid
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, json.RawMessage(b))
}

func apiservers(w http.ResponseWriter, r *http.Request) {
	list, err := endpoints(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, list)
}

// routes are the supervisor's own, each with the groups that may.
func routes(t *tunnels) map[string]route {
	agent := []string{"k3s:agent", "system:nodes", bootstrapGroup}
	node := []string{"system:nodes"}
	server := []string{"k3s:server"}
	m := map[string]route{
		"/v1-k3s/config":                    {agent, config},
		"/v1-k3s/client-ca.crt":             {agent, plain(file("ca.crt"))},
		"/v1-k3s/server-ca.crt":             {agent, plain(file("server-ca.crt"))},
		"/v1-k3s/serving-kubelet.crt":       {agent, servingKubelet},
		"/v1-k3s/client-kubelet.crt":        {agent, clientKubelet},
		"/v1-k3s/client-kube-proxy.crt":     {agent, clientProxy},
		"/v1-k3s/client-k3s-controller.crt": {agent, clientController},
		"/v1-k3s/connect":                   {node, t.server.ServeHTTP},
		"/v1-k3s/server-bootstrap":          {server, word("secret")},
		"/v1-k3s/encrypt/config":            {server, word("secret")},
		"/v1-k3s/token":                     {server, word("secret")},
		"/db/info":                          {server, word("secret")},
	}
	if !*old {
		m["/v1-k3s/apiservers"] = route{agent, apiservers}
		m["/v1-k3s/readyz"] = route{agent, word("ok")}
	}
	return m
}

type route struct {
	groups []string
	serve  http.HandlerFunc
}

// handler orders the routes as the real one: what nobody must be known for,
// CONNECT, the supervisor's own, the kube-apiserver.
func handler(t *tunnels, own map[string]route) http.Handler {
	all := proxies()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, ok := own[r.URL.Path]
		switch {
		case r.URL.Path == "/cacerts":
			tell(plain(file("server-ca.crt")), nobody)(w, r)
		case r.URL.Path == "/ping":
			tell(word("pong"), nobody)(w, r)
		case r.Method == http.MethodConnect:
			mayOnly(route{[]string{"system:masters"}, t.connect})(w, r)
		case ok:
			mayOnly(to)(w, r)
		default:
			all(w, r)
		}
	})
}

// watched keeps the status of an answer, and lets an upgrade through.
type watched struct {
	http.ResponseWriter
	code int
}

func (w *watched) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// shown is the name in the certificate that came, whatever it was good for.
func shown(r *http.Request) string {
	if len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	return r.TLS.PeerCertificates[0].Subject.CommonName
}

func tell(next http.HandlerFunc, u user) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || r.Method == http.MethodConnect {
			cli.Print(map[string]any{"at": time.Now().UnixMilli(),
				"method": r.Method, "path": r.URL.Path, "user": u.name,
				"by": u.by, "host": r.Host, "upgrade": true,
				"shown": shown(r)})
			next(w, r)
			return
		}
		to := &watched{w, http.StatusOK}
		next(to, r)
		cli.Print(map[string]any{"at": time.Now().UnixMilli(),
			"method": r.Method, "path": r.URL.Path, "user": u.name,
			"by": u.by, "code": to.code, "shown": shown(r),
			"node": r.Header.Get("k3s-Node-Name")})
	}
}

func main() {
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(file("supervisor.crt"),
		file("supervisor.key"))
	if err != nil {
		cli.Fatal("certificate", err)
	}
	pem, err := os.ReadFile(file("ca.crt"))
	if err != nil {
		cli.Fatal("client CA", err)
	}
	clientCA = x509.NewCertPool()
	clientCA.AppendCertsFromPEM(pem)
	set = kubernetes.NewForConfigOrDie(cli.Config(*conf, "k3s-server/1"))
	t := newTunnels()
	srv := &http.Server{Addr: *listen, Handler: handler(t, routes(t)),
		ErrorLog: log.New(os.Stderr, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair},
			ClientAuth: tls.RequestClientCert, ClientCAs: clientCA}}
	cli.Print(map[string]any{"listen": *listen,
		"old": *old, "pki": strings.TrimSpace(*pki)})
	cli.Fatal("serve", srv.ListenAndServeTLS("", ""))
}
