# All commands of the project. They install and build what they need themselves (tools/setup) and
# keep it outside the tree, in $EDSM_CACHE or ~/.cache/edsm; needed beforehand: bash, Python 3.11, Go.
#
#   PRESET=dev     whose tests and program `unit` and `integration` run (default asan)
#   STATIC=0       `build` links Debian's shared libraries instead of one static program
#   KEEP=1         `demo` leaves everything running when it is through
#   EDSM_JOBS=N    how many things at once (default: the machine's processors)

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

EDSM_JOBS ?= $(shell nproc)
PRESET ?= asan
export EDSM_JOBS STATIC

venv = $$(tools/setup/python.sh --print-path)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Show EDSM at work on a real control plane and a cloud emulator (CLOUD=gcp or azure; KEEP=1: leave it running)
	@tools/setup/all.sh
	@EDSM_BINARY=$(CURDIR)/build/edsm PYTHONPATH=tests:tools $(venv)/bin/python -m demo --cloud $(or $(CLOUD),aws) $(if $(filter 1,$(KEEP)),--keep)

.PHONY: build
build: ## Build the program that users run: build/edsm
	@tools/setup/packages.sh
	@tools/release/build.sh

.PHONY: image
image: build ## Make the container image and its list of parts in build/image (no Docker needed)
	@tools/release/image.sh

.PHONY: test
test: ## Run everything that a change must pass: checks, unit tests, integration tests
	@tools/ci/test.py all --preset $(PRESET)

.PHONY: unit
unit: ## Run the unit tests only
	@tools/ci/test.py unit --preset $(PRESET)

.PHONY: integration
integration: ## Run the integration tests only
	@tools/ci/test.py integration --preset $(PRESET)

.PHONY: sim
sim: ## Simulate (SEEDS=10000; SEED=N replays one, made small, with a trace)
	@tools/setup/packages.sh
	@cmake --preset sim >/dev/null
	@ninja -C build/sim -j $(EDSM_JOBS) --quiet edsm-sim
	@build/sim/tests/sim/edsm-sim $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),10000) --jobs $(EDSM_JOBS))

.PHONY: sim-exhaustive
sim-exhaustive: ## Play every plan of up to MISHAPS=2 mishaps in a small world
	@tools/setup/packages.sh
	@cmake --preset sim >/dev/null
	@ninja -C build/sim -j $(EDSM_JOBS) --quiet edsm-sim
	@build/sim/tests/sim/edsm-sim --exhaustive $(or $(MISHAPS),2) --jobs $(EDSM_JOBS)

.PHONY: fuzz
fuzz: ## Fuzz each parser of foreign bytes (TIME=60 seconds each, TARGET=events: only this one)
	@tools/setup/packages.sh
	@tools/ci/fuzz.py --time $(or $(TIME),60) $(TARGET)

.PHONY: chaos
chaos: ## Kill the program at random moments, ROUNDS times (default 200); EDSM_CHAOS_SEED=N repeats a run
	@tools/setup/all.sh
	@cmake --preset $(PRESET) >/dev/null
	@ninja -C build/$(PRESET) -j $(EDSM_JOBS) --quiet edsm
	@EDSM_BINARY=$(CURDIR)/build/$(PRESET)/edsm EDSM_CHAOS_ROUNDS=$(or $(ROUNDS),200) PYTHONPATH=tests \
		$(venv)/bin/python -m pytest tests/integration/test_chaos.py -q -s

.PHONY: soak
soak: build ## Change and faults for TIME minutes (default 30): memory and connections must level off
	@tools/setup/all.sh
	@EDSM_BINARY=$(CURDIR)/build/edsm PYTHONPATH=tests:tests/integration:tools \
		$(venv)/bin/python -m soak --minutes $(or $(TIME),30)

.PHONY: bench
bench: build ## Measure beside the limits of this machine (SCALE=full: 100,000 bindings too)
	@tools/setup/all.sh
	@EDSM_BINARY=$(CURDIR)/build/edsm PYTHONPATH=$(CURDIR):$(CURDIR)/tests \
		nice $(venv)/bin/python -m bench $(if $(filter full,$(SCALE)),--full) $(if $(PART),--only $(PART))

.PHONY: performance
performance: ## Write the numbers of the last `make bench` into docs/performance.md
	@PYTHONPATH=$(CURDIR):$(CURDIR)/tests $(venv)/bin/python -m bench.report

.PHONY: lint
lint: ## Check format, arrows, coroutine rules and clang-tidy (only what changed since it was clean)
	@tools/setup/packages.sh
	@tools/lint/format.sh --check
	@tools/lint/arrows.py
	@tools/lint/clang.py coroutines
	@tools/lint/clang.py tidy

.PHONY: fmt
fmt: ## Format the C++ sources
	@tools/lint/format.sh

.PHONY: manifests
manifests: ## Write config/install.yaml and the CRD of the chart from the other files of config/
	@tools/generate/manifests.py

.PHONY: generate
generate: manifests ## Write docs/reference/ from the CRD and from the program's own help
	@tools/setup/packages.sh
	@cmake --preset dev >/dev/null
	@ninja -C build/dev -j $(EDSM_JOBS) --quiet edsm
	@$(venv)/bin/python tools/generate/reference.py --program build/dev/edsm

.PHONY: kind
kind: image ## Make a kind cluster and install EDSM into it with its chart
	@tools/release/kind.sh

.PHONY: clean
clean: ## Remove build/ (what is cached outside the tree stays)
	rm -rf build
