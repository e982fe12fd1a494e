package host

import (
	"context"
	"io/fs"
	"time"
)

// LoadOptions are an engine's settings. The zero value, and a nil *LoadOptions, are good ones.
type LoadOptions struct {
	// Instances bounds the pool; 0 is runtime.GOMAXPROCS(0).
	Instances int
	// Provides names the host context that calls will carry in [Call.Context]. A configuration that needs other keys
	// isn't loaded. The time needs no mention: see Clock.
	Provides []string
	// IgnoreNeeds loads a configuration whatever context it needs, such as to check or test it.
	IgnoreNeeds bool
	// Clock gives the time of calls that set none; nil is time.Now.
	Clock func() time.Time
	// HashKey keys the symbol table against crafted input; zero is a random key. No output depends on it.
	HashKey [2]uint64
	// Limits bound the load. There are none by default.
	Limits Limits
}

// LoadFile loads the configuration at path: a .rune document, or a .cedar file alone. What it includes is read from
// path's folder and nowhere else, wherever symbolic links lead. A *_test.rune document may reach one folder up.
func (r *Runtime) LoadFile(ctx context.Context, path string, o *LoadOptions) (*Engine, error) {
	panic("host: to come")
}

// Load loads the configuration name from fsys. What a name in fsys leads to is fsys's affair: os.DirFS follows symbolic
// links out of its folder, the file system of an os.Root doesn't.
func (r *Runtime) Load(ctx context.Context, fsys fs.FS, name string, o *LoadOptions) (*Engine, error) {
	panic("host: to come")
}

// LoadText loads a configuration given as text, which can't include anything.
func (r *Runtime) LoadText(ctx context.Context, text string, o *LoadOptions) (*Engine, error) {
	panic("host: to come")
}
