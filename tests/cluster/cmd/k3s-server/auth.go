package main

import (
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

const bootstrapGroup = "system:bootstrappers:k3s:default-node-token"

// user is who a caller showed to be, and by what.
type user struct {
	name   string
	groups []string
	by     string
}

var (
	nobody   = user{}
	clientCA *x509.CertPool
	errAuth  = errors.New("not authorized")
)

// who is the caller: by name and password, by a bootstrap token, or by a
// certificate, the first that is right. What is wrong, and nothing right
// beside it, is an error. Other bearers are the kube-apiserver's to judge.
func who(r *http.Request) (user, error) {
	name, pass, basic := r.BasicAuth()
	if basic {
		if u, err := byPassword(name, pass); err == nil {
			return u, nil
		}
	}
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"),
		"Bearer "); ok && *bearer != "" && same(t, *bearer) {
		return user{"system:bootstrap:" + t[:6],
			[]string{bootstrapGroup}, "bearer"}, nil
	}
	if len(r.TLS.PeerCertificates) > 0 {
		return byCertificate(r.TLS.PeerCertificates)
	}
	if basic {
		return nobody, errAuth
	}
	return nobody, nil
}

func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

func byPassword(name, pass string) (user, error) {
	groups := map[string]string{"node": "k3s:agent", "server": "k3s:server"}
	g, ok := groups[name]
	if !ok || !same(pass, *password) {
		return nobody, errAuth
	}
	return user{name, []string{g}, "basic"}, nil
}

func byCertificate(chain []*x509.Certificate) (user, error) {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: clientCA,
		Intermediates: between, CurrentTime: time.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return nobody, err
	}
	s := chain[0].Subject
	return user{s.CommonName, s.Organization, "certificate"}, nil
}

// mayOnly lets those of the route's groups through: 401 for what is wrong,
// 403 for whoever is not in one.
func mayOnly(to route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := who(r)
		allowed := slices.ContainsFunc(u.groups, func(g string) bool {
			return slices.Contains(to.groups, g)
		})
		switch {
		case err != nil:
			tell(refuse(http.StatusUnauthorized, errAuth), u)(w, r)
		case !allowed:
			tell(refuse(http.StatusForbidden,
				errors.New("forbidden")), u)(w, r)
		default:
			tell(to.serve, u)(w, r)
		}
	}
}

func refuse(code int, err error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, err.Error(), code)
	}
}
