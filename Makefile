# Each habit has one name. `make` alone lists them; CI calls only what stands here.
.DEFAULT_GOAL := help
SHELL := bash
CARGO ?= cargo
# One profile for tests, the demo and the benches, always the whole workspace, so that features never flip.
PROFILE := --release
OUT := $(or $(CARGO_TARGET_DIR),target)/release

.PHONY: help
help: ## list the habits
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the provider and the command
	$(CARGO) build $(PROFILE) --workspace

.PHONY: demo
demo: build ## the whole road on an empty cluster of its own: a refused plan, ONE apply, Ready, destroy
	$(OUT)/demo

.PHONY: test
test: build ## all tests, on real parts (built on first use: about 15 minutes, once)
	@skips=$$(mktemp); export FLUXGATE_SKIPS=$$skips; \
	$(CARGO) test $(PROFILE) --workspace --no-fail-fast; status=$$?; \
	count=$$(wc -l < $$skips); \
	if [ $$count -gt 0 ]; then echo; echo "$$count tests were skipped:"; sort $$skips | uniq -c; \
	  if [ "$$CI" = true ]; then echo "nothing may be skipped here"; status=1; fi; fi; \
	rm -f $$skips; exit $$status

.PHONY: test-terraform
test-terraform: build ## the tests of kinds, life cycle and protocol once more, under the Terraform on PATH
	@command -v terraform > /dev/null || { echo "there is no terraform on PATH"; exit 1; }
	FLUXGATE_TEST_TOFU=$$(command -v terraform) $(CARGO) test $(PROFILE) --workspace --no-fail-fast --test system -- \
	  protocol lifecycle drift gate states replacements ownership free_values moves kinds $(BEYOND_TERRAFORM_1_11)
# Identities of resources came with Terraform 1.12.
BEYOND_TERRAFORM_1_11 := --skip identit

.PHONY: e2e
e2e: build ## the tests on what is yours: KUBECONFIG or DIGITALOCEAN_TOKEN and FLUXGATE_DOKS_CLUSTER, with FLUXCD_ACCEPT_APPLY=1
	@: $${FLUXCD_ACCEPT_APPLY:?set it to 1: these tests apply on the cluster that you name, and take it down again}
	$(CARGO) test $(PROFILE) --workspace --test system -- --nocapture _offered

.PHONY: check
check: fmt-check lint test ## what a change must pass

.PHONY: fmt
fmt: ## format Rust, HCL and Rego
	$(CARGO) fmt --all
	$$($(OUT)/tools path tofu) fmt -recursive examples
	$$($(OUT)/tools path opa) fmt -w policies

.PHONY: fmt-check
fmt-check: build ## say what is not formatted
	$(CARGO) fmt --all --check
	$$($(OUT)/tools path tofu) fmt -recursive -check -diff examples
	$$($(OUT)/tools path opa) fmt -l --fail policies

.PHONY: lint
lint: ## clippy and rustdoc, warnings are errors
	$(CARGO) clippy $(PROFILE) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(PROFILE) --workspace --no-deps --document-private-items

.PHONY: policies
policies: ## compile the Rego rules into policies/bundle.tar.gz and derive what they read
	$(CARGO) run $(PROFILE) --package policy --example build_policies

.PHONY: docs
docs: ## write the reference pages from the schemas, the rules and the command line
	FLUXGATE_WRITE_DOCS=1 $(CARGO) test $(PROFILE) --workspace --test docs

.PHONY: snapshots
snapshots: ## accept changed snapshots after reading their diff
	INSTA_UPDATE=always $(CARGO) test $(PROFILE) --workspace

.PHONY: bench
bench: build dist ## side by side with the peers, medians and ratios
	$(CARGO) build --profile dist --workspace --example probe
	$(OUT)/bench

.PHONY: fuzz
fuzz: ## a minute for each fuzz target (needs a nightly toolchain and cargo-fuzz)
	cd fuzz && for target in $$($(CARGO) fuzz list); do mkdir -p corpus/$$target; \
	  $(CARGO) +nightly fuzz run $$target corpus/$$target seeds/$$target -- -max_total_time=60 || exit 1; done

.PHONY: install-dev
install-dev: build ## a filesystem mirror with both programs, and the CLI configuration to export
	@bash examples/install-dev.sh $(OUT)

.PHONY: dist
dist: ## the programs as they are given to users, small and stripped
	$(CARGO) build --profile dist --workspace --bin terraform-provider-fluxgate --bin fluxgate

.PHONY: tools
tools: build ## build every real part that the tests need, into the cache
	$(OUT)/tools build

.PHONY: clean
clean: ## remove what was built here (the tools' cache stays)
	$(CARGO) clean
