# Everything is done through make; `make` lists what there is.
#   VANTAHIRE_NO_INSTALL=1   install and download nothing: say what is missing instead
#   VANTAHIRE_CACHE=folder   keep tools and the voice detector's data there, not in the user's cache folder
SHELL := /bin/sh
CACHE := $(abspath $(or $(VANTAHIRE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/vantahire))
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

# may ends a recipe when something is missing and may not be brought.
define may
[ "$${VANTAHIRE_NO_INSTALL:-}" != 1 ] || { echo "make: $(1) missing, and VANTAHIRE_NO_INSTALL=1 forbids to bring $(2)" >&2; exit 1; }
endef
# What the voice detector needs, checked by its SHA-512; the second time from the cache.
WEIGHTS := assets/dist/fetched.json

.DEFAULT_GOAL := help
.PHONY: help run setup test test-setup lint fmt bench soak load rest fuzz assets generate build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup build ## set up what is missing and run the product
	@./bin/vantahire serve

setup: check-go ## bring what running needs: voice detector, speech, PostgreSQL programs
	@if [ "$${VANTAHIRE_NO_INSTALL:-}" = 1 ]; then \
		[ -e $(WEIGHTS) ] || echo "setup: the voice detector's weights are not fetched; the energy gate is used" >&2; \
	else go run ./assets/fetch -optional; fi
	@scripts/install-speech.sh || echo "setup: local speech could not be brought; candidates type and read" >&2
	@scripts/install-postgres.sh

build: check-go ## build ./bin/vantahire
	@go build -o bin/vantahire ./cmd/vantahire

test-setup: assets
	@scripts/install-speech.sh
	@scripts/install-postgres.sh
	@scripts/install-redis.sh
	@scripts/install-opus-tools.sh
	@scripts/install-chromium.sh

test: test-setup ## run all tests with the race detector and print their count
	@go run ./scripts/testcount $(TEST_FLAGS) ./...

lint: check-go $(GOLANGCI) $(GOFUMPT) ## check style and common mistakes
	@test -z "$$($(GOFUMPT) -l $$(git ls-files '*.go'))" || { echo "not formatted; run make fmt:"; $(GOFUMPT) -l $$(git ls-files '*.go'); exit 1; }
	@$(GOLANGCI) run ./...

fmt: $(GOFUMPT) ## format all code
	@$(GOFUMPT) -w $$(git ls-files '*.go')

bench: assets ## run the benchmarks: engine, ring, pacer, voice detector, resampler, ledger, protocol, coded speech
	@scripts/install-postgres.sh
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCH_TIME) ./engine ./media/... ./actors/... ./store/... ./providers/soundcode

soak: test-setup ## kill servers, databases and networks under calls for about an hour, and print what was lost (scripts/soak.sh; KILLS=200)
	@KILLS=$(or $(KILLS),200) CHURN=$(or $(CHURN),1000) scripts/soak.sh

load: build ## hold 100 calls on simulated providers, then interrupt 20 of them (scripts/load.sh; CALLS=100)
	@CALLS=$(or $(CALLS),100) scripts/load.sh

rest: build ## measure the REST API with PostgreSQL and Redis, and post too much to it (scripts/rest.sh; DURATION=10s)
	@scripts/install-postgres.sh
	@scripts/install-redis.sh
	@scripts/rest.sh

fuzz: check-go ## fuzz each parser of outside bytes for a while
	@for target in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | sort -u); do \
		for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$target); do \
			echo "$$f in $$(dirname $$target)"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZ_TIME) $$(dirname $$target) || exit 1; \
		done; done

assets: check-go ## fetch third-party data (voice detector weights) into assets/dist
	@[ -e $(WEIGHTS) ] || { $(call may,the voice detector's weights are,them); }
	@[ "$${VANTAHIRE_NO_INSTALL:-}" = 1 ] || go run ./assets/fetch

generate: check-go ## regenerate generated code
	go generate ./...

clean: ## remove what was built
	rm -rf bin

.PHONY: check-go
check-go:
	@command -v go >/dev/null 2>&1 || { echo "Go is missing: install Go 1.26 or newer and put it on the PATH" >&2; exit 1; }

$(GOLANGCI):
	@$(call may,golangci-lint $(GOLANGCI_VERSION) is,it)
	@echo "building golangci-lint $(GOLANGCI_VERSION), once (some minutes)" >&2
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS)/build go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(TOOLS)/build/golangci-lint $@

$(GOFUMPT):
	@$(call may,gofumpt $(GOFUMPT_VERSION) is,it)
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS)/build go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	@mv $(TOOLS)/build/gofumpt $@
