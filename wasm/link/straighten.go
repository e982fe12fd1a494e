package main

import (
	"errors"
	"fmt"
	"strings"
)

// quick are the prefixes of the names of functions whose speed matters: those that requests and loads spend their time in. Others become as short
// as may be, since each start of a host reads them.
var quick = append(engine("", "value", "wire", "cedar", "goal", "join", "entity", "decision", "relation", "fixpoint", "document", "blake2b"),
	"main.", "internal_runtime_", "internal_bytealg.", "internal_strconv.", "strconv.", "slices.", "bytes.", "strings.", "unicode_utf8.",
	"net_netip.", "regexp.",
	// of the runtime what allocates, collects and copies
	"runtime.malloc", "runtime.new", "runtime.make", "runtime.grow", "runtime.mem", "runtime.map", "runtime.typed", "runtime.bulk", "runtime.wb",
	"runtime.slice", "runtime.string", "runtime.concat", "runtime.gc", "runtime.scan", "runtime.mark", "runtime.grey", "runtime.find", "runtime.span",
	"runtime.heap", "runtime.next", "runtime.sweep", "runtime.try", "runtime.__m", "runtime.__gc", "runtime.__sweep", "runtime.__span", "runtime.__page")

// assembly are those of functions that aren't of the compiler's making and call others, of which some are entered in the middle.
var assembly = []string{"runtime.goexit", "runtime.mcall", "runtime.systemstack", "runtime.switchToCrashStack0", "runtime.gogo", "runtime.morestack",
	"runtime.asmcgocall", "runtime.reflectcall", "runtime.call", "callRet", "runtime.cgocallback", "runtime.mstart", "runtime.rt0", "_rt0_", "wasm_",
	"runtime.notInitialized", "reflect.makeFuncStub", "reflect.methodValueCall"}

// engine gives the prefixes of packages within the engine; "" is the engine itself.
func engine(packages ...string) []string {
	const name = "github.com_rune_authz_rune_engine"
	var out []string
	for _, p := range packages {
		if p == "" {
			out = append(out, name+".")
			continue
		}
		out = append(out, name+"_internal_"+p+".")
	}
	return out
}

// worth tells by their names which functions are worth two bodies: what the host calls, and what is hot.
func worth(hot functions) func(name string) bool {
	return func(name string) bool { return strings.HasPrefix(name, "main.") || hot[name] && hasPrefix(name, quick) }
}

// straighten gives functions bodies with control flow of their own in place of the table of basic blocks that Go's compiler leaves. A
// function that may be resumed within has ways to where it is, or, if it is worth it, keeps the old body for that, as another function at the end.
func straighten(sections []section, worth func(name string) bool) error {
	c, err := parseCode(sections)
	if err != nil {
		return err
	}
	if err := c.replaceMoves(); err != nil {
		return err
	}
	known := callees{
		never:    func(f int) bool { return neverReturns(c.names[f]) },
		grows:    func(f int) bool { return strings.HasPrefix(c.names[f], "runtime.morestack") },
		recovers: func(f int) bool { return c.names[f] == "runtime.deferreturn" },
	}
	for i, body := range c.bodies {
		name := c.names[c.imports+i]
		if hasPrefix(name, assembly) {
			continue
		}
		f, ok := parseFlow(body, known, !hasPrefix(name, quick))
		if !ok {
			continue
		}
		again := f.resumes && worth(name)
		if f.resumes && !again && !f.resumable() {
			continue
		}
		straight, ok := f.structure(c.imports + len(c.bodies) + len(c.added))
		if !ok {
			continue
		}
		c.bodies[i] = straight
		if again {
			c.added, c.types = append(c.added, body), append(c.types, c.types[i])
		}
	}
	c.write()
	return nil
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// neverReturns reports whether a function of the runtime panics: if it comes back, it unwinds, and the goroutine goes on in the function that
// recovers, if one does.
func neverReturns(name string) bool {
	switch name {
	case "runtime.gopanic", "runtime.sigpanic", "runtime.throw", "runtime.fatal":
		return true
	}
	return hasPrefix(name, []string{"runtime.goPanic", "runtime.panic"}) && !strings.HasPrefix(name, "runtime.panicCheck")
}

// code is a module's functions.
type code struct {
	imports int            // of functions, which are numbered first
	names   map[int]string // by number
	types   []int
	bodies  [][]byte
	added   [][]byte // bodies of functions that come behind

	functions, code *section
}

func parseCode(sections []section) (*code, error) {
	c := &code{names: map[int]string{}}
	var err error
	for i := range sections {
		s := &sections[i]
		r := &reader{buf: s.body}
		switch s.id {
		case sectionImport:
			err = errors.Join(err, c.readImports(r))
		case sectionFunction:
			c.functions = s
			for range r.u32() {
				c.types = append(c.types, int(r.u32()))
			}
		case sectionCode:
			c.code = s
			for range r.u32() {
				c.bodies = append(c.bodies, r.bytes(int(r.u32())))
			}
		case sectionCustom:
			if r.name() == "name" {
				c.readNames(r)
			}
		}
		err = errors.Join(err, r.err)
	}
	if err == nil && (len(c.bodies) == 0 || len(c.types) != len(c.bodies) || len(c.names) == 0) {
		err = errors.New("a module without functions or their names")
	}
	return c, err
}

func (c *code) readImports(r *reader) error {
	for range r.u32() {
		r.name()
		r.name()
		if kind := r.byte(); kind != kindFunc {
			return fmt.Errorf("an import of kind %d", kind)
		}
		r.u32()
		c.imports++
	}
	return nil
}

// readNames reads the functions' names off the custom section for names.
func (c *code) readNames(r *reader) {
	const ofFunctions = 1
	for len(r.buf) > 0 {
		id := r.byte()
		names := reader{buf: r.bytes(int(r.u32()))}
		if id != ofFunctions {
			continue
		}
		for range names.u32() {
			f := int(names.u32())
			c.names[f] = names.name()
		}
	}
}

func (c *code) write() {
	c.functions.body = appendU32(nil, len(c.types))
	for _, t := range c.types {
		c.functions.body = appendU32(c.functions.body, t)
	}
	c.code.body = appendU32(nil, len(c.types))
	for _, list := range [][][]byte{c.bodies, c.added} {
		for _, b := range list {
			c.code.body = appendVec(c.code.body, b)
		}
	}
}
