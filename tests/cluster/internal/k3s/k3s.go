// Package k3s holds what a k3s server and its agents have in common: the
// token, the hash of a CA bundle, PEM of several kinds in one file.
package k3s

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Token is "[K10<hash>::]user:password", or a bootstrap token instead of the
// two words, which travels as a bearer.
type Token struct {
	Hash, User, Password, Bearer string
}

var bootstrap = regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`)

// ParseToken takes a bare password too; an agent is always the user "node".
func ParseToken(s string) (Token, error) {
	var t Token
	if rest, ok := strings.CutPrefix(s, "K10"); ok {
		hash, words, ok := strings.Cut(rest, "::")
		if !ok || (hash != "" && len(hash) != 2*sha256.Size) {
			return t, errors.New("invalid token CA hash length")
		}
		t.Hash, s = hash, words
	}
	if bootstrap.MatchString(s) {
		t.Bearer = s
		return t, nil
	}
	_, password, ok := strings.Cut(s, ":")
	if !ok {
		password = s
	}
	if password == "" {
		return t, errors.New("invalid token format")
	}
	t.User, t.Password = "node", password
	return t, nil
}

// HashCA is what stands in a token: of all bytes, or, with more than one
// certificate and not for an old agent, of the DER of their root.
func HashCA(bundle []byte, old bool) string {
	b := bundle
	if certs, err := Certificates(bundle); !old && err == nil &&
		len(certs) > 1 {
		roots, between := x509.NewCertPool(), x509.NewCertPool()
		for _, c := range certs[1:] {
			if c.CheckSignatureFrom(c) == nil {
				roots.AddCert(c)
			} else {
				between.AddCert(c)
			}
		}
		chains, err := certs[0].Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between})
		if err == nil {
			b = chains[0][len(chains[0])-1].Raw
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Certificates gives those of a PEM file, in order, at least one.
func Certificates(b []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest =
		pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate")
	}
	return list, nil
}

// Split parts the certificates from the private key behind them.
func Split(b []byte) (certs, key []byte) {
	for block, rest := pem.Decode(b); block != nil; block, rest =
		pem.Decode(rest) {
		if strings.Contains(block.Type, "PRIVATE KEY") {
			key = append(key, pem.EncodeToMemory(block)...)
		} else {
			certs = append(certs, pem.EncodeToMemory(block)...)
		}
	}
	return certs, key
}

// Key reads an EC key, or makes one where the file is not there yet.
func Key(path string) (crypto.Signer, []byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return newKey(path)
	}
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, nil, errors.New(path + ": no PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	return key, b, err
}

func newKey(path string) (crypto.Signer, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	return key, b, os.WriteFile(path, b, 0600)
}

// Addresses are host:port of each in an Endpoints object.
func Addresses(ep *corev1.Endpoints) []string {
	var list []string
	for _, s := range ep.Subsets {
		for _, p := range s.Ports {
			for _, a := range s.Addresses {
				list = append(list, net.JoinHostPort(a.IP,
					fmt.Sprint(p.Port)))
			}
		}
	}
	return list
}
