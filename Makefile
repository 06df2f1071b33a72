PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -c constraints.txt

.PHONY: help demo test docs bench defaults clean

help:
	@echo "make demo    fit, search and cut networks on real data (DATA=california: a larger set)"
	@echo "make test    lint, format check, unit tests, doctests"
	@echo "make docs    build the documentation into docs/_build/html"
	@echo "make bench   measure speed against scikit-learn"
	@echo "make defaults  compare the defaults with scikit-learn's (California Housing included)"
	@echo "make clean   remove everything the other targets made, .venv included"

# A DATA given on the command line reaches the script through the environment.
demo: $(VENV)/installed
	$(BIN)/python examples/demo.py

test: $(VENV)/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

docs: $(VENV)/installed-docs
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/installed
	$(BIN)/python benchmarks/speed.py

defaults: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/defaults.py --alphas 3e-4 1e-3 3e-3 1e-2

clean:
	rm -rf $(VENV) build dist docs/_build docs/generated docs/auto_examples relevance.png .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e ".[test,plot]"
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(INSTALL) -e ".[docs]"
	touch $@
