# Needs git, make and Python >= 3.11; everything else goes to .venv and .demo, below this folder.
# Kept to what GNU make 3.81 (macOS) and a POSIX sh understand.
SHELL := /bin/sh
.DEFAULT_GOAL := help
READY := .venv/ready
BIN := .venv/bin

# What is downloaded stays below this folder: HOME may be missing or read-only.
UV_CACHE_DIR ?= $(CURDIR)/.venv/.uv-cache
export UV_CACHE_DIR
export PYTHONUNBUFFERED := 1
# Compiled modules are kept even where the caller's environment forbids it: a start without them takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-full bench lint house format lock clean

help: ## show this list
	@echo "make demo       set up, fetch the demo's data, serve http://127.0.0.1:$${PORT:-8000} (Ctrl-C stops it)"
	@echo "make test       the tests, on a real PostgreSQL and DuckDB with a seeded subset of the data"
	@echo "make test-full  the golden questions on the whole data, on both engines"
	@echo "make bench      what things cost here, as ratios (PEER=yes: beside another semantic layer; ONLY='door engine')"
	@echo "make lint       ruff, import contracts, types, house rules"
	@echo "make house      the longest files and functions, room by room"
	@echo "make format     lay out the code, sort the imports"
	@echo "make lock       write requirements.lock from pyproject.toml (UPGRADE=yes takes newer versions)"
	@echo "make clean      remove .venv, .demo and caches"
	@echo "PYTHON=/path/to/python3.12 picks the interpreter of .venv."

# A folder that was moved has an environment that points to its old place: it is made anew.
ifneq ($(shell cat .venv/where 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.lock pyproject.toml
	@sh .ci/environment
	@touch $@

demo: $(READY)
	@$(BIN)/semantic-layer demo

test: $(READY)
	@$(BIN)/python -m tests.golden.subset
	@$(BIN)/python -m pytest tests -m "not full" -rs -n auto --maxprocesses 4 --dist loadfile
	@echo "Not run here: the tests marked 'full', which need the whole data (make test-full)."

test-full: $(READY)
	@$(BIN)/python -m tests.oracle.whole_data
	@GOLDEN_DATA=.demo/data $(BIN)/python -m pytest tests -m full -rs

bench: $(READY)
	@$(BIN)/python -m tests.bench $(if $(PEER),--peer) $(ONLY)

lint: $(READY)
	@echo "ruff";    $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "imports"; $(BIN)/lint-imports
	@echo "types";   $(BIN)/mypy
	@echo "house";   $(BIN)/python -m pytest tests/house -q

house: $(READY)
	@$(BIN)/python -m tests.house.longest

format: $(READY)
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

lock: $(READY)
	@$(BIN)/uv pip compile pyproject.toml --extra demo --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@echo "requirements.lock: $$(grep -c '^[a-z].*==' requirements.lock) packages"

clean:
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find semantic_layer tests migrations examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
