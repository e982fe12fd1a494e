package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/wasm/module"
)

// helpers are what the program does in processes of its own, as what others do that the server is beside.
var helpers = map[string]func([]string) error{
	"fixed-reply":   serveFixed,
	"cached-module": loadCached,
}

// serveFixed answers every request with the contents of a file, by the library that the server has, and says where as the server does.
func serveFixed(args []string) error {
	reply, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "msg=serving address=%s\n", ln.Addr())
	s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBody(reply)
	}}
	return s.Serve(ln)
}

// loadCached takes the module's machine code from wazero's cache in a folder, as package host does, and says when it is there.
func loadCached(args []string) error {
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(args[0])
	if err != nil {
		return err
	}
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return err
	}
	if _, err = r.CompileModule(ctx, module.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Println("loaded")
	return err
}
