# BMS Telephony. Needs make and Python 3.11 or newer; all else goes into .venv. `make` alone lists the targets.
# A target that others add: one line `name: ## what it does`, and it is listed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run test explore check fmt lock clean docs broken-rules coverage mutation faults long-run fuzz fuzz-api test-system

BIN := .venv/bin
STAMPS := .venv/stamps
PACKAGES := packages/telephony_core packages/telephony_adapters packages/telephony_http
PYPROJECTS := $(PACKAGES:%=%/pyproject.toml)
SOURCES := packages tests tools docs/embed conftest.py
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The files of requirements are complete, so pip has nothing to resolve. Left to resolve, older ones (23.2) look for the
# newest `coverage[toml]` beside the pinned `coverage`, and refuse it for want of a hash as soon as there is a newer one.
PINNED := --require-hashes --no-deps --only-binary :all:
UV ?= uv
# Processes that share the tests; 0 starts none, which is quicker for a few: `make test WORKERS=0 ARGS=tests/core`.
WORKERS ?= auto
# More of pytest's arguments: `make test ARGS="tests/core -k carousel"`.
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMPS)/runtime ## the demo: service and Beeline simulator, on PORT if set; Ctrl-C ends all
	@PYTHONUNBUFFERED=1 exec $(BIN)/telephony demo run

install: $(STAMPS)/runtime ## what the service needs, and the command .venv/bin/telephony (docs/operate/run.md)
	@echo "$(BIN)/telephony is installed; docs/operate/run.md says how to go on"

# One file of tests stays in one process, so that what its module starts is started once.
test: $(STAMPS)/dev ## all tests
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

explore: $(STAMPS)/dev ## all tests, with new examples for the properties (ARGS as for test)
	@HYPOTHESIS_PROFILE=explore exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

# deptry without DEP002 (nobody imports it): drivers, event loops and time zones are loaded by name.
check: $(STAMPS)/dev ## format, lint, types, arrows, dead code, dependencies, hygiene
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	@for package in $(PACKAGES); do \
	  echo "$(BIN)/deptry $$package/src"; \
	  $(BIN)/deptry "$$package/src" --config "$$package/pyproject.toml" --ignore DEP002 || exit 1; \
	done
	$(BIN)/python tools/hygiene.py

fmt: $(STAMPS)/dev ## format, and mend what can be mended by itself
	$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# dev holds all, and the other two take their pins from it. UPGRADE=--upgrade takes the newest.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --no-build --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" \
  --no-emit-package telephony-core --no-emit-package telephony-adapters --no-emit-package telephony-http $(UPGRADE)
lock: ## pin the dependencies anew (needs uv; UV=path/to/uv)
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(COMPILE) requirements/runtime.in -c requirements/dev.txt -o requirements/runtime.txt
	$(COMPILE) requirements/mutation.in -c requirements/dev.txt -o requirements/mutation.txt
	$(COMPILE) requirements/fuzz.in -o requirements/fuzz.txt

clean: ## remove .venv and what the tools leave behind
	rm -rf .venv .venv-types .venv-mutation .venv-fuzz .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov mutants
	find packages tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so that what was broken off is begun anew.
$(STAMPS)/venv:
	@for python in python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then echo "creating .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv && mkdir -p $(STAMPS) && touch $@; exit; \
	  fi; \
	done; \
	echo "BMS Telephony needs Python 3.11 or newer with venv, ssl and sqlite3; none of python3.13, python3.12," \
	  "python3.11 and python3 is one." \
	  "Here python3 is: $$(python3 --version 2>&1 || true). On Debian: apt install python3 python3-venv" >&2; \
	exit 1

$(STAMPS)/runtime: $(STAMPS)/venv requirements/build.txt requirements/runtime.txt $(PYPROJECTS)
	@echo "installing what the service needs into .venv"
	@$(PIP) install $(PINNED) -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index $(PACKAGES:%=-e ./%)
	@touch $@

