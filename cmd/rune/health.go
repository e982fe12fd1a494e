package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/server/listen"
)

func (a *app) healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health [ADDRESS] [flags]",
		Short: "Ask a server whether it is ready",
		Long: `health asks the server at ADDRESS, host:port or unix:PATH as in serve's --listen, whether it is
ready to decide. The exit status is 1 if it isn't, or doesn't answer. It speaks HTTP without TLS:
beside a server with certificates, ask the address of its --admin-listen, or a Unix socket.`,
		Example: `  rune health
  rune health localhost:9000 --live
  rune health unix:/run/rune.sock`,
		Args:              atMostOne,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	live := cmd.Flags().Bool("live", false, "ask only whether the process is up")
	timeout := cmd.Flags().Duration("timeout", 3*time.Second, "how long to wait for the answer")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		address := "127.0.0.1:8181"
		if len(args) > 0 {
			address = args[0]
		}
		at, err := listen.ParseAddress(address)
		if err != nil {
			return usageError{err}
		}
		path := "/health/ready"
		if *live {
			path = "/health/live"
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		return a.health(ctx, at, path)
	}
	return cmd
}

// health writes the state that the server tells of. Whatever isn't well is told, and has the status for that.
func (a *app) health(ctx context.Context, at listen.Address, path string) error {
	state, err := askHealth(ctx, at, path)
	if err != nil {
		a.reportError("rune health", err)
		return exitUnwell
	}
	fmt.Fprintln(a.stdout, state)
	return nil
}

// maxHealthReply bounds what is read of an answer.
const maxHealthReply = 64 << 10

func askHealth(ctx context.Context, at listen.Address, path string) (state string, err error) {
	transport := &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return at.Dial(ctx) }}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return "", err
	}
	r, err := transport.RoundTrip(q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(io.LimitReader(r.Body, maxHealthReply))
	if err != nil {
		return "", err
	}
	var body struct {
		Status any // a text, but a number in a problem
		Detail string
	}
	if r.StatusCode != http.StatusOK {
		_ = json.Unmarshal(text, &body) // it may be no server of ours
		return "", fmt.Errorf("the answer is %s: %s", r.Status, body.Detail)
	}
	err = json.Unmarshal(text, &body)
	state, ok := body.Status.(string)
	if err != nil || !ok {
		return "", fmt.Errorf("the answer isn't a server's of ours: %.100q", text)
	}
	return state, nil
}
