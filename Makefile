# Everything a developer runs, each target one job. `make` alone lists them.
#
#   make test                          the whole suite, on all cores
#   make test PYTHON=3.12              on another interpreter (3.10 to 3.14), in an environment of its own
#   make test ARGS="-k redact"         a few tests, in one process
#   make test ARGS="-n0 tests/otel"    a folder in one process, as a debugger wants it

.DEFAULT_GOAL := help
PYTHON ?=
ARGS ?=

# --- the tools: uv, found or installed into .tools, and one interpreter that this machine has ----------------------

UV_VERSION := 0.13.9
INTERPRETER := $(shell sh .ci/find-python $(PYTHON))
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
RUN := $(UV) run --frozen --no-default-groups

export UV_PYTHON := $(INTERPRETER)
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(if $(PYTHON),.tools/python-$(notdir $(PYTHON)),.venv)

.tools/uv/bin/uv: | interpreter
	@echo "Installing uv into .tools ..."
	@sh .ci/install-uv "$(INTERPRETER)" .tools/uv $(UV_VERSION)

.PHONY: setup
setup: interpreter $(UV)

.PHONY: interpreter
interpreter:
	@test -n "$(INTERPRETER)" || { \
	    echo "No Python $(or $(PYTHON),3.10 or newer) runs here. Install one, or choose another: PYTHON=3.12." >&2; \
	    exit 1; \
	}

# --- every day ------------------------------------------------------------------------------------------------------

# The suite runs on all cores; tests that are named (a file, or -k) run in this process, as with -n0. Tests that are not
# done are taken over by workers that are (worksteal); until then, each has whole files, and their servers, to itself.
PARALLEL := -n logical --maxprocesses=8 --dist=worksteal

# The official KQL parser, where Node.js is there: without it, the tests that want it are skipped and say so.
KUSTO := .tools/kusto/node_modules/.package-lock.json
NPM := $(shell command -v npm 2>/dev/null)

$(KUSTO): tests/azure_monitor/kusto/package-lock.json
	@mkdir -p .tools/kusto
	@cp tests/azure_monitor/kusto/package*.json .tools/kusto
	@cd .tools/kusto && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json

.PHONY: kusto
kusto:
	@$(if $(NPM),$(MAKE) -s $(KUSTO) || echo "No KQL parser: npm could not install it.")

##@ Every day

.PHONY: help
help:  ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'All but help and clean need one Python from 3.10 on; uv comes into .tools, the rest into an environment of its own.'
	@echo '  PYTHON=3.12   another interpreter (3.10 to 3.14)'
	@echo '  ARGS="..."    arguments for the program behind: pytest, the demo, a benchmark'

.PHONY: demo
demo: setup  ## watch three real services log as one
	@$(RUN) --extra demo discreet demo $(ARGS)

.PHONY: test
test: setup kusto  ## run the tests on all cores, or a few by name: ARGS="-k redact" (two want Node.js)
	$(RUN) --group test pytest $(PARALLEL) $(ARGS)

.PHONY: lint
lint: setup  ## check style and formatting
	$(RUN) --group lint ruff check .
	$(RUN) --group lint ruff format --check .

.PHONY: format
format: setup  ## rewrite the files in the project's style
	$(RUN) --group lint ruff check --fix .
	$(RUN) --group lint ruff format .

##@ Before a change is proposed

.PHONY: check
check: lint types coverage  ## lint, types and coverage, one after the other

.PHONY: types
types: setup  ## check types with mypy and pyright, as strict as they go
	$(RUN) --group lint --group test mypy
	$(RUN) --group lint --group test basedpyright

.PHONY: coverage
coverage: setup kusto  ## run the tests and require 95 % of branches
	$(RUN) --group test coverage erase
	$(RUN) --group test coverage run -m pytest $(PARALLEL) $(ARGS)
	$(RUN) --group test coverage combine --quiet
	$(RUN) --group test coverage report

# CPython in WebAssembly: what needs neither a process nor a thread.
WASM := .tools/wasm
WASM_PYTHON ?= 314

$(WASM)/node_modules/.package-lock.json: tests/wasm/package-lock.json
	@mkdir -p $(WASM)
	@cp tests/wasm/package*.json $(WASM)
	@cd $(WASM) && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json

$(WASM)/packages/.installed: tests/wasm/requirements.txt pyproject.toml
	@rm -rf $(WASM)/packages
	@$(UV) pip install --quiet --target $(WASM)/packages --python-version 3.14 --no-deps \
	    --only-binary :all: --requirement tests/wasm/requirements.txt
	@$(UV) pip install --quiet --target $(WASM)/packages --no-deps --editable .
	@touch $@

# A deep recursion of Python takes more of JavaScript's stack than Node.js has by itself.
.PHONY: test-wasm
test-wasm: setup $(WASM)/node_modules/.package-lock.json $(WASM)/packages/.installed  ## run what needs no process and no thread on CPython in WebAssembly (wants Node.js)
	@ulimit -s $$(ulimit -H -s) && node --stack-size=60000 tests/wasm/run.mjs \
	    $(WASM)/node_modules/pyodide-$(WASM_PYTHON) $(WASM)/packages $(ARGS)

##@ Measurements, and what the docs show of them

.PHONY: bench
bench: setup  ## measure against other logging libraries and draw the chart (wants a quiet machine)
	$(RUN) --group bench python benchmarks/run.py $(ARGS)
	$(RUN) --group redaction-report python benchmarks/redaction/speed.py
	$(RUN) python benchmarks/start.py

.PHONY: chaos
chaos: setup  ## kill processes and receivers, count what arrives: the table of docs/reliability.md
	PYTHONPATH=benchmarks $(RUN) --group chaos python -m chaos $(ARGS)

.PHONY: redaction-report
redaction-report: setup  ## score redaction on its corpus, beside its peers: the table of docs/redaction.md
	$(RUN) --group redaction-report python benchmarks/redaction/report.py $(ARGS)

.PHONY: settings-table
settings-table: setup  ## write the table of docs/configuration.md anew, from the settings in the code
	@$(RUN) python docs/settings_table.py

.PHONY: pictures
pictures: setup  ## draw the README's pictures anew
	$(RUN) --group pictures python docs/pictures/render.py $(ARGS)

##@ Housekeeping

.PHONY: lock
lock: setup  ## write uv.lock anew after a change of dependencies (wants the package index)
	$(UV) lock

.PHONY: clean
clean:  ## remove what the other targets made
	rm -rf .tools .venv build dist src/*.egg-info .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/out
	find src tests benchmarks -name __pycache__ -type d -exec rm -rf {} +
