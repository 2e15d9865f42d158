# make help lists the targets. demo, test and check need Go, git and make, nothing else.

GO      ?= go
BIN     := bin
APPS    := $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/main.go))))
WASM    := $(APPS:%=$(BIN)/apps/%.wasm)
STATE   ?= .demo$(if $(DATA),-$(notdir $(abspath $(DATA))))
FUZZ    ?= 10s
LDFLAGS := -s -w

export CGO_ENABLED ?= 0

.PHONY: raceless cuda-check help build apps demo demo-fresh test race check fmt vet lint nocgo nvml fuzz bench contracts kill clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

build: $(BIN)/cloister apps ## the binary and the apps

.PHONY: $(BIN)/cloister
$(BIN)/cloister:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/cloister

apps: $(WASM) ## the apps we ship, as wasm modules

.PHONY: $(WASM)
$(WASM): $(BIN)/apps/%.wasm:
	GOOS=wasip1 GOARCH=wasm $(GO) build -trimpath -buildmode=c-shared -ldflags '$(LDFLAGS)' -o $@ ./plugins/$*

demo: build ## the whole story; DATA=dir for a folder of labelled photos, STATE=dir for another state folder
	$(BIN)/cloister demo --state $(STATE) --apps $(BIN)/apps $(if $(DATA),--data $(DATA))

demo-fresh: ## the whole story from nothing
	rm -rf $(STATE)
	$(MAKE) demo

test: apps ## every test
	$(GO) test -timeout 30m ./...

race: apps ## every test under the race detector (cgo, so a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 40m ./...

check: fmt vet lint nocgo race raceless test-peers demo-check ## all that CI runs

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./abi/... ./plugins/...

lint:
	$(GO) -C internal/tools build -o ../../$(BIN)/staticcheck honnef.co/go/tools/cmd/staticcheck
	$(BIN)/staticcheck ./...

nocgo: ## the module without cgo, for the systems we claim
	CGO_ENABLED=0 $(GO) build ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet ./cmd/cloister

.PHONY: demo-check
demo-check: build ## the demo twice over one state folder: the second run must find everything done
	rm -rf $(BIN)/demo-state
	$(BIN)/cloister demo --state $(BIN)/demo-state --apps $(BIN)/apps
	$(BIN)/cloister demo --state $(BIN)/demo-state --apps $(BIN)/apps > $(BIN)/demo-again.txt
	$(BIN)/cloister jobs --state $(BIN)/demo-state
	$(BIN)/cloister balance --state $(BIN)/demo-state

kill: ## the story, killed at 25 random moments
	$(GO) test ./cmd/cloister -run TestTheStorySurvivesKill -kills 25 -timeout 30m -v

raceless: ## what the race detector makes too slow or measures wrongly: interpreted PTX, allocations
	$(GO) test ./gpu/engine

cuda-check: ## the whole conformance suite on the PTX that cards would run, interpreted; minutes
	$(GO) test ./gpu/engine -run '^TestCUDA$$' -whole -timeout 60m

.PHONY: gpu-check-build gpu-check gpu-report
gpu-check-build: ## the folder bin/gpu-check, to carry to a machine with a card; MODELS=dir for ONNX models to check there too
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/gpu-check/gpucheck ./internal/gpucheck
	cp internal/gpucheck/run.sh $(BIN)/gpu-check/run.sh
	rm -rf $(BIN)/gpu-check/models
	$(if $(MODELS),cp -rL $(MODELS) $(BIN)/gpu-check/models && chmod -R u+w $(BIN)/gpu-check/models)
	@kb=$$(du -sk $(BIN)/gpu-check | cut -f1); test $$kb -le 61440 || { echo "$(BIN)/gpu-check has $$kb KiB, more than 60 MiB"; exit 1; }

gpu-check: gpu-check-build ## check and time the CUDA engine on this machine's card in nine minutes; SMALL=1 rehearses without one
	sh $(BIN)/gpu-check/run.sh

