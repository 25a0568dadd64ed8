# Two commands matter: `make run` and `make test`. Both do all the set-up they need.
PYTHON ?= python3
ENGINE := .venvs/engine/bin/python
GATEWAY := .venvs/gateway/bin/python
export RASA_TELEMETRY_ENABLED = false
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help run test setup tracing train check lint format lock clean

help:  ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## Set up, train if the data changed, and serve the demo clinic on http://localhost:8000
	@./ims run

test: tracing lint check train  ## Set up, then lint, check the knowledge, train, and pass every test
	$(ENGINE) -m pytest tests/engine --write-outcomes var/test-outcomes-engine.json
	$(GATEWAY) -m pytest tests --ignore=tests/engine --outcomes var/test-outcomes-engine.json

setup:  ## Make both environments and the sentence encoder
	@$(PYTHON) environments/setup.py

tracing:  ## Set up, with what sends traces to an OpenTelemetry collector (docs/operations.md)
	@$(PYTHON) environments/setup.py --tracing

train: setup  ## Train the engine if the data changed
	@./ims train --if-changed

check: setup  ## Check the knowledge under data/
	@./ims check

lint: setup  ## ruff and mypy
	$(GATEWAY) -m ruff check . && $(GATEWAY) -m ruff format --check . && $(GATEWAY) -m mypy

format: setup  ## Format the code
	$(GATEWAY) -m ruff check --fix . ; $(GATEWAY) -m ruff format .

lock: setup  ## Resolve the lock files again from pyproject.toml
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.10 --group engine -o environments/engine.txt
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group gateway --group test -o environments/gateway.txt
	.venvs/uv/bin/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group tracing -c environments/gateway.txt -o environments/tracing.txt

clean:  ## Remove what set-up, training and running made
	rm -rf .venvs models var results .rasa
