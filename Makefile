# Two commands matter: `make run` and `make test`. Both do all the set-up they need.
PYTHON ?= python3
ENGINE := .venvs/engine/bin/python
GATEWAY := .venvs/gateway/bin/python
OX := .venvs/gateway/bin/ox
SCRIPTS := gateway/static
export RASA_TELEMETRY_ENABLED = false
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help run test quick setup tools tracing train check figures lint format lock clean

help:  ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## Set up, train if the data changed, and serve the demo clinic on http://localhost:8000
	@./ims run

# Both environments' tests at once, and the gateway's in two processes; last, the hazard log against all that ran.
SHOWN := tests/governance/test_hazards.py::test_every_control_was_shown_to_work_in_this_run
test: tracing lint check train  ## Set up, then lint, check the knowledge, train, and pass every test
	@mkdir -p var
	$(ENGINE) -m pytest tests/engine --write-outcomes var/test-outcomes-engine.json > var/test-engine.log 2>&1 & engine=$$!; \
	$(GATEWAY) -m pytest tests --ignore=tests/engine --deselect $(SHOWN) -n 2 --dist loadfile --timeout 600 \
		--write-outcomes var/test-outcomes-gateway.json; gateway=$$?; \
	wait $$engine; engine=$$?; cat var/test-engine.log; exit $$((gateway + engine))
	$(GATEWAY) -m pytest $(SHOWN) --outcomes var/test-outcomes-engine.json --outcomes var/test-outcomes-gateway.json

quick: lint check  ## Lint, types, and the tests that need no model, browser or gateway: under two minutes
	$(GATEWAY) -m pytest tests --ignore=tests/engine --quick -n auto --dist loadfile -q

setup:  ## Make both environments and the sentence encoder
	@$(PYTHON) environments/setup.py

tools: setup
	@$(PYTHON) environments/setup.py --tests

tracing:  ## Set up, with what sends traces to an OpenTelemetry collector (docs/operations.md)
	@$(PYTHON) environments/setup.py --tracing

train: setup  ## Train the engine if the data changed
	@./ims train --if-changed

check: setup  ## Check the knowledge under data/
	@./ims check

figures: tools train  ## Repeat the figures that README and docs state, and say which has changed
	@$(GATEWAY) -m benchmarks.figures

lint: tools  ## ruff and mypy; oxlint and oxfmt for JavaScript
	$(GATEWAY) -m ruff check . && $(GATEWAY) -m ruff format --check . && $(OX)lint --deny-warnings $(SCRIPTS) && $(OX)fmt --check $(SCRIPTS) && $(GATEWAY) -m mypy

format: tools  ## Format the code
	$(GATEWAY) -m ruff check --fix . ; $(GATEWAY) -m ruff format . ; $(OX)lint --fix $(SCRIPTS) ; $(OX)fmt $(SCRIPTS)

lock: setup  ## Resolve the lock files again from pyproject.toml
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.10 --group engine -o environments/engine.txt
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group gateway -o environments/gateway.txt
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group test -c environments/gateway.txt -o environments/test.txt
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group tracing -c environments/gateway.txt -o environments/tracing.txt

clean:  ## Remove what set-up, training and running made
	rm -rf .venvs var results .rasa && find models -mindepth 1 ! -name README.md -delete