$(STAMPS)/dev: $(STAMPS)/runtime requirements/dev.txt
	@echo "installing what tests and checks need into .venv"
	@$(PIP) install $(PINNED) -r requirements/dev.txt
	@touch $@

docs: $(STAMPS)/dev ## make what stands in docs/ from the code: diagrams, the table of states, the OpenAPI document
	$(BIN)/python -m tools.draw

broken-rules: $(STAMPS)/dev ## break the code rule by rule and see its tests fail (some minutes)
	@exec $(BIN)/python -m tools.broken_rules

coverage: $(STAMPS)/dev ## branches of the core that its own tests reach; fails below 100 %
	@$(BIN)/coverage run -m pytest tests/core $(ARGS)
	@exec $(BIN)/coverage report --fail-under=100

# The environment's own python is asked for nothing but mutants; ARGS=--anew forgets what an earlier run found.
mutation: .venv-mutation/installed ## break the core's rules by hundreds of small changes; 95 % have to be noticed (ten minutes)
	@exec .venv-mutation/bin/python -m tools.mutation $(ARGS)

.venv-mutation/installed: $(STAMPS)/venv requirements/mutation.txt
	@echo "installing what mutation testing needs into .venv-mutation"
	@$(BIN)/python -m venv --clear .venv-mutation
	@.venv-mutation/bin/python -m pip --disable-pip-version-check --quiet install $(PINNED) \
	  -r requirements/mutation.txt
	@touch $@

# Variables: QUICK=1, DATABASE=sqlite|postgresql|both, SEED, KILLS (at random), CALLS (with faults mixed),
# ONLY (campaigns whose name begins so: crash, held, restarts, …), KEEP=1 (logs and databases, if something is wrong).
faults: $(STAMPS)/dev ## kill services, break their provider, compare what rang with what is stored (QUICK=1: 45 s)
	@exec $(BIN)/python -m tests.faults

# Variables: CALLS (10000), SEED, CALLS_OF_A_STAGE (400), STORE (memory, sqlite).
long-run: $(STAMPS)/dev ## thousands of calls with random behaviours and faults; numbers and verdicts compared (half an hour)
	@exec $(BIN)/python -m tests.long_run

# Variables: INPUTS (100000), SEED.
fuzz: $(STAMPS)/dev ## throw events and bytes at the report endpoint (a quarter of an hour)
	@exec $(BIN)/python -m tests.fuzz

# Variables: SEED, EXAMPLES (random requests for an operation).
fuzz-api: $(STAMPS)/dev .venv-fuzz/installed ## ask a demo what its OpenAPI document allows, and what it doesn't (some minutes)
	@exec $(BIN)/python -m tools.openapi_fuzz

.venv-fuzz/installed: $(STAMPS)/venv requirements/fuzz.txt
	@echo "installing Schemathesis into .venv-fuzz"
	@$(BIN)/python -m venv --clear .venv-fuzz
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check --quiet install $(PINNED) \
	  -r requirements/fuzz.txt
	@touch $@

# What it needs of Debian it fetches once, without root, into a cache of the user's; see tests/sip/install.
test-system: $(STAMPS)/dev ## calls on a real Asterisk with SIP phones: what the client's phone is shown (2 minutes)
	@tests/sip/install > /dev/null
	@exec $(BIN)/python -m pytest -n 0 tests/sip $(ARGS)

# FAULT chooses by name or rule: `make faulty FAULT=C7`.
faulty: $(STAMPS)/dev ## hold 200 faulty policies, pools, stores, gateways … against the kit; prints what it says of each
	@exec $(BIN)/python -m pytest -n0 -q -s tests/core/kit/test_faulty_things.py -k "$(or $(FAULT),faulty)"

embed-check: $(STAMPS)/dev ## the core alone in an empty environment: attrs and cattrs, every module, a decision
	@exec $(BIN)/python -m tools.embed_check

types: $(STAMPS)/dev ## how much of the core's public names is typed, by pyright's measure; fails below 100 %
	@exec $(BIN)/python -m tools.typed
