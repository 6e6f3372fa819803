# `make drill` and `make test` need nothing but a Python >= 3.11: each sets up .venv in this checkout first.
# Another interpreter: make test PYTHON=/usr/bin/python3.12

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
export PYTHON

.NOTPARALLEL:
.PHONY: help drill test lint soak bench golden lock clean

help:
	@echo 'make drill    cut the power of a real program in the lab, and time its recovery'
	@echo 'make test     lint, types, and every test that needs no hardware'
	@echo 'make lint     ruff and mypy alone'
	@echo 'make soak     the long forms of the tests (an hour)'
	@echo 'make bench    speed, beside a bare loop and a peer, in one run'
	@echo 'make golden   write the golden reports anew (look at the difference before you commit it)'
	@echo 'make lock     pin the dependencies anew (make lock UPGRADE=--upgrade for the newest)'
	@echo 'make clean    remove what these commands made in this checkout'

drill:
	@.ci/venv run
	@CRASHBENCH_HOME="$(CURDIR)/.crashbench" $(BIN)/crashbench run power-outage --rig lab

# The lab's tests run real processes in real time, so they come last, and alone.
test: lint
	$(PYTEST) -m 'not lab and not soak and not hardware'
	$(PYTEST) -m 'lab and not soak and not hardware'

lint:
	@.ci/venv test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

soak:
	@.ci/venv test
	$(PYTEST) -m 'soak and not hardware' --timeout 0

bench:
	@.ci/venv test
	@.ci/venv bench
	$(BIN)/python tests/bench --json bench-results.json

golden:
	@.ci/venv test
	$(PYTEST) -m 'not lab and not soak and not hardware' tests/reports --golden

# The test lock is made first: the others may differ from it in nothing that they share.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)
lock:
	@.ci/venv test
	@$(BIN)/python -m pip install --quiet 'uv>=0.9'
	$(COMPILE) --extra host --group build --group test -o .ci/requirements-test.txt
	$(COMPILE) --extra host --group build -c .ci/requirements-test.txt -o .ci/requirements-run.txt
	$(COMPILE) --extra host --group build --group bench -c .ci/requirements-test.txt -o .ci/requirements-bench.txt

clean:
	rm -rf .venv .crashbench .pytest_cache .mypy_cache .ruff_cache .hypothesis bench-results.json
