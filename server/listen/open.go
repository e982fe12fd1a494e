package listen

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
)

// Options are how to listen.
type Options struct {
	TLSCert, TLSKey string // files in PEM; none: no TLS
	ClientCA        string // a file in PEM; none: clients show no certificates
	SocketMode      os.FileMode
	MaxConnections  int    // 0: as many as come
	Busy            []byte // an HTTP response for connections beyond those, where there is no TLS
	Log             *slog.Logger
}

// Open listens at an address. Certificates are read again when their files change, until ctx is done. A Unix socket has no TLS.
func Open(ctx context.Context, a Address, o Options) (net.Listener, error) {
	var config *tls.Config
	if o.TLSCert != "" && !a.Unix() {
		var err error
		if config, err = tlsConfig(ctx, o); err != nil {
			return nil, err
		}
	}
	ln, err := a.open(ctx, o.SocketMode)
	if err != nil {
		return nil, err
	}
	if o.MaxConnections > 0 {
		ln = newBounded(ln, o, config != nil)
	}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	return ln, nil
}

func (a Address) open(ctx context.Context, mode os.FileMode) (net.Listener, error) {
	if a.Unix() {
		return openSocket(ctx, a.address, mode)
	}
	var c net.ListenConfig
	return c.Listen(ctx, a.network, a.address)
}
