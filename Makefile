# make lab    the lab in your browser        make test   every test, page tests included
# make check  linters and types              make zoo    train the shipped models again

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: lab test check zoo clean

lab: $(VENV)/installed
	$(BIN)/python -m lab

test: $(VENV)/installed-test
	$(BIN)/python -m lab browser
	$(BIN)/python -m pytest

check: $(VENV)/installed-check
	PATH="$(abspath $(BIN)):$$PATH" pre-commit run --all-files

zoo: $(VENV)/installed
	$(BIN)/python -m lab zoo

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "The lab needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot make environments: install python3-venv (Debian, Ubuntu)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "Installing the lab into $(VENV): about a minute."
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[test]'
	@touch $@

$(VENV)/installed-check: $(VENV)/installed
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[check]'
	@touch $@
