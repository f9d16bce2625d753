# What a person needs by name; CI (.ci/run) runs the same targets. `make` alone lists them.
# ARGS is handed on: make run ARGS="--port 9000".

.DEFAULT_GOAL := help
.PHONY: help run demo test chaos rolling soak leaks attack screenshots bench lint fmt contract queries deploy-files book sbom clean-test-services

# One set of flags each, over the whole workspace: `-p one` beside `--workspace` would build most
# dependencies a second time with other features.
CARGO ?= cargo
export BUILD_COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
# SPEECH=local make run: a voice and ears on this machine, started and stopped with the platform.
WITH_SPEECH := $(if $(filter local,$(SPEECH)),scripts/speech.sh run)
CLIPPY := $(CARGO) clippy --workspace --all-targets -- -D warnings

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' Makefile

run: needs ## build and start the whole platform on port 8080, with nothing installed; SPEECH=local gives it a real voice and ears
	@echo 'Building trunkline (the first time takes a few minutes) ...'
	@$(WITH_SPEECH) $(CARGO) run --bin trunkline -- up $(ARGS)

demo: needs ## build, and play five scripted calls and two text conversations to the end on the emulator; SPEECH=local: with voices
	@echo 'Building trunkline (the first time takes a few minutes) ...'
	@$(WITH_SPEECH) $(CARGO) run --bin trunkline -- demo $(ARGS)

# Most of a test's time is waiting for others: twice as many at once as there are cores, and one. How many platforms are at
# work at once the suites say themselves.
TEST_THREADS := $(shell echo $$((1 + 2 * $$(nproc 2>/dev/null || echo 2))))

# CASES="name name" runs these alone.
test: needs ## the whole suite, against real PostgreSQL and RabbitMQ (found or started)
	@RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$(TEST_THREADS)} scripts/services.sh run \
		$(CARGO) test --workspace $(CARGO_TEST_FLAGS) $(if $(CASES),-- --exact $(CASES))

# CALLS=5 RATE=5 is a small one; OLD=/path/to/trunkline is the version before, which the new one takes over from.
rolling: needs ## every role replaced by a new process under 100 live calls and 50 texts a second
	@TRUNKLINE_ROLLING_CALLS=$(or $(CALLS),100) TRUNKLINE_ROLLING_RATE=$(or $(RATE),50) $(if $(OLD),TRUNKLINE_OLD_BINARY=$(OLD)) scripts/services.sh run \
		$(CARGO) test --workspace --test it -- --nocapture --exact cases::rolling::rolling_restart_of_every_role_drops_no_call_and_fails_no_webhook

# RELEASE=1 plays soak and chaos with the release binary, which is faster.
RELEASED := $(if $(RELEASE),TRUNKLINE_TEST_BINARY=$(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/release/trunkline)

soak: needs ## an hour of calls and texts: memory, handles and tasks stay flat (SECONDS=600 is a shorter one)
	$(if $(RELEASE),@$(CARGO) build --release --bin trunkline)
	@TRUNKLINE_SOAK_S=$(or $(SECONDS),3600) $(RELEASED) $(CARGO) test --workspace --test it -- --nocapture --exact cases::soak::soak_leaves_memory_handles_and_tasks_flat

leaks: needs ## ten thousand calls on a stream opened and dropped: memory, tasks and file handles are where they were (SESSIONS=1000 are fewer)
	@TRUNKLINE_TEST_SESSIONS=$(or $(SESSIONS),10000) scripts/services.sh run \
		$(CARGO) test --workspace --test it -- --nocapture sessions_opened_and_dropped_leave_nothing_behind

# SECONDS=60 is a shorter one, RATE=4 a slower one, SEED=N repeats the choices of a run that has failed; RELEASE=1 as of soak.
chaos: needs ## ten minutes of load while processes are killed and halted, and connections cut, paused and slowed at random
	$(if $(RELEASE),@$(CARGO) build --release --bin trunkline)
	@TRUNKLINE_CHAOS_S=$(or $(SECONDS),600) TRUNKLINE_CHAOS_RATE=$(or $(RATE),6) TRUNKLINE_TEST_SEED=$(SEED) $(RELEASED) scripts/services.sh run \
		$(CARGO) test --workspace --test it -- --nocapture --exact cases::chaos::chaos_loses_nothing_and_doubles_nothing

# CASES=10000 is a longer one, SEED=N another.
attack: needs ## every route of the API with requests that are made up from its description, with the keys of two tenants
	$(CARGO) build --bin trunkline
	scripts/attack.sh $(CASES) $(SEED)

screenshots: needs ## every page of the console as a PNG, in target/screenshots, and the four of the README (a third of the size where pngquant is there)
	@mkdir -p target/screenshots docs/images
	@TRUNKLINE_SCREENSHOTS=$(CURDIR)/target/screenshots $(CARGO) test -p trunkline --test browser
	@for picture in overview-wide-light calls-one-wide-dark conversations-one-wide-light phone-narrow-dark; do \
		cp target/screenshots/$$picture.png docs/images/; \
		! command -v pngquant >/dev/null || pngquant --force --ext .png --skip-if-larger 256 docs/images/$$picture.png; done

bench: needs ## the benchmarks, beside Express, FastAPI and bare lapin; writes target/bench/report.md
	@$(CARGO) build --release --bin trunkline --bin bench
	@ulimit -n "$$(ulimit -Hn)" || true; \
		scripts/services.sh run --private $(CARGO) run --release --bin bench -- $(ARGS)

lint: lint-rust lint-files ## format, clippy, dependency audit, contract, layers, manifests, scripts, what is deployed

# What the compiler does, and what other tools do, for which they need the network more than the processor: .ci/run has both at once.
.PHONY: lint-rust lint-files
lint-rust: needs
	$(CARGO) fmt --check
	$(CLIPPY)
	$(CARGO) run --bin xtask -- all

lint-files: needs
	scripts/audit.sh
	scripts/check-files.sh
	scripts/check-deploy.sh
	scripts/book.sh
	scripts/speech.sh --check

book: needs ## the documentation as a site, in target/book
	scripts/book.sh

sbom: needs ## what the binary is made of, as CycloneDX, in target/sbom.cdx.json
	@mkdir -p target
	$(CARGO) run --bin xtask -- sbom >target/sbom.cdx.json

fmt: needs ## format the sources
	$(CARGO) fmt

contract: needs ## write what was added to proto/ into proto/contract.lock and docs/events.md
	$(CARGO) run --bin xtask -- contract --write

# For each release, after its last migration: the next one's migrations are held against it.
queries: needs ## write what the roles have PostgreSQL prepare, as the suite makes them, into services/trunkline/tests/queries
	@rm -f services/trunkline/tests/queries/*.queries
	@scripts/services.sh run $(CARGO) run --bin xtask -- queries $(CARGO) test --workspace --tests -- distributed split

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
