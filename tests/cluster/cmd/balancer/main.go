// balancer: a TCP balancer in front of one master, which can break
//
// The control file says what it does: "pass" (or no file) hands bytes
// through, TLS untouched. "503" answers every new connection itself, over
// TLS with the master's certificate, 503 to each request, as a balancer
// without a backend does. "silent" accepts and never answers. In both no
// byte moves on connections that were open before; they go on at "pass".
// The file is read 50 times a second; each change is a line on stdout.
package main

import (
	"crypto/tls"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"edgehub.test/cluster/internal/cli"
)

// gate holds the mode; wait blocks while it is not "pass".
type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	mode string
}

func newGate() *gate {
	g := &gate{mode: "pass"}
	g.cond = sync.NewCond(&g.mu)
	return g
}

func (g *gate) follow(path string) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		mode := "pass"
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			mode = strings.TrimSpace(string(b))
		}
		g.mu.Lock()
		if mode != g.mode {
			g.mode = mode
			cli.Print(map[string]any{"mode": mode,
				"ns": time.Now().UnixNano()})
			g.cond.Broadcast()
		}
		g.mu.Unlock()
	}
}

func (g *gate) get() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mode
}

func (g *gate) wait() {
	g.mu.Lock()
	for g.mode != "pass" {
		g.cond.Wait()
	}
	g.mu.Unlock()
}

// pump copies one way, and holds what it has read while the gate is shut.
func pump(g *gate, dst, src net.Conn) {
	buf := make([]byte, 1<<16)
	for {
		n, err := src.Read(buf)
		g.wait()
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if c, ok := dst.(*net.TCPConn); ok {
		c.CloseWrite()
	}
}

func relay(g *gate, c net.Conn, master string) {
	defer c.Close()
	m, err := net.Dial("tcp", master)
	if err != nil {
		if t, ok := c.(*net.TCPConn); ok {
			t.SetLinger(0)
		}
		return
	}
	defer m.Close()
	done := make(chan struct{})
	go func() {
		pump(g, m, c)
		close(done)
	}()
	pump(g, c, m)
	<-done
}

// answers is a listener that is fed connections.
type answers struct {
	conns chan net.Conn
	addr  net.Addr
}

func (a *answers) Accept() (net.Conn, error) {
	c, ok := <-a.conns
	if !ok {
		return nil, io.EOF
	}
	return c, nil
}
func (a *answers) Close() error   { return nil }
func (a *answers) Addr() net.Addr { return a.addr }

func unavailable(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, "<html><body><h1>503 Service Unavailable</h1>\n"+
		"No server is available to handle this request.\n</body></html>\n")
}

// sever wraps a connection of the responder: it ends when the gate opens,
// so that no client goes on being told 503 after that.
func sever(g *gate, c net.Conn) {
	g.wait()
	c.Close()
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	master := flag.String("master", "", "address of the master")
	control := flag.String("control", "", "control file")
	cert := flag.String("cert", "", "the master's certificate")
	key := flag.String("key", "", "its key")
	flag.Parse()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		cli.Fatal("certificate", err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		cli.Fatal("listen", err)
	}
	g := newGate()
	go g.follow(*control)
	a := &answers{make(chan net.Conn), l.Addr()}
	srv := &http.Server{Handler: http.HandlerFunc(unavailable),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}}
	go srv.ServeTLS(a, "", "")
	cli.Print(map[string]any{"listen": l.Addr().String()})
	for {
		c, err := l.Accept()
		if err != nil {
			cli.Fatal("accept", err)
		}
		switch g.get() {
		case "503":
			go sever(g, c)
			a.conns <- c
		case "silent":
			go sever(g, c)
		default:
			go relay(g, c, *master)
		}
	}
}
