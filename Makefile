# What a person needs by name; CI (.ci/run) runs the same targets. `make` alone lists them.
# ARGS is handed on: make run ARGS="--port 9000".

.DEFAULT_GOAL := help
.PHONY: help run demo test bench lint fmt contract deploy-files clean-test-services

# One set of flags each, over the whole workspace: `-p one` beside `--workspace` would build most
# dependencies a second time with other features.
CARGO ?= cargo
CLIPPY := $(CARGO) clippy --workspace --all-targets -- -D warnings

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' Makefile

run: needs ## build and start the whole platform on port 8080, with nothing installed
	@echo 'Building trunkline (the first time takes a few minutes) ...'
	@$(CARGO) run --bin trunkline -- up $(ARGS)

demo: needs ## build, and play four scripted calls to the end on the emulator
	@echo 'Building trunkline (the first time takes a few minutes) ...'
	@$(CARGO) run --bin trunkline -- demo $(ARGS)

test: needs ## the whole suite, against real PostgreSQL and RabbitMQ (found or started)
	@scripts/services.sh run $(CARGO) test --workspace

bench: needs ## the benchmarks, beside Express, FastAPI and bare lapin; writes target/bench/report.md
	@$(CARGO) build --release --bin trunkline --bin bench
	@scripts/services.sh run --private $(CARGO) run --release --bin bench -- $(ARGS)

lint: needs ## format, clippy, dependency audit, contract, layers, manifests, scripts, what is deployed
	$(CARGO) fmt --check
	$(CLIPPY)
	$(CARGO) run --bin xtask -- all
	scripts/audit.sh
	scripts/check-files.sh
	scripts/check-deploy.sh

fmt: needs ## format the sources
	$(CARGO) fmt

contract: needs ## write what was added to proto/ into proto/contract.lock
	$(CARGO) run --bin xtask -- contract --write

deploy-files: needs ## write the lines that follow from the list of roles (nginx, compose, the chart)
	$(CARGO) run --bin trunkline -- roles >target/roles.json
	cp target/roles.json deploy/chart/roles.json
	$(CARGO) run --bin xtask -- deploy --write

clean-test-services: ## stop what an interrupted `make test` or `make bench` left running
	@scripts/services.sh stop

.PHONY: needs
needs:
	@command -v $(CARGO) >/dev/null || { echo 'Rust is missing: install rustup (its installer picks the version from rust-toolchain.toml).' >&2; exit 1; }
	@command -v cc >/dev/null || { echo 'A C compiler is missing: on Debian and Ubuntu, apt-get install build-essential.' >&2; exit 1; }
