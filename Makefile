# What is needed: Go, for `make test` Python and Node, for all of `make bench` Rust, for `make bench-http` wrk. Everything else comes by itself, into build/.

GO ?= go
PYTHON ?= python3
NODE ?= node
CARGO ?= cargo
WRK ?= wrk
export GO PYTHON NODE CARGO WRK

VENV := build/venv
SCHEMATHESIS := build/schemathesis
PACKAGING := build/packaging
BENCHING := build/bench-python
AGENTS := testdata/examples/agents
IMAGE ?= rune:$(shell cat internal/version/VERSION)
# Of the statements, the percentage that tests have to cover.
FLOOR_engine := 90
FLOOR_server := 85
# The module's bytes depend on the compiler: it is the one that go.mod names, whatever is installed.
TOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

.PHONY: help run build image wasm wheel profile test check cover bench bench-http bench-python clean
.PHONY: need-go need-all image-root test-go test-deploy test-python lint-pyrune test-pyrune test-pyrune-all test-wheel test-sdist test-node test-schema run-schema cover-engine cover-server format vet lint reproducible race tree

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: need-go ## decide the requests of testdata/examples/agents
	@$(GO) run ./cmd/rune eval $(AGENTS)/config.rune --requests $(AGENTS)/requests.jsonl --format text

build: need-go ## make bin/rune, the command line with the module inside
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/rune ./cmd/rune

image: image-root ## make the container image, with buildah, podman or docker; IMAGE=name:tag
	deploy/image build/image $(IMAGE)

wasm: need-go ## compile the engine to wasm/rune.wasm
	GOTOOLCHAIN=$(TOOLCHAIN) $(GO) run ./wasm/link

wheel: $(PACKAGING)/ready ## make the Python package in build/dist, as wheel and sdist
	rm -rf build/dist
	$(PACKAGING)/bin/python -m build --outdir build/dist . >build/packaging.txt || { cat build/packaging.txt >&2; exit 1; }
	$(PACKAGING)/bin/python -m twine check --strict build/dist/*

profile: need-go ## measure what the engine spends its time in, for the compiler and the linker of the module
	@mkdir -p build/profile
	bench() { $(GO) test -trimpath ./engine -run '^$$' -bench $$1 -cpu 1 -benchtime 2s -cpuprofile build/profile/$$2 -o build/engine.test; } && \
	bench Authorize authorize && bench Verbs verbs && bench Load_facts load
	$(GO) tool pprof -proto build/profile/authorize build/profile/load > wasm/link/engine.pgo
	$(GO) tool pprof -top -nodecount=1000000 -nodefraction=0.005 build/profile/authorize build/profile/verbs | \
	  sed -E '1,/flat%/d; s/^( *[^ ]+){5} +//; s/ \((partial-)?inline\)$$//' | LC_ALL=C sort > wasm/link/hot.txt

test: need-all test-python test-pyrune test-node test-schema test-deploy test-go ## run all tests: the vectors in Python and Node, the Python package, the server's description, the image, then Go's

check: need-all format vet lint lint-pyrune reproducible race cover test tree ## all that a change has to pass

cover: cover-engine cover-server ## measure how much of the engine and the server their tests cover, natively

cover-engine cover-server: cover-%: need-go
	@mkdir -p build
	$(GO) test -timeout 15m -coverpkg=./$*/... -coverprofile=build/$*.cover ./$*/...
	@$(GO) tool cover -func=build/$*.cover >build/$*.cover.txt
	@awk '/^total:/ { print "$* coverage " $$3 ", floor $(FLOOR_$*)%"; exit $$3 + 0 < $(FLOOR_$*) }' build/$*.cover.txt

bench: need-go ## measure beside other engines, and fail if a target is missed; make bench only=closure,load for parts
	@.ci/need cargo || echo 'bench: what stands beside datafrog will not be measured' >&2
	@mkdir -p build && $(GO) build -o build/rune-bench ./bench
	@build/rune-bench -only '$(only)' -o build/bench.txt

