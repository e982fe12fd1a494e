package server

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/audit"
	"github.com/rune-authz/rune/server/cache"
	"github.com/rune-authz/rune/server/live"
	"github.com/rune-authz/rune/server/metrics"
	"github.com/rune-authz/rune/server/trace"
)

// Deps are what a server is given. Each may be missing.
type Deps struct {
	Runtime *host.Runtime // none: the server makes its own
	Gate    Gate          // none: everybody may do everything
	Log     *slog.Logger  // none: nothing is logged
	Stdout  io.Writer     // where a decision log "-" goes; none: os.Stdout
}

// Server answers requests from one configuration. It is safe for concurrent use.
type Server struct {
	config  Config
	gate    Gate
	log     *slog.Logger
	runtime *host.Runtime // its own, or nil
	store   *live.Store
	cache   *cache.Cache // nil: none
	audit   *audit.Log   // nil: none
	ids     *identifier

	ctx      context.Context // of calls: done when the server is closed
	stop     context.CancelFunc
	draining atomic.Bool
	inFlight atomic.Int64

	tracer     *trace.Tracer // nil: none
	metrics    *metrics.Metrics
	getMetrics fasthttp.RequestHandler
	counts     atomic.Pointer[live.Counts] // what was loaded when that was last told
	serving    sync.Map                    // *listening to itself
	turns      atomic.Uint64               // of requests that may be timed

	public, admin *table
	openAPI       func() ([]byte, error)
}

// New makes the module ready and loads the configuration. Where that doesn't load, the error is an [*host.Error].
func New(ctx context.Context, c Config, d Deps) (*Server, error) {
	s := &Server{config: c, gate: d.Gate, log: d.Log, ids: newIdentifier()}
	if s.gate == nil {
		if c.Authenticated() || c.RateLimit > 0 || len(c.CORSOrigins) > 0 {
			return nil, errors.New("the settings ask for a gate, and there is none")
		}
		s.gate = open{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	err := s.openAudit(d.Stdout)
	if err == nil {
		err = s.openTrace(ctx, cmp.Or[io.Writer](d.Stdout, os.Stdout))
	}
	if err == nil {
		err = s.load(ctx, d.Runtime)
	}
	if err != nil {
		_ = s.Close(ctx)
		return nil, err
	}
	s.openMetrics()
	s.public, s.admin = s.tables()
	s.openAPI = sync.OnceValues(s.describeAPI)
	return s, nil
}

func (s *Server) load(ctx context.Context, r *host.Runtime) (err error) {
	if s.config.CacheBytes > 0 {
		if s.cache, err = cache.New(s.config.CacheBytes); err != nil {
			return err
		}
	}
	if r == nil {
		if s.runtime, err = host.New(ctx, host.Options{}); err != nil {
			return err
		}
		r = s.runtime
	}
	o := live.Options{Runtime: r, Path: s.config.Path, Log: s.log, Swapped: s.cache.Clear}
	if s.config.Tokens() {
		o.Load.Provides = []string{live.KeyToken}
	}
	s.store, err = live.Open(ctx, o)
	return err
}

func (s *Server) openAudit(stdout io.Writer) (err error) {
	o := audit.Options{File: s.config.DecisionLog, Masks: s.config.DecisionLogMask, Log: s.log}
	switch {
	case o.File == "":
		return nil
	case o.File == "-" && stdout == nil:
		o.File, o.Out = "", os.Stdout
	case o.File == "-":
		o.File, o.Out = "", stdout
	}
	s.audit, err = audit.Open(o)
	return err
}

// Reload loads the configuration again, and opens the decision log again. What comes of it is logged as well.
func (s *Server) Reload(ctx context.Context) error {
	s.audit.Reopen()
	_, err := s.store.Reload(ctx, live.CauseSignal)
	return err
}

// traceTime bounds how long the end waits for a collector that takes the last traces.
const traceTime = 2 * time.Second

// Close frees everything. Calls that wait for the engine fail.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	var errs []error
	if s.store != nil {
		errs = append(errs, s.store.Close(ctx))
	}
	if s.runtime != nil {
		errs = append(errs, s.runtime.Close(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, traceTime)
	defer cancel()
	_ = s.tracer.Close(ctx) // a collector that doesn't answer was told of
	s.cache.Close()
	s.audit.Close()
	return errors.Join(errs...)
}

// tables are the routes of the main listener and of the admin one; without an admin listener the main one has all.
func (s *Server) tables() (public, admin *table) {
	if s.config.AdminListen == "" {
		all := s.newTable(routes())
		return all, all
	}
	isAdmin := func(r *route) bool { return r.admin }
	isPublic := func(r *route) bool { return !r.admin || r.everywhere }
	public = s.newTable(filter(routes(), isPublic))
	list := filter(routes(), func(r *route) bool { return isAdmin(r) || r.everywhere })
	for _, r := range list {
		if r.unguarded {
			r.scope = 0
		}
	}
	return public, s.newTable(list)
}

// newTable is a table whose routes are counted.
func (s *Server) newTable(list []*route) *table {
	for _, r := range list {
		s.counting(r)
	}
	return newTable(list)
}

func filter(list []*route, keep func(*route) bool) []*route {
	return slices.DeleteFunc(list, func(r *route) bool { return !keep(r) })
}
