package host

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// verb is one of the module's exports that take a request.
type verb int

const (
	authorize verb = iota
	batch
	query
	update
	facts
	describe
	test
	overlay
	evaluation
	evaluations
	verbs
)

var verbExports = [verbs]string{"rune_authorize", "rune_batch", "rune_query", "rune_update", "rune_facts", "rune_describe", "rune_test", "rune_overlay",
	"rune_evaluation", "rune_evaluations"}

// takesOverlay reports whether calls may name an overlay. The module refuses the others'.
func (v verb) takesOverlay() bool {
	return v == authorize || v == batch || v == query || v == evaluation || v == evaluations
}

// instance is one running copy of the module. It is used by one goroutine at a time.
type instance struct {
	module   api.Module
	memory   api.Memory
	linear   linearMemory
	verbs    [verbs]api.Function
	alloc    api.Function
	free     api.Function
	stats    api.Function
	globals  []api.MutableGlobal
	buffers  buffers
	stack    [5]uint64
	block    hostBlock
	stderr   tail
	applied  int    // updates, counted from the load
	revision string // of what it holds
	unusable bool   // it died: calls fail
	gaveWay  time.Time
}

// A call that goes on for longer than longCall lets others come in for a moment.
const (
	longCall = time.Millisecond
	moment   = 50 * time.Microsecond
)

// giveWay lets other goroutines run, and the collector. The module calls it while a call goes on.
//
// On a single processor the scheduler looks at the network only when no goroutine is ready, and one that yields is: whoever comes by the network
// would wait for the end of the call, or for the 10 ms after which the scheduler's monitor looks there. So then this sleeps.
func (i *instance) giveWay() {
	if now := time.Now(); runtime.GOMAXPROCS(0) == 1 && now.Sub(i.gaveWay) >= longCall {
		time.Sleep(moment)
		i.gaveWay = time.Now()
		return
	}
	runtime.Gosched()
}

// buffers are where in the instance's memory calls put what they bring. A clone inherits them.
type buffers struct{ request, context, block buffer }

// buffer is memory from rune_alloc.
type buffer struct{ ptr, cap uint32 }

// Buffers grow by powers of two, and go back to the module after a call if they are larger than keepBuffer.
const (
	minBuffer  = 1 << 12
	keepBuffer = 1 << 20
)

// bind looks up what the module exports.
func (i *instance) bind(m api.Module) error {
	i.module, i.memory = m, m.Memory()
	version := m.ExportedFunction("rune_abi_version")
	if version == nil {
		return &Error{Code: CodeVersion, Message: "the module isn't RUNE's"}
	}
	if err := i.call(version, 0); err != nil {
		return err
	}
	if v := i.stack[0]; v != ABIVersion {
		return &Error{Code: CodeVersion, Message: fmt.Sprintf("the module speaks version %d of the ABI, this host %d", v, ABIVersion)}
	}
	i.alloc, i.free, i.stats = m.ExportedFunction("rune_alloc"), m.ExportedFunction("rune_free"), m.ExportedFunction("rune_stats")
	for v, name := range verbExports {
		i.verbs[v] = m.ExportedFunction(name)
	}
	for n := 0; ; n++ {
		g, ok := m.ExportedGlobal(fmt.Sprint("rune_global_", n)).(api.MutableGlobal)
		if !ok {
			return nil
		}
		i.globals = append(i.globals, g)
	}
}

// call calls an export whose parameters are on the stack; its result will be there. An error is a trap.
func (i *instance) call(f api.Function, params int) error {
	// The context is ours: calls can't be interrupted, and wazero looks it up for every one.
	if err := f.CallWithStack(context.Background(), i.stack[:max(params, 1)]); err != nil {
		i.unusable = true
		return &Error{Code: CodeTrap, Message: i.lastWords(err)}
	}
	return nil
}

// lastWords is what is known of a trap: what the module wrote before it died, else the error's first line.
func (i *instance) lastWords(err error) string {
	said, _, _ := strings.Cut(string(i.stderr.bytes), "\n")
	if said == "" {
		said, _, _ = strings.Cut(err.Error(), "\n")
	}
	return "the module died: " + said
}

// put copies data into b, which is made larger if need be.
func (i *instance) put(b *buffer, data []byte) error {
	if len(data) > int(b.cap) {
		if err := i.drop(b); err != nil {
			return err
		}
		size := uint32(minBuffer)
		for int(size) < len(data) {
			size *= 2
		}
		ptr, err := i.allocate(size)
		if err != nil {
			return err
		}
		*b = buffer{ptr, size}
	}
	return i.write(b.ptr, data)
}

func (i *instance) drop(b *buffer) error {
	if b.cap == 0 {
		return nil
	}
	i.stack[0] = uint64(b.ptr)
	*b = buffer{}
	return i.call(i.free, 1)
}