bench-http: build ## measure the server on one processor beside a fixed reply, with wrk; make bench-http only=throughput for parts
	@.ci/need wrk
	@mkdir -p build && $(GO) build -o build/rune-bench ./bench
	@build/rune-bench -http -only '$(only)' -o build/bench-http.txt

bench-python: wheel $(BENCHING)/ready ## measure the Python package beside others, and fail if a target is missed; only=authorize,batch for parts
	@.ci/need cargo || echo 'bench-python: what stands beside the crate cedar-policy will not be measured' >&2
	@$(BENCHING)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/dist/*.whl
	@$(BENCHING)/bin/python bench/python --only '$(only)' --output build/bench-python.txt

clean: ## remove what was made
	rm -rf bin build

need-go:
	@.ci/need go

need-all:
	@.ci/need go python node

test-go:
	$(GO) test -timeout 15m ./...

# What it assembles depends on more than its own module, which Go's cache of results doesn't know.
test-deploy: need-go
	cd deploy && $(GO) test -count=1 ./...

test-python: $(VENV)/ready
	$(VENV)/bin/python wasm/runners/python/vectors.py testdata/vectors
	cd bench/python && ../../$(VENV)/bin/python -m unittest --quiet test_measure

test-pyrune: wheel build
	RUNE_BINARY=bin/rune .ci/pyrune ends

lint-pyrune: $(PACKAGING)/ready
	$(PACKAGING)/bin/python -m mypy --strict pyrune/rune pyrune/tests
	$(PACKAGING)/bin/python -m basedpyright --pythonpath $(PACKAGING)/bin/python

test-pyrune-all: wheel
	.ci/pyrune all

test-sdist: wheel
	.ci/sdist

# Takes the wheel that is in build/dist.
test-wheel:
	.ci/pyrune $(VERSION) $(WASMTIME)

test-node:
	$(NODE) wasm/runners/node/vectors.mjs testdata/vectors

# Of all that is needed, Schemathesis alone needs a Python as young as this.
test-schema: build
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then $(MAKE) --no-print-directory run-schema; \
		else echo 'test-schema: skipped, Python is older than 3.11'; fi

run-schema: $(SCHEMATHESIS)/ready
	$(SCHEMATHESIS)/bin/python server/conformance/check.py bin/rune

image-root: need-go
	rm -rf build/image && mkdir -p build
	cd deploy && $(GO) run ./root ../build/image

$(PACKAGING)/ready: .ci/packaging.txt
	$(PYTHON) -m venv --clear $(PACKAGING)
	$(PACKAGING)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(BENCHING)/ready: bench/python/requirements.txt
	$(PYTHON) -m venv --clear $(BENCHING)
	$(BENCHING)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/ready: wasm/runners/python/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(SCHEMATHESIS)/ready: server/conformance/requirements.txt
	$(PYTHON) -m venv --clear $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

format:
	@unformatted=$$(gofmt -l bench cmd deploy engine host internal server wasm) && if [ -n "$$unformatted" ]; then \
		echo "not as gofmt has it:" $$unformatted >&2; exit 1; fi

vet:
	$(GO) mod tidy -diff
	$(GO) vet ./...
	cd bench/others && $(GO) mod tidy -diff && $(GO) vet ./...
	cd deploy && $(GO) mod tidy -diff && $(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./engine/... ./wasm

lint:
	$(GO) tool -modfile=.ci/tools.mod staticcheck ./...
	cd deploy && $(GO) tool -modfile=../.ci/tools.mod staticcheck ./...

reproducible:
	GOTOOLCHAIN=$(TOOLCHAIN) $(GO) run ./wasm/link -check

# The engine has one thread by design; the host and the server have many, and the command line where it runs tests. The race detector needs a C
# compiler, which nothing else here does.
race:
	@command -v $${CC:-cc} >/dev/null || echo "race: skipped, no C compiler"
	@! command -v $${CC:-cc} >/dev/null || $(GO) test -timeout 15m -race -short ./host/... ./server/...
	@! command -v $${CC:-cc} >/dev/null || $(GO) test -timeout 15m -race -run 'TestBar|TestScripts/^test$$' ./cmd/rune

tree:
	RUNE_CHECK_TREE=1 $(GO) test -count=1 -run TestTree -v ./internal/lint
