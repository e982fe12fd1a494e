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
	open := []*listening{{s.newHTTP(s.public), ln}}
	if admin != nil {
		open = append(open, &listening{s.newHTTP(s.admin), admin})
	}
	ended := make(chan error, len(open))
	for _, l := range open {
		s.serving.Store(l, l)
		defer s.serving.Delete(l)
		go func() { ended <- l.http.Serve(l.ln) }()
	}
	select {
	case err := <-ended:
		if err == nil {
			err = net.ErrClosed
		}
		return errors.Join(err, s.drain(open))
	case <-ctx.Done():
		s.draining.Store(true)
		time.Sleep(s.config.ShutdownDelay)
		return s.drain(open)
	}
}

// listening is a listener and what serves it.
type listening struct {
	http *fasthttp.Server
	ln   net.Listener
}

// drain closes the listeners and waits for the requests in progress.
func (s *Server) drain(open []*listening) error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.config.ShutdownTimeout)
	defer cancel()
	errs := make([]error, len(open))
	var wait sync.WaitGroup
	for i, l := range open {
		wait.Go(func() { errs[i] = l.close(ctx, s.config.ShutdownTimeout/2) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		s.log.Warn("some requests were not answered in time", "error", err)
		return err
	}
	return nil
}

// lastRequests bounds how long a connection without a request is kept for one more that may be on its way. It is answered, and told that the
// connection closes: who is told so doesn't send a request that gets lost.
const lastRequests = time.Second

// close takes no more connections, and waits for those that there are.
func (l *listening) close(ctx context.Context, patience time.Duration) error {
	_ = l.ln.Close()
	for end := time.Now().Add(min(patience, lastRequests)); l.http.GetOpenConnectionsCount() > 0 && time.Now().Before(end); {
		time.Sleep(drainStep)
	}
	if err := l.http.ShutdownWithContext(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

const drainStep = 5 * time.Millisecond

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
		LazyRequestTime:              true,
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
