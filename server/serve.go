package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Serve answers what comes in at ln, and at admin where it isn't nil, until ctx is done. Then it is no longer ready, waits for the shutdown
// delay, takes no more connections, and returns when the requests in progress are answered or the shutdown timeout is over. The listeners
// are closed.
func (s *Server) Serve(ctx context.Context, ln, admin net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer stop()
	if s.config.Watch {
		tasks.Go(func() { s.store.Watch(background) })
	}
	servers := []*fasthttp.Server{s.newHTTP(s.public)}
	ended := make(chan error, 2)
	go func() { ended <- servers[0].Serve(ln) }()
	if admin != nil {
		servers = append(servers, s.newHTTP(s.admin))
		go func() { ended <- servers[1].Serve(admin) }()
	}
	select {
	case err := <-ended:
		return errors.Join(err, s.drain(servers))
	case <-ctx.Done():
		s.draining.Store(true)
		time.Sleep(s.config.ShutdownDelay)
		return s.drain(servers)
	}
}

// drain closes the listeners and waits for the requests in progress.
func (s *Server) drain(servers []*fasthttp.Server) error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.config.ShutdownTimeout)
	defer cancel()
	errs := make([]error, len(servers))
	var wait sync.WaitGroup
	for i, h := range servers {
		wait.Go(func() { errs[i] = h.ShutdownWithContext(ctx) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		s.log.Warn("some requests were not answered in time", "error", err)
		return err
	}
	return nil
}

func (s *Server) newHTTP(t *table) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      s.handler(t),
		ErrorHandler:                 s.refuse,
		Logger:                       quiet{s.log}, // its own would print headers, tokens included
		ReadBufferSize:               s.config.MaxHeader,
		MaxRequestBodySize:           s.config.MaxBody,
		Concurrency:                  s.config.MaxConnections + spareConnections,
		ReadTimeout:                  s.config.ReadTimeout,
		WriteTimeout:                 s.config.WriteTimeout,
		IdleTimeout:                  idleTimeout,
		TCPKeepalive:                 true,
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		SecureErrorLogMessage:        true,
		CloseOnShutdown:              true,
	}
}

// spareConnections are those that the listener has counted as closed, but that fasthttp hasn't let go yet. Its own limit never holds: what it
// says is no problem document.
const spareConnections = 1024

// idleTimeout is how long a connection may wait for its next request.
const idleTimeout = 2 * time.Minute

// quiet tells that fasthttp has something to say, but not what.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, _ ...any) { q.log.Debug("http", "message", format) }
