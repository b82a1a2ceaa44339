# Everything a developer runs, each target one job. `make help` lists them.
#
#   make test PYTHON=3.12       another interpreter (3.10 to 3.14), in an environment of its own
#   make test ARGS="-k redact"  arguments for pytest

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

# --- what people run -----------------------------------------------------------------------------------------------

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup  ## Watch three real services log as one
	@$(RUN) --extra demo discreet demo $(ARGS)

# The official KQL parser, where Node.js is there: without it, the two tests that want it are skipped and say so.
KUSTO := .tools/kusto/node_modules/.package-lock.json
NPM := $(shell command -v npm 2>/dev/null)

$(KUSTO): tests/azure_monitor/kusto/package-lock.json
	@mkdir -p .tools/kusto
	@cp tests/azure_monitor/kusto/package*.json .tools/kusto
	@cd .tools/kusto && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json

.PHONY: kusto
kusto:
	@$(if $(NPM),$(MAKE) -s $(KUSTO) || echo "No KQL parser: npm could not install it.")

.PHONY: test
test: setup kusto  ## Run the tests
	$(RUN) --group test pytest $(ARGS)

.PHONY: check
check: lint types coverage  ## Everything a change has to pass

.PHONY: lint
lint: setup  ## Check style and formatting
	$(RUN) --group lint ruff check .
	$(RUN) --group lint ruff format --check .

.PHONY: format
format: setup  ## Rewrite the files in the project's style
	$(RUN) --group lint ruff check --fix .
	$(RUN) --group lint ruff format .

.PHONY: types
types: setup  ## Check types with mypy and pyright, as strict as they go
	$(RUN) --group lint --group test mypy
	$(RUN) --group lint --group test basedpyright

.PHONY: coverage
coverage: setup kusto  ## Run the tests and require 95 % of branches
	$(RUN) --group test coverage erase
	$(RUN) --group test coverage run -m pytest $(ARGS)
	$(RUN) --group test coverage combine --quiet
	$(RUN) --group test coverage report

.PHONY: bench
bench: setup  ## Measure against other logging libraries and draw the chart
	$(RUN) --group bench python benchmarks/run.py $(ARGS)
	$(RUN) --group redaction-report python benchmarks/redaction/speed.py
	$(RUN) python benchmarks/start.py

.PHONY: chaos
chaos: setup  ## Kill processes and receivers, count what arrives, and write the table of docs/reliability.md
	PYTHONPATH=benchmarks $(RUN) --group chaos python -m chaos $(ARGS)

.PHONY: pictures
pictures: setup  ## Draw the README's pictures anew
	$(RUN) --group pictures python docs/pictures/render.py $(ARGS)

.PHONY: redaction-report
redaction-report: setup  ## Score redaction on its corpus, beside its peers, and write the table of docs/redaction.md
	$(RUN) --group redaction-report python benchmarks/redaction/report.py $(ARGS)

.PHONY: settings-table
settings-table: setup  ## Write the table of docs/configuration.md anew, from the settings in the code
	@$(RUN) python docs/settings_table.py

.PHONY: lock
lock: setup  ## Write uv.lock anew after a change of dependencies
	$(UV) lock

.PHONY: clean
clean:  ## Remove what the other targets made
	rm -rf .tools .venv build dist src/*.egg-info .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/out
	find src tests benchmarks -name __pycache__ -type d -exec rm -rf {} +
