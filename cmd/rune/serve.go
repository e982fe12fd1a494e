package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/server"
)

func (a *app) serveCommand() *cobra.Command {
	c := server.DefaultConfig()
	cmd := &cobra.Command{
		Use:               "serve CONFIG",
		Short:             "Answer requests over HTTP",
		Args:              exactly("CONFIG"),
		ValidArgsFunction: completeConfigs(1),
	}
	cmd.Flags().StringVar(&c.Listen, "listen", c.Listen, "address to listen on")
	cmd.Flags().IntVar(&c.CacheBytes, "cache-bytes", c.CacheBytes, "bytes of replies to keep, 0 for none")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
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
	log := slog.New(slog.NewTextHandler(a.stderr, nil))
	s, err := server.New(ctx, c, server.Deps{Log: log, Stdout: a.stdout})
	if err != nil {
		return relocated(c.Path, err)
	}
	defer s.Close(context.WithoutCancel(ctx))
	ln, err := net.Listen("tcp", c.Listen)
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
	return s.Serve(ctx, ln, nil)
}
