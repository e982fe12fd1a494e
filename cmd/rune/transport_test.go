package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	a.cert = a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.key)
	return a
}

func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber, template.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(time.Hour)
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// write writes a new certificate of the server's, and its key.
func (a *authority) write(t *testing.T, certPath, keyPath string) {
	t.Helper()
	key := newKey(t)
	cert := a.sign(t, &x509.Certificate{DNSNames: []string{"localhost"}}, key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, keyPath, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	writeFile(t, certPath, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
}

// client trusts the authority, and shows a certificate with a URI if id isn't empty.
func (a *authority) client(t *testing.T, p *process, id string) *http.Client {
	t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	c.RootCAs.AddCert(a.cert)
	if id != "" {
		u, err := url.Parse(id)
		if err != nil {
			t.Fatal(err)
		}
		key := newKey(t)
		cert := a.sign(t, &x509.Certificate{URIs: []*url.URL{u}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key)
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
	}
	transport := &http.Transport{TLSClientConfig: c, DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("tcp", p.address)
	}}
	return &http.Client{Transport: transport}
}

func TestServe_tls(t *testing.T) {
	a := newAuthority(t)
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	a.write(t, cert, key)
	p := start(t, "--tls-cert="+cert, "--tls-key="+key, "--read-timeout=1s")
	client := a.client(t, p, "")
	if got := sendBy(t, client, "https://localhost/v1/authorize", "POST", annReads); !got.permits() {
		t.Errorf("%+v", got)
	}
	serial := func() string {
		r, err := client.Get("https://localhost/health/live")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return r.TLS.PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	a.write(t, cert, key)
	p.await(t, "the new certificate is shown", func() bool { return serial() != first })
	if got := exchange(p.dial(t), allowedRequest); strings.Contains(got, "decision") {
		t.Errorf("without TLS it answers %q", got)
	}
	old := a.client(t, p, "")
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, err := old.Get("https://localhost/health/live"); err == nil {
		t.Error("an old version of TLS is taken")
	}
}

func TestServe_clientCertificates(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	folder := t.TempDir()
	cert, key, ca := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "ca.pem")
	a.write(t, cert, key)
	writeFile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})))
	p := start(t, "--tls-cert="+cert, "--tls-key="+key, "--tls-client-ca="+ca, "--scope-map=spiffe://example.com/ns/shop/*=rune:authorize")
	for _, c := range []struct {
		id, path string
		want     int
	}{
		{"spiffe://example.com/ns/shop/cart", "/v1/authorize", 200},
		{"spiffe://example.com/ns/shop/cart", "/v1/query", 403},
		{"spiffe://example.com/ns/other", "/v1/authorize", 403},
	} {
		if got := sendBy(t, a.client(t, p, c.id), "https://localhost"+c.path, "POST", annReads); got.status != c.want {
			t.Errorf("%s at %s: %+v", c.id, c.path, got)
		}
	}
	stranger := a.client(t, p, "")
	theirs := foreign.client(t, p, "spiffe://example.com/ns/shop/cart")
	theirs.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(a.cert)
	for name, client := range map[string]*http.Client{"none": stranger, "another authority's": theirs} {
		if r, err := client.Get("https://localhost/health/live"); err == nil {
			r.Body.Close()
			t.Errorf("a client comes in with a certificate that is %s", name)
		}
	}
}

