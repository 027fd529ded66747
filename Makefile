# One command each; everything is installed into .venv from the lock file, from nothing but Python and a package index,
# and what draws the charts from npm's registry (another one: npm_config_registry=https://... make install).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# Of make bench: small or full; a commit to measure in turn with this build, and how often; only what has this in its name.
BENCH ?= small
BEFORE ?=
TURNS ?= 1
ONLY ?=
export OMP_NUM_THREADS := 1
# Where compiled code is not kept, every process compiles a thousand files anew.
unexport PYTHONDONTWRITEBYTECODE
# LightGBM links the system's OpenMP library. Where there is none, the one inside scikit-learn's wheel serves (see install).
export LD_LIBRARY_PATH := $(CURDIR)/$(VENV)/openmp$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

.PHONY: demo test test-slow lint check fix bench reproduce-uci pictures clean install lock

install: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.lock dropout_portal/plotly_files.py Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with PYTHON=python3.12 make demo")'
	@echo "Installing into $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(BIN)/python -P dropout_portal/plotly_files.py
	@$(BIN)/python -c "import ctypes; ctypes.CDLL('libgomp.so.1')" 2>/dev/null || { mkdir -p $(VENV)/openmp; \
		for found in $(VENV)/lib/python*/site-packages/scikit_learn.libs/libgomp*; do \
			ln -sf "$(CURDIR)/$$found" $(VENV)/openmp/libgomp.so.1; done; }
	@touch $(VENV)/.installed

demo: install
	@$(BIN)/python -m dropout_portal.demo

test: install
	@$(BIN)/python -m pytest -q -m "not slow" $(ARGS)

test-slow: install
	@$(BIN)/python -m pytest -q -m slow $(ARGS)

# What needs no database: style, types, imports, what nobody uses, and the house rules.
lint: install
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@SECRET_KEY=only-for-types PORTAL_TESTING=1 DATABASE_URL=postgres://localhost/none REDIS_URL=redis://localhost $(BIN)/python -m mypy .
	@$(BIN)/lint-imports
	@$(BIN)/python -m dropout_portal.unused_code
	@$(BIN)/python -m pytest -q -n0 tests/test_repository.py tests/test_docs.py tests/test_deployment_files.py

check: lint
	@$(BIN)/python -m dropout_portal.checks
	@$(MAKE) --no-print-directory test

fix: install
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

reproduce-uci: install
	@$(BIN)/python -m benchmarks.reproduce_uci

bench: install
	@$(BIN)/python -m benchmarks --size "$(BENCH)" --before "$(BEFORE)" --turns "$(TURNS)" --only "$(ONLY)"

pictures: install
	@$(BIN)/python docs/pictures.py

lock: install
	@$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.lock
	@$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -c requirements-dev.lock -o requirements.lock
	@$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group npm -o deploy/npm/requirements.lock

clean:
	@if [ -L var/services ]; then rm -rf "$$(readlink -f var/services)"; fi
	@rm -rf var reports
