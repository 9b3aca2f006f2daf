# Everything is done through make; `make` lists what there is.
SHELL := /bin/sh
CACHE := $(or $(VANTAHIRE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/vantahire)
TOOLS := $(CACHE)/bin
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)
GOFUMPT_VERSION := v0.12.0
GOFUMPT := $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)
# Two packages at once fit two cores: the real-time tests of several packages in
# parallel would measure each other.
TEST_FLAGS := -race -timeout 20m -p 2
BENCH_TIME := 1s
FUZZ_TIME := 20s

.DEFAULT_GOAL := help
.PHONY: help run setup test test-setup lint fmt bench soak fuzz assets generate build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup build ## set up what is missing and run the product
	@./bin/vantahire serve

setup: check-go ## bring what running needs: voice detector, speech, PostgreSQL programs
	@go run ./assets/fetch -optional
	@scripts/install-speech.sh || echo "setup: local speech could not be brought; candidates type and read" >&2
	@scripts/install-postgres.sh

build: check-go ## build ./bin/vantahire
	@go build -o bin/vantahire ./cmd/vantahire

test-setup: check-go
	@go run ./assets/fetch
	@scripts/install-speech.sh
	@scripts/install-postgres.sh
	@scripts/install-redis.sh

test: test-setup ## run all tests with the race detector and print their count
	@go run ./scripts/testcount $(TEST_FLAGS) ./...

lint: check-go $(GOLANGCI) $(GOFUMPT) ## check style and common mistakes
	@test -z "$$($(GOFUMPT) -l $$(git ls-files '*.go'))" || { echo "not formatted; run make fmt:"; $(GOFUMPT) -l $$(git ls-files '*.go'); exit 1; }
	@$(GOLANGCI) run ./...

fmt: $(GOFUMPT) ## format all code
	@$(GOFUMPT) -w $$(git ls-files '*.go')

bench: check-go ## run the benchmarks: engine, ring, pacer, voice detector, resampler, ledger, protocol
	@go run ./assets/fetch
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCH_TIME) ./engine ./media/... ./actors/... ./store/...

soak: build ## hold many real calls against a server that runs already (CALLS=4)
	./bin/vantahire call --calls $(or $(CALLS),4) --barge-in

fuzz: check-go ## fuzz each parser of outside bytes for a while
	@for target in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | sort -u); do \
		for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$target); do \
			echo "$$f in $$(dirname $$target)"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZ_TIME) $$(dirname $$target) || exit 1; \
		done; done

assets: check-go ## fetch third-party data (voice detector weights) into assets/dist
	@go run ./assets/fetch

generate: check-go ## regenerate generated code
	go generate ./...

clean: ## remove what was built
	rm -rf bin

.PHONY: check-go
check-go:
	@command -v go >/dev/null 2>&1 || { echo "Go is missing: install Go 1.26 or newer and put it on the PATH" >&2; exit 1; }

$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION), once (some minutes)" >&2
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS)/build go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(TOOLS)/build/golangci-lint $@

$(GOFUMPT):
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS)/build go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	@mv $(TOOLS)/build/gofumpt $@