func TestServe_socket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rune.sock")
	p := start(t, "--listen=unix:"+path, "--socket-mode=0600")
	if a := p.send("POST", "/v1/authorize", annReads); !a.permits() {
		t.Errorf("%+v", a)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	p.end()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	// One that was killed leaves it, and the next takes its place.
	killed := start(t, "--listen=unix:"+path)
	_ = killed.command.Process.Kill()
	<-killed.ended
	killed.err = nil
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if a := start(t, "--listen=unix:"+path).send("GET", "/health/ready", ""); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestServe_admin(t *testing.T) {
	i := newIssuer(t)
	path := filepath.Join(t.TempDir(), "admin.sock")
	p := start(t, i.flags("--admin-listen=unix:"+path)...)
	admin := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", p.admin)
	}}}
	defer admin.CloseIdleConnections()
	p.await(t, "it is ready", func() bool {
		return sendBy(t, admin, "http://localhost/health/ready", "GET", "").status == 200
	})
	token := i.token("ann", "rune:authorize rune:admin rune:facts")
	for path, method := range map[string]string{"/health/live": "GET", "/v1/config": "GET", "/v1/facts/seen": "GET", "/v1/config/reload": "POST"} {
		if a := p.send(method, path, "", "Authorization", token); a.status != 404 {
			t.Errorf("%s is at the main address: %+v", path, a)
		}
		if a := sendBy(t, admin, "http://localhost"+path, method, "", "Authorization", token); a.status != 200 {
			t.Errorf("%s isn't at the other address: %+v", path, a)
		}
	}
	if a := sendBy(t, admin, "http://localhost/v1/config", "GET", ""); a.status != 401 {
		t.Errorf("administration without a token: %+v", a)
	}
	if a := sendBy(t, admin, "http://localhost/v1/authorize", "POST", annReads, "Authorization", token); a.status != 404 {
		t.Errorf("decisions at the other address: %+v", a)
	}
	if a := p.send("POST", "/v1/authorize", annReads, "Authorization", token); !a.permits() {
		t.Errorf("%+v", a)
	}
}

func TestServe_pages(t *testing.T) {
	p := start(t, "--cors-origins=https://app.example.com")
	page := []string{"Origin", "https://app.example.com"}
	a := p.send("OPTIONS", "/v1/authorize", "", append(page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")...)
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("%+v", a)
	}
	if a := p.send("POST", "/v1/authorize", annReads, page...); !a.permits() || a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("%+v", a)
	}
	evil := []string{"Origin", "https://evil.example.com"}
	if a := p.send("OPTIONS", "/v1/authorize", "", append(evil, "Access-Control-Request-Method", "POST")...); a.status != 405 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%+v", a)
	}
	for _, path := range []string{"/v1/authorize", "/v1/config/reload"} {
		if a := p.send("POST", path, annReads, evil...); a.status != 403 || a.code != "access.origin" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v", a)
		}
	}
	if a := start(t).send("POST", "/v1/authorize", annReads, page...); a.status != 403 || len(a.header.Values("Vary")) > 0 {
		t.Errorf("pages may ask although nothing allows it: %+v", a)
	}
}

// TestServe_refuses has options with which nothing is served.
func TestServe_refuses(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.rune")
	writeFile(t, config, people)
	file := filepath.Join(t.TempDir(), "serve.toml")
	writeFile(t, file, "max-batsh = 3\n")
	for _, c := range []struct {
		args    []string
		environ string
		want    string
	}{
		{[]string{"--lisen=127.0.0.1:0"}, "", "the nearest is --listen"},
		{nil, "RUNE_LISEN=127.0.0.1:0", "the nearest is RUNE_LISTEN"},
		{[]string{"--options=" + file}, "", "the nearest is max-batch"},
		{nil, "RUNE_MAX_BATCH=many", "RUNE_MAX_BATCH: \"many\""},
		{[]string{"--max-batch=many"}, "", "--max-batch: \"many\""},
		{[]string{"--jwt-algorithms=none"}, "", "--jwt-algorithms: \"none\""},
		{[]string{"--listen=0.0.0.0:0"}, "", "without authentication"},
		{[]string{"--jwt-keys=none.pem", "--jwt-issuer=i", "--jwt-audience=a"}, "", "none.pem"},
		{[]string{"--tls-cert=none.pem", "--tls-key=none.pem"}, "", "none.pem"},
		{[]string{"--listen=unix:" + config}, "", "isn't a socket"},
		{[]string{"--admin-listen=unix:" + config}, "", "isn't a socket"},
		{[]string{"--jwks-url=https://ann:hunter2@example.com", "--jwt-issuer=i", "--jwt-audience=a"}, "", "has a user in it"},
	} {
		t.Run(c.want, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			command := command(ctx, append([]string{"serve", config}, c.args...)...)
			if c.environ != "" {
				command.Env = append(command.Env, c.environ)
			}
			out, err := command.CombinedOutput()
			exit := (*exec.ExitError)(nil)
			if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), c.want) {
				t.Errorf("%v\n%s\nwant %s", err, out, c.want)
			}
			if strings.Contains(string(out), "hunter2") {
				t.Errorf("it tells a password: %s", out)
			}
		})
	}
}
