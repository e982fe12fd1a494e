package listen

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

func address(t *testing.T, text string) Address {
	t.Helper()
	a, err := ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// open listens and answers each connection with hello.
func open(t *testing.T, text string, o Options) net.Listener {
	t.Helper()
	o.Log = silent
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := Open(ctx, address(t, text), o)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := c.Write([]byte("hello\n")); err == nil {
					_, _ = io.Copy(io.Discard, c)
				}
			}()
		}
	}()
	return ln
}

func dial(t *testing.T, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func hello(t *testing.T, c net.Conn) {
	t.Helper()
	if line, err := bufio.NewReader(c).ReadString('\n'); line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestOpen_tcp(t *testing.T) {
	ln := open(t, "127.0.0.1:0", Options{})
	hello(t, dial(t, ln.Addr()))
	if _, err := Open(t.Context(), address(t, ln.Addr().String()), Options{}); err == nil {
		t.Error("two listen at one address")
	}
}

func TestOpen_socket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rune.sock")
	for _, mode := range []os.FileMode{0o600, 0o666} {
		ln := open(t, "unix:"+path, Options{SocketMode: mode})
		if ln.Addr().String() != path {
			t.Error(ln.Addr())
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != mode|os.ModeSocket {
			t.Fatalf("%v, %v", info.Mode(), err)
		}
		hello(t, dial(t, ln.Addr()))
		if _, err := Open(t.Context(), address(t, "unix:"+path), Options{}); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("two listen at one path: %v", err)
		}
		ln.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is left: %v", err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
		t.Errorf("there is left %v", left)
	}
}

// TestOpen_stale listens where a process that was killed has left its socket.
func TestOpen_stale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rune.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	ln := open(t, "unix:"+path, Options{SocketMode: 0o600})
	hello(t, dial(t, ln.Addr()))

	// Another takes the place meanwhile: that one's file stays.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other := open(t, "unix:"+path, Options{SocketMode: 0o600})
	ln.Close()
	hello(t, dial(t, other.Addr()))
}

func TestOpen_socketRefused(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, folder, filepath.Join(folder, "none", "rune.sock"), filepath.Join(file, "rune.sock")} {
		if _, err := Open(t.Context(), address(t, "unix:"+path), Options{}); err == nil {
			t.Errorf("it listens at %s", path)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("a file is gone")
	}
}

func TestOpen_bounded(t *testing.T) {
	busy := "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy"
	ln := open(t, "127.0.0.1:0", Options{MaxConnections: 2, Busy: []byte(busy)})
	first, second := dial(t, ln.Addr()), dial(t, ln.Addr())
	hello(t, first)
	hello(t, second)
	for range 3 {
		c := dial(t, ln.Addr())
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || r.StatusCode != 503 {
			t.Fatal(r, err)
		}
		r.Body.Close()
	}
	first.Close()
	again := eventually(t, func() net.Conn {
		c := dial(t, ln.Addr())
		if line, _ := bufio.NewReader(c).ReadString('\n'); line == "hello\n" {
			return c
		}
		return nil
	})
	again.Close()
}

// TestOpen_boundedFlood wants connections that are too many to take no memory, and not to stop others once there is room.
func TestOpen_boundedFlood(t *testing.T) {
	ln := open(t, "127.0.0.1:0", Options{MaxConnections: 1, Busy: []byte("busy")})
	first := dial(t, ln.Addr())
	hello(t, first)
	var flood []net.Conn
	for range 4 * maxLingering {
		flood = append(flood, dial(t, ln.Addr()))
	}
	for _, c := range flood {
		_, _ = io.ReadAll(c) // until it was refused: else it may be one of these for whom there is room
	}
	first.Close()
	eventually(t, func() net.Conn {
		c := dial(t, ln.Addr())
		if line, _ := bufio.NewReader(c).ReadString('\n'); line == "hello\n" {
			return c
		}
		return nil
	})
}

func eventually(t *testing.T, try func() net.Conn) net.Conn {
	t.Helper()
	for range 500 {
		if c := try(); c != nil {
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never comes")
	return nil
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// sign makes a certificate and its key, in PEM.
func (a *authority) sign(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// client connects, with a certificate if there is one, and gives the server's.
func (a *authority) client(t *testing.T, ln net.Listener, cert, key []byte) (*x509.Certificate, error) {
	t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	c.RootCAs.AddCert(a.cert)
	if cert != nil {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	conn := tls.Client(dial(t, ln.Addr()), c)
	defer conn.Close()
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates[0], nil
}

func writeFiles(t *testing.T, files map[string][]byte) {
	t.Helper()
	for path, text := range files {
		if err := os.WriteFile(path+".new", text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpen_tls(t *testing.T) {
	a := newAuthority(t)
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write := func() {
		c, k := a.sign(t, "localhost")
		writeFiles(t, map[string][]byte{key: k, cert: c})
	}
	write()
	ln := open(t, "127.0.0.1:0", Options{TLSCert: cert, TLSKey: key, MaxConnections: 100})
	first, err := a.client(t, ln, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, map[string][]byte{cert: []byte("broken")})
	time.Sleep(300 * time.Millisecond) // until it was looked at, or not yet
	if again, err := a.client(t, ln, nil, nil); err != nil || !again.Equal(first) {
		t.Errorf("a broken certificate changes something: %v", err)
	}
	write()
	for range 500 {
		if now, err := a.client(t, ln, nil, nil); err == nil && !now.Equal(first) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the new certificate is never there")
}

func TestOpen_clientCertificates(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	folder := t.TempDir()
	cert, key, ca := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "ca.pem")
	c, k := a.sign(t, "localhost")
	writeFiles(t, map[string][]byte{cert: c, key: k, ca: a.pem})
	ln := open(t, "127.0.0.1:0", Options{TLSCert: cert, TLSKey: key, ClientCA: ca})
	ours, oursKey := a.sign(t, "cart")
	theirs, theirsKey := foreign.sign(t, "cart")
	if _, err := a.client(t, ln, ours, oursKey); err != nil {
		t.Error(err)
	}
	if _, err := a.client(t, ln, nil, nil); err == nil {
		t.Error("a client without a certificate comes in")
	}
	if _, err := a.client(t, ln, theirs, theirsKey); err == nil {
		t.Error("a client with a certificate of another authority comes in")
	}
	writeFiles(t, map[string][]byte{ca: foreign.pem})
	for range 500 {
		if _, err := a.client(t, ln, theirs, theirsKey); err == nil {
			if _, err := a.client(t, ln, ours, oursKey); err == nil {
				t.Error("the old authority's clients still come in")
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the new authority's clients never come in")
}

func TestOpen_tlsRefused(t *testing.T) {
	a := newAuthority(t)
	folder := t.TempDir()
	cert, key, ca := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "ca.pem")
	c, k := a.sign(t, "localhost")
	_, other := a.sign(t, "localhost")
	writeFiles(t, map[string][]byte{cert: c, key: k, ca: []byte("none"), key + ".other": other})
	for _, o := range []Options{
		{TLSCert: cert, TLSKey: cert}, {TLSCert: cert, TLSKey: key + ".none"}, {TLSCert: cert, TLSKey: key + ".other"},
		{TLSCert: cert, TLSKey: key, ClientCA: ca}, {TLSCert: cert, TLSKey: key, ClientCA: ca + ".none"},
	} {
		o.Log = silent
		if ln, err := Open(t.Context(), address(t, "127.0.0.1:0"), o); err == nil {
			ln.Close()
			t.Errorf("%+v: it listens", o)
		}
	}
}
