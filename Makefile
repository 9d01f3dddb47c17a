# Two commands do all the set-up: `make demo` (the main job) and `make test` (the whole suite).
.DEFAULT_GOAL := help
.PHONY: help demo test soak lint bench airflow-env airflow lock vectors sample-pki dashboards docs clean

PY := .venv/bin/python
UV ?= uv
DEMO_DIR ?= .demo
AIRFLOW_DIR ?= .airflow/county
AIRFLOW_PORT ?= 8080

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo:            ## the main job: one county's three feeds, from real sources to verified receipts
	@sh scripts/setup.sh demo
	@.venv/bin/yizhan demo --dir $(DEMO_DIR)

test:            ## the whole test suite, with every server it needs
	@sh scripts/setup.sh test
	$(PY) -m pytest -q -n 3 --dist loadfile

soak:            ## what takes minutes: a month's start of 140 feeds under Airflow; the images' steps; Compose's Airflow
	@sh scripts/setup.sh test
	@sh scripts/peers.sh soak
	$(PY) -m pytest -q -m soak soak tests/deploy

lint:            ## style and the rooms' arrows
	@sh scripts/setup.sh test
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/lint-imports

bench:           ## memory of a 2,000,000-row feed; each adapter beside the plain tool; a scrape; 200 DAGs; never asserts
	@sh scripts/setup.sh demo
	@sh scripts/setup.sh airflow
	$(PY) -m benchmarks.memory --rows 2000000
	$(PY) -m benchmarks.adapters --rows 1000000
	$(PY) -m benchmarks.exporter --feeds 2000 --periods 24
	$(PY) -m benchmarks.dags --feeds 200

airflow-env:     ## the Airflow environment, .airflow/venv
	@sh scripts/setup.sh airflow

airflow:         ## the sample county run from Airflow: prints the URL and the users; Ctrl-C ends it
	@sh scripts/setup.sh demo
	@sh scripts/setup.sh airflow
	@$(PY) -m scripts.airflow_county --dir $(AIRFLOW_DIR) --port $(AIRFLOW_PORT)

lock:            ## refresh the hash-locked requirements (needs uv)
	$(UV) pip compile -q --no-header --generate-hashes -U pyproject.toml -o requirements/core.txt
	$(UV) pip compile -q --no-header --generate-hashes -U pyproject.toml requirements/build.in --extra all -o requirements/all.txt
	$(UV) pip compile -q --no-header --generate-hashes -U pyproject.toml requirements/build.in --extra all --group dev -o requirements/dev.txt
	$(UV) pip compile -q --no-header --generate-hashes -U pyproject.toml requirements/build.in --extra airflow -c requirements/core.txt -o requirements/airflow.txt
	$(UV) pip compile -q --no-header --generate-hashes -U pyproject.toml requirements/build.in requirements/airflow-office.in --extra airflow -c requirements/core.txt -o requirements/airflow-office.txt

vectors:         ## remake tests/vectors from the sample keys
	$(PY) tests/vectors/make.py

sample-pki:      ## remake certs/sample
	$(PY) certs/sample/make.py

dashboards:      ## remake monitoring/grafana from monitoring/dashboards
	$(PY) -m monitoring.dashboards

docs:            ## remake the generated tables of docs/
	$(PY) scripts/tables.py

clean:           ## everything that was made, but not the environment
	rm -rf .demo .pytest_cache .ruff_cache .import_linter_cache .hypothesis .artefacts dist build
