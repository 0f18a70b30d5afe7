# make lab    the lab in your browser        make test   the tests, page tests included
# make test-slow  what takes long, and every member of the families of which make test asks some
# make check  linters and types              make zoo    train the shipped models again
# make docs   the documentation as a site    make dist   wheel and source archive
# make measure prints what the code is like: circles, arrows, places to touch, lines
# make lab PHOTOS=1 also installs photographs and models for them (62 MB)
# make lab TORCH=cpu installs PyTorch without CUDA (TORCH=cu130 and the like for one version of CUDA)

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
TORCH ?=
PHOTOS ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/$(TORCH)
# One worker more than there are cores, because a third of a worker's time is spent waiting for a browser or a server.
TESTERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() + 1))')
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TESTERS) --dist loadscope \
  --no-loadscope-reorder --max-worker-restart 3
# A test that hangs fails, where all its threads are is printed, and the others go on in another process.
HANGING := -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true
BIOME ?= npx --yes @biomejs/biome@2.6.8

.PHONY: lab install test test-slow check measure zoo docs dist clean

lab: $(VENV)/installed $(if $(PHOTOS),$(VENV)/installed-photos)
	$(BIN)/python -m lab

install: $(VENV)/installed $(if $(PHOTOS),$(VENV)/installed-photos)

test: $(VENV)/installed-test
	$(BIN)/python -m lab browser
	$(PYTEST) $(HANGING) --durations=15

test-slow: $(VENV)/installed-test
	$(BIN)/python -m lab browser
	$(PYTEST) -m slow --durations=15

check: $(VENV)/installed-check
	PATH="$(abspath $(BIN)):$$PATH" pre-commit run --all-files
	@if command -v npx >/dev/null; then $(BIOME) ci widgets; \
	else echo "The JavaScript was not checked: install Node.js, which has npx."; fi

measure: $(VENV)/installed-test
	$(BIN)/python -m tests.benchmarks.measure

zoo: $(VENV)/installed
	$(BIN)/python -m lab zoo

docs: $(VENV)/installed-docs
	$(BIN)/python -m docs.generate
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/docs
	@echo "The documentation is at build/docs/index.html"

dist: $(VENV)/installed-test
	$(BIN)/python -m hatchling build

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "The lab needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot make environments: install python3-venv (Debian, Ubuntu)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python $(if $(TORCH),$(VENV)/torch-$(TORCH))
	@echo "Installing the lab into $(VENV): about a minute."
	$(PIP) --editable .
	@touch $@

$(VENV)/torch-$(TORCH): | $(BIN)/python
	@test ! -e $(VENV)/installed \
	  || { echo "$(VENV) already has a PyTorch: make clean, then make $(MAKECMDGOALS) TORCH=$(TORCH)"; exit 1; }
	$(PIP) torch torchvision --index-url $(TORCH_INDEX)
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(PIP) --editable '.[$*]'
	@touch $@