func (i *instance) allocate(size uint32) (uint32, error) {
	i.stack[0] = uint64(size)
	err := i.call(i.alloc, 1)
	return uint32(i.stack[0]), err
}

func (i *instance) write(ptr uint32, data []byte) error {
	if !i.memory.Write(ptr, data) {
		i.unusable = true
		return &Error{Code: CodeTrap, Message: "the module gave a buffer outside its memory"}
	}
	return nil
}

// give allocates a buffer that holds data and will belong to the module.
func (i *instance) give(data []byte) (uint32, error) {
	if err := checkSize(data); err != nil {
		return 0, err
	}
	ptr, err := i.allocate(uint32(len(data)))
	if err != nil {
		return 0, err
	}
	return ptr, i.write(ptr, data)
}

func checkSize(data []byte) error {
	if len(data) > math.MaxInt32/2 {
		return &Error{Code: CodeTooLarge, Message: "more than a gibibyte at once"}
	}
	return nil
}

// reply is the bytes that a result on the stack points to, valid until the next call.
func (i *instance) reply() ([]byte, error) {
	ptr, n := uint32(i.stack[0]>>32), uint32(i.stack[0])
	b, ok := i.memory.Read(ptr, n)
	if !ok {
		i.unusable = true
		return nil, &Error{Code: CodeTrap, Message: "the module gave a reply outside its memory"}
	}
	return b, nil
}

// noTime is the time of a call that has none.
var noTime time.Time

// do calls a verb at now, and appends its reply to dst.
func (i *instance) do(v verb, dst, request []byte, c *Call, now time.Time) ([]byte, error) {
	if i.verbs[v] == nil {
		return dst, &Error{Code: CodeVersion, Message: "the module is older than this host: it has no " + verbExports[v]}
	}
	if err := checkSize(request); err != nil {
		return dst, err
	}
	if err := i.put(&i.buffers.request, request); err != nil {
		return dst, err
	}
	host, err := i.putBlock(c, now)
	if err != nil {
		return dst, err
	}
	i.stack[0], i.stack[1], i.stack[2] = uint64(i.buffers.request.ptr), uint64(len(request)), uint64(host)
	if c != nil && c.Timeline != nil {
		c.Timeline.Began = time.Now()
	}
	if err := i.call(i.verbs[v], 3); err != nil {
		return dst, err
	}
	if c != nil && c.Timeline != nil {
		c.Timeline.Took = time.Since(c.Timeline.Began)
	}
	reply, err := i.reply()
	if err != nil {
		return dst, err
	}
	out := append(dst, reply...)
	if c != nil && (c.Stats != nil || c.Timeline != nil) {
		if err := i.readStats(c.Stats, c.Timeline); err != nil {
			return dst, err
		}
	}
	if i.buffers.request.cap > keepBuffer {
		if err := i.drop(&i.buffers.request); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// putBlock writes the host block, and returns its address: 0 where there is nothing to say.
func (i *instance) putBlock(c *Call, now time.Time) (uint32, error) {
	if c == nil {
		if now.IsZero() {
			return 0, nil
		}
		c = &Call{}
	}
	if err := checkSize(c.Context); err != nil {
		return 0, err
	}
	if len(c.Context) > 0 {
		if err := i.put(&i.buffers.context, c.Context); err != nil {
			return 0, err
		}
	}
	i.block = hostBlock{}
	i.block.encode(c, now, i.buffers.context.ptr)
	err := i.put(&i.buffers.block, i.block[:])
	return i.buffers.block.ptr, err
}

// readStats reads what the last call did into those of s and l that aren't nil.
func (i *instance) readStats(s *Stats, l *Timeline) error {
	if err := i.call(i.stats, 0); err != nil {
		return err
	}
	b, ok := i.memory.Read(uint32(i.stack[0]), blockSize)
	if !ok {
		i.unusable = true
		return errStats()
	}
	if s != nil {
		s.decode(b)
		s.Revision = i.revision
	}
	if l == nil {
		return nil
	}
	if b, ok = i.memory.Read(timingsAt(b)); !ok {
		i.unusable = true
		return errStats()
	}
	l.decode(b)
	return nil
}

func errStats() error {
	return &Error{Code: CodeTrap, Message: "the module gave statistics outside its memory"}
}

func (i *instance) close() { _ = i.module.Close(context.Background()) }

// tail keeps the first bytes that an instance writes to standard error: the message of a panic.
type tail struct{ bytes []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.bytes = append(t.bytes, p[:min(len(p), most-len(t.bytes))]...)
	return len(p), nil
}

// isError reports whether a reply is an error object.
func isError(reply []byte) bool { return bytes.HasPrefix(reply, []byte(`{"error":`)) }
