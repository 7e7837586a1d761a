# Every target sets itself up: .venv is made from requirements.lock when it is missing or older than the lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
# Tests wait for servers, partners and processes more than they compute: four at a time keep two cores busy.
SPREAD := -n 4 --dist worksteal
# Four workers and the programs that tests start read the same modules: they are compiled once, not by each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo demo-small test test-one test-nightly test-peers test-windows agent-windows check prove survival bench clean lock

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml mlconn_simulators/pyproject.toml sage_100_agent/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("mlconn_pipelines needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say PYTHON=/path/to/python3.12 after make.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e ./mlconn_simulators -e ./sage_100_agent
	@touch $@

demo: setup
	$(BIN)/mlconn demo

# One ERP and a handful of documents, compared and ended.
demo-small: setup
	$(BIN)/mlconn demo --once --documents 40 --systems sap_business_one

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) $(SPREAD) -m "not slow and not nightly and not database"

test: setup
	$(PYTEST) $(SPREAD) -m "not nightly"

# The tests whose file or name holds K, one after another in one process, and what took longest: make test-one K=test_kills
test-one: setup
	$(if $(K),,$(error Say which tests: make test-one K=part_of_a_name))
	$(PYTEST) -n 0 --durations=10 -m "not nightly" -k "$(K)"

test-nightly: setup
	$(PYTEST) $(SPREAD)

# Other people's clients judge the simulated Salesforce org; needs node, npm and the network, and is part of nothing else.
test-peers: setup
	$(BIN)/python peers/salesforce/run.py

# The Sage 100 agent with a real Windows Python under wine; sets itself up in .windows/, needs Debian 12 and, the first time, root. Part of
# nothing else.
test-windows: setup
	$(PYTEST) peers/windows

# The agent as a program of Windows, in dist/windows/, made under wine to try it: releases are made on Windows by the same script.
agent-windows: setup
	ROOT_KEY=$(ROOT_KEY) $(BIN)/python peers/windows/freeze.py

# Kills, wrong answers, lies and late commits for every ERP; writes its tables into docs/reliability.md.
prove: setup
	$(BIN)/python -m mlconn_pipelines_tests.resilience.prove

# Other people's files read, written again and compared element by element: make survival MLCONN_X12_CORPUS=folder
survival: setup
	$(if $(MLCONN_X12_CORPUS),,$(error Say where X12 files are: MLCONN_X12_CORPUS=folder))
	$(BIN)/mlconn x12 survival "$(MLCONN_X12_CORPUS)"

bench: setup
	$(BIN)/python -m benchmarks

# For maintainers: resolve the lock anew (needs uv; the lock names no index).
lock:
	uv pip compile pyproject.toml mlconn_simulators/pyproject.toml --all-extras --generate-hashes --no-strip-extras --universal --python-version 3.11 \
	  --no-annotate --no-emit-index-url --no-header -o requirements.lock
	uv pip compile sage_100_agent/pyproject.toml --all-extras --generate-hashes --no-strip-extras --universal --python-version 3.11 \
	  --no-annotate --no-emit-index-url --no-header -o sage_100_agent/requirements.lock

clean:
	rm -rf $(VENV) .demo .bench .windows .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