RESULTS ?= $(BIN)/gpu-check/out/results.json
gpu-report: ## rewrite docs/benchmarks-gpu.md from a run on a card; RESULTS=file
	$(GO) run ./internal/gpucheck -o docs/benchmarks-gpu.md report $(RESULTS)

PTXAS ?= ptxas
SMS   ?= 75 80 90
.PHONY: ptxas
ptxas: ## NVIDIA's assembler over the PTX of models and tiles: registers and spills; PTXAS=path/to/ptxas (Debian non-free: apt-get download nvidia-cuda-toolkit; dpkg -x it; it needs no card)
	rm -rf $(BIN)/ptx && mkdir -p $(BIN)/ptx
	$(GO) test ./gpu/engine/cuda -run 'TestLaunches|TestEveryTile' -ptx $(CURDIR)/$(BIN)/ptx -count 1
	@set -e; for f in $(BIN)/ptx/*.ptx; do for sm in $(SMS); do \
	  $(PTXAS) -arch=sm_$$sm -v $$f -o /dev/null > $(BIN)/ptx/out.txt 2>&1 || { cat $(BIN)/ptx/out.txt; echo "$$f: refused for sm_$$sm"; exit 1; }; \
	  echo "$$f sm_$$sm: $$(grep -c Used $(BIN)/ptx/out.txt) kernels, most registers $$(grep -o 'Used [0-9]*' $(BIN)/ptx/out.txt | sort -k2n | tail -1 | cut -d' ' -f2), spilling $$(grep -c '[1-9][0-9]* bytes spill' $(BIN)/ptx/out.txt || true)"; done; done

nvml: ## the NVML inventory against NVIDIA's own mock; needs a C compiler, not a card
	CGO_ENABLED=1 $(GO) test -tags nvml ./gpu

fuzz: ## every fuzz target for FUZZ each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg 2>/dev/null | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZ) $$pkg; done; done

contracts: ## compile the contracts (node and npm) and generate the Go bindings
	./market/contracts/build.sh

bench: ## measure against peers and rewrite docs/benchmarks.md
	$(GO) run ./internal/bench

# ONNX Runtime's shared library comes with its package for Node.
ORT   := $(BIN)/onnxruntime
ORTSO := $(ORT)/node_modules/onnxruntime-node/bin/napi-v6/linux/$(patsubst aarch64,arm64,$(patsubst x86_64,x64,$(shell uname -m)))/libonnxruntime.so.1

$(ORTSO):
	npm install --prefix $(ORT) --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0

.PHONY: bench-peers test-peers
bench-peers: $(ORTSO) ## measure against OpenBLAS, ONNX Runtime and PyTorch: on Linux, with a C compiler, npm, Debian's libopenblas0 and python3-torch; MODELS=dir for ONNX models
	CGO_ENABLED=1 $(GO) -C internal/peers build -mod=mod -o ../../$(BIN)/peers .
	$(BIN)/peers -onnxruntime $(ORTSO) $(if $(MODELS),-models $(MODELS))

test-peers: ## test that benchmark; it has a module of its own
	CGO_ENABLED=1 $(GO) -C internal/peers vet -mod=mod .
	CGO_ENABLED=1 $(GO) -C internal/peers test -mod=mod .

ONNXDATA ?= /usr/share/libonnx-testdata/data

.PHONY: conformance
conformance: ## run the tests that come with ONNX and rewrite docs/onnx.md; MODELS=dir for models in the same layout
	test -d $(ONNXDATA)/node || apt-get install -y libonnx-testdata
	$(GO) build -o $(BIN)/conformance ./gpu/conformance
	$(BIN)/conformance -data $(ONNXDATA) $(if $(MODELS),-models $(MODELS)) -o docs/onnx.md

clean: ## remove what was built
	rm -rf $(BIN)
