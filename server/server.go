package server

import (
	"io"
	"log/slog"
)

// Deps are what a server is given. Each may be missing.
type Deps struct {
	Gate   Gate         // none: everybody may do everything
	Log    *slog.Logger // none: nothing is logged
	Stdout io.Writer    // where a decision log "-" goes
}
