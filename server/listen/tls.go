package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/rune-authz/rune/server/watch"
)

// tlsConfig is TLS with the certificates that hold when a connection begins.
func tlsConfig(ctx context.Context, o Options) (*tls.Config, error) {
	first, err := readTLS(o)
	if err != nil {
		return nil, err
	}
	var current atomic.Pointer[tls.Config]
	current.Store(first)
	changed := func() {
		next, err := readTLS(o)
		if err != nil {
			o.Log.Error("certificates not read; the last ones hold", "error", err)
			return
		}
		o.Log.Info("certificates read", "file", o.TLSCert)
		current.Store(next)
	}
	paths := []string{o.TLSCert, o.TLSKey}
	if o.ClientCA != "" {
		paths = append(paths, o.ClientCA)
	}
	watch.Files(ctx, changed, paths...)
	outer := first.Clone()
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return current.Load(), nil }
	return outer, nil
}

// readTLS reads the files. Tickets to resume a session are good for one reading only, so that no client comes in by a certificate that an
// authority signed which is gone.
func readTLS(o Options) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if o.ClientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(o.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("authorities of clients: %w", err)
	}
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("authorities of clients: %s has no certificates in PEM", o.ClientCA)
	}
	return c, nil
}
