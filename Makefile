# Everything a developer types. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test test-unit check format docs bench clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[dev]'
	@touch $@

install: $(STAMP) ## Make .venv with the tested versions (quick the second time)

demo: $(STAMP) ## Train a style on the built-in base and show it, without a download
	$(BIN)/loraloom demo --out build/demo

test: $(STAMP) ## Unit, structure and recipe tests
	$(BIN)/python -m pytest

test-unit: $(STAMP) ## The fast tests alone
	$(BIN)/python -m pytest tests/unit tests/structure

check: $(STAMP) ## Format, lint, types, import arrows, generated docs: reports only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/reference.py --check

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

docs: $(STAMP) ## Write docs/reference from the spec and the command line
	$(BIN)/python tools/reference.py

bench: $(STAMP) ## Loom against a plain training loop
	$(BIN)/python -m bench

clean: ## Remove what was built; runs in LORALOOM_HOME stay
	rm -rf build dist .pytest_cache .ruff_cache .import_linter_cache src/*.egg-info
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
