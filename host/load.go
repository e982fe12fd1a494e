package host

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	// Visit, where it isn't nil, is told before each file that is read, and before each folder that is listed: their names relative to
	// the document's folder, with slashes; "." is the folder itself. It is called in the order of the load.
	Visit func(name string, folder bool)
}

// needNow is the context key that the clock serves.
const needNow = "now"

// LoadFile loads the configuration at path: a .rune document, or a .cedar file alone. What it includes is read from
// path's folder and nowhere else, wherever symbolic links lead. A *_test.rune document may reach one folder up.
func (r *Runtime) LoadFile(ctx context.Context, path string, o *LoadOptions) (*Engine, error) {
	o.visit(filepath.Base(path), false)
	text, err := readRegular(path)
	if err != nil {
		return nil, readError(filepath.Base(path), err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	if err != nil {
		return nil, readError(filepath.Base(path), err)
	}
	top, within := folder, "."
	if isTest(path) {
		top = filepath.Dir(folder)
		if within, err = filepath.Rel(top, folder); err != nil {
			return nil, readError(filepath.Base(path), err)
		}
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, readError(filepath.Base(path), err)
	}
	defer root.Close()
	return r.load(ctx, source{root.FS(), filepath.ToSlash(within)}, filepath.Base(path), text, o)
}

// Load loads the configuration name from fsys. What a name in fsys leads to is fsys's affair: os.DirFS follows symbolic
// links out of its folder, the file system of an os.Root doesn't.
func (r *Runtime) Load(ctx context.Context, fsys fs.FS, name string, o *LoadOptions) (*Engine, error) {
	o.visit(path.Base(name), false)
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, readError(path.Base(name), err)
	}
	return r.load(ctx, source{fsys, path.Dir(name)}, path.Base(name), text, o)
}

// LoadText loads a configuration given as text, which can't include anything.
func (r *Runtime) LoadText(ctx context.Context, text string, o *LoadOptions) (*Engine, error) {
	return r.load(ctx, source{}, "", []byte(text), o)
}

// isTest reports whether path names a document that may reach one folder up.
func isTest(path string) bool { return strings.HasSuffix(path, "_test.rune") }

func (r *Runtime) load(ctx context.Context, files source, name string, text []byte, o *LoadOptions) (*Engine, error) {
	if o == nil {
		o = &LoadOptions{}
	}
	i, err := r.instantiate(ctx, true)
	if err != nil {
		return nil, err
	}
	l, err := i.loadNeeded(ctx, files, name, text, o)
	var s *snapshot
	if err == nil {
		i.revision = l.Revision
		s, err = i.snapshot()
	}
	if err != nil {
		i.close()
		return nil, err
	}
	return newEngine(r, i, s, l, o), nil
}

// loadNeeded loads a configuration that needs no more than the host gives.
func (i *instance) loadNeeded(ctx context.Context, files source, name string, text []byte, o *LoadOptions) (*loaded, error) {
	reply, err := i.load(ctx, files, name, text, o)
	if err != nil {
		return nil, err
	}
	if isError(reply) {
		return nil, decodeError(reply)
	}
	var r struct{ Loaded loaded }
	if err := json.Unmarshal(reply, &r); err != nil {
		return nil, fmt.Errorf("the reply to the load: %w", err)
	}
	return &r.Loaded, o.checkNeeds(r.Loaded.Needs)
}

// loaded is the reply to a load that went well.
type loaded struct {
	Revision string       `json:"revision"`
	Needs    []string     `json:"needs"`
	Warnings []Diagnostic `json:"warnings"`
}

// checkNeeds refuses a configuration that needs what the host doesn't give.
func (o *LoadOptions) checkNeeds(needs []string) error {
	for _, key := range needs {
		if key != needNow && !o.IgnoreNeeds && !slices.Contains(o.Provides, key) {
			return &Error{Code: CodeNeeds, Message: fmt.Sprintf("the configuration needs host context %q", key),
				Help: "give it with every call, and name it in LoadOptions.Provides"}
		}
	}
	return nil
}

func (o *LoadOptions) visit(name string, folder bool) {
	if o != nil && o.Visit != nil {
		o.Visit(name, folder)
	}
}

func (o *LoadOptions) hashKey() [2]uint64 {
	if o.HashKey != [2]uint64{} {
		return o.HashKey
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return [2]uint64{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])}
}

func (o *LoadOptions) clock() func() time.Time {
	if o.Clock != nil {
		return o.Clock
	}
	return time.Now
}

func (o *LoadOptions) instances() int {
	if o.Instances > 0 {
		return o.Instances
	}
	return runtime.GOMAXPROCS(0)
}

// load holds the load conversation: the module says what it wants to read or have listed until it wants nothing more. The reply is
// the module's, which may be an error object.
func (i *instance) load(ctx context.Context, files source, name string, text []byte, o *LoadOptions) ([]byte, error) {
	if err := i.loadBegin(name, text, o); err != nil {
		return nil, err
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		reply, err := i.loadCall("rune_load_next")
		if err != nil {
			return nil, err
		}
		var want struct{ Read, List *string }
		if err := json.Unmarshal(reply, &want); err != nil {
			return nil, fmt.Errorf("what the load needs: %w", err)
		}
		var data []byte
		var ok bool
		switch {
		case want.Read != nil:
			o.visit(path.Clean(*want.Read), false)
			data, ok, err = files.read(*want.Read)
		case want.List != nil:
			want.Read = want.List
			o.visit(path.Clean(*want.List), true)
			data, ok, err = files.list(*want.List)
		default:
			reply, err := i.loadCall("rune_load_commit")
			return bytes.Clone(reply), err
		}
		if err == nil {
			err = i.loadGive(*want.Read, data, ok)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (i *instance) loadBegin(name string, text []byte, o *LoadOptions) error {
	i.block = hostBlock{}
	i.block.encodeLoad(o, o.hashKey())
	if err := i.put(&i.buffers.block, i.block[:]); err != nil {
		return err
	}
	n, err := i.give([]byte(name))
	if err != nil {
		return err
	}
	t, err := i.give(text)
	if err != nil {
		return err
	}
	return i.loadTell("rune_load_begin", n, uint32(len(name)), t, uint32(len(text)), i.buffers.block.ptr)
}

// loadGive answers the module with what it asked for; ok is false where there is no such thing.
func (i *instance) loadGive(name string, data []byte, ok bool) error {
	const absent = 0xffffffff
	n, err := i.give([]byte(name))
	if err != nil {
		return err
	}
	ptr, length := uint32(0), uint32(absent)
	if ok {
		if ptr, err = i.give(data); err != nil {
			return err
		}
		length = uint32(len(data))
	}
	return i.loadTell("rune_load_give", n, uint32(len(name)), ptr, length)
}

// loadCall calls an export of the load conversation, and returns its reply, valid until the next call.
func (i *instance) loadCall(export string, params ...uint32) ([]byte, error) {
	for n, p := range params {
		i.stack[n] = uint64(p)
	}
	if err := i.call(i.module.ExportedFunction(export), len(params)); err != nil {
		return nil, err
	}
	return i.reply()
}

// loadTell calls an export of the load conversation that has nothing to say but an error.
func (i *instance) loadTell(export string, params ...uint32) error {
	reply, err := i.loadCall(export, params...)
	if err == nil && isError(reply) {
		err = decodeError(reply)
	}
	return err
}
