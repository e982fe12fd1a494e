package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/access"
	"github.com/rune-authz/rune/server/listen"
	"github.com/rune-authz/rune/server/options"
)

func (a *app) serveCommand() *cobra.Command {
	o := options.New()
	cmd := &cobra.Command{
		Use:   "serve CONFIG [flags]",
		Short: "Answer requests over HTTP",
		Long: `serve answers requests over HTTP from one configuration, which it loads again when its files
change, on SIGHUP, and when it is told to over HTTP.

Without options it serves this machine alone, without authentication. An option can also be
given as a variable, RUNE_LISTEN for --listen, or in a TOML file that --options names.
SIGTERM ends it: it is no longer ready, and ends when the requests in progress are answered.`,
		Example: `  rune serve config.rune
  curl localhost:8181/v1/authorize --json '{"principal":"user:ann","action":"read","resource":"doc:plan"}'
  rune serve config.rune --listen :8181 --jwks-url https://id.example.com/keys \
    --jwt-issuer https://id.example.com --jwt-audience rune`,
		Args:              exactly("CONFIG"),
		ValidArgsFunction: completeConfigs(1),
	}
	o.Register(cmd.Flags())
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{o.FlagError(err)} })
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := o.Load(cmd.Flags(), os.Environ())
		if u := (*options.UsageError)(nil); errors.As(err, &u) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		c.Path = args[0]
		return a.serve(cmd.Context(), c)
	}
	return cmd
}

// serve serves until it is told to end.
func (a *app) serve(ctx context.Context, c server.Config) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := readable(c.Path); err != nil {
		return err
	}
	log := newLog(a.stderr, c.LogFormat, c.LogLevel)
	// Keys and certificates are read anew for as long as requests in progress are answered.
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	defer unwatch()
	gate, err := access.New(watching, &c, log)
	if err != nil {
		return err
	}
	s, err := server.New(ctx, c, server.Deps{Gate: gate, Log: log})
	if err != nil {
		return relocated(c.Path, err)
	}
	defer s.Close(context.WithoutCancel(ctx))
	ln, admin, err := open(watching, &c, log)
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	go func() {
		for {
			select {
			case <-hup:
				_ = s.Reload(ctx) // which logs how it went
			case <-ctx.Done():
				return
			}
		}
	}()
	log.Info("serving", "address", ln.Addr().String(), "config", c.Path)
	if admin != nil {
		log.Info("serving administration", "address", admin.Addr().String())
	}
	return s.Serve(ctx, ln, admin)
}

// open listens at the addresses of c. The second is nil if there is one alone.
func open(ctx context.Context, c *server.Config, log *slog.Logger) (ln, admin net.Listener, err error) {
	o := listen.Options{TLSCert: c.TLSCert, TLSKey: c.TLSKey, ClientCA: c.TLSClientCA, SocketMode: c.SocketMode,
		MaxConnections: c.MaxConnections, Busy: server.Busy(), Log: log}
	if ln, err = listenAt(ctx, c.Listen, o); err != nil || c.AdminListen == "" {
		return ln, nil, err
	}
	if admin, err = listenAt(ctx, c.AdminListen, o); err != nil {
		return nil, nil, errors.Join(err, ln.Close())
	}
	return ln, admin, nil
}

func listenAt(ctx context.Context, address string, o listen.Options) (net.Listener, error) {
	at, err := listen.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	return listen.Open(ctx, at, o)
}

// newLog makes the server's log.
func newLog(w io.Writer, format, level string) *slog.Logger {
	o := &slog.HandlerOptions{}
	var l slog.Level
	if l.UnmarshalText([]byte(level)) == nil {
		o.Level = l
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
