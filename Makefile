# Every target works on a machine that has only Python, pip and make.
PYTHON ?= python3
ARGS ?= --numprocesses 2 --no-loadscope-reorder
BIN := .venv/bin

.PHONY: run test lint format bench samples clean

run: .venv/.installed  ## Start the dashboard on http://127.0.0.1:8501
	$(BIN)/fusionscope serve

test: .venv/.developer  ## Run all tests
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/.developer  ## Check style, import rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.developer  ## Mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.bench  ## Measure speed and memory; writes benchmarks/results/
	$(BIN)/python -m benchmarks

samples: .venv/.installed  ## Make sample_data/ again
	$(BIN)/fusionscope simulate

clean:  ## Remove the environment and what was built
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.txt pyproject.toml
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

.venv/.developer: .venv/.installed
	$(BIN)/pip install --quiet -r requirements.txt -e '.[dev]'
	touch $@

.venv/.bench: .venv/.developer
	$(BIN)/pip install --quiet -r requirements.txt -e '.[dev,bench]'
	touch $@
