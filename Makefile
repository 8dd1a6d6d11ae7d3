# Two commands matter: `make run` and `make test`. Everything else serves them.
SHELL := /bin/bash
export PORT ?= 8000
export BIHUAN_DATA ?= $(CURDIR)/var
export UV_PYTHON_DOWNLOADS := never
PY := .venv/bin/python
UV := .venv/bin/uv

.PHONY: setup setup-dev run test check bench bench-quick bench-plans requirements worker bundle format clean

.venv/bin/uv:
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.base: requirements/base.txt pyproject.toml | .venv/bin/uv
	$(UV) pip install --quiet --require-hashes -r requirements/base.txt
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.base
	$(UV) pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.bench: requirements/bench.txt .venv/.dev
	$(UV) pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

setup: .venv/.base

setup-dev: .venv/.dev

run: setup
	@$(PY) -m bihuan.config.cli run

worker: setup
	@$(PY) -m bihuan.config.cli worker

check: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djlint --lint --quiet templates bihuan
	.venv/bin/mypy bihuan
	.venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	BIHUAN_HTTPS=1 $(PY) manage.py check --deploy --fail-level ERROR

test: setup-dev
	scripts/test

# make bench [SUITES=panels,lists] [ROWS=10000000] [BENCH="--keep"]; make bench-quick takes a few minutes.
bench: .venv/.bench
	$(PY) -m bench $(if $(SUITES),--suites $(SUITES)) $(if $(ROWS),--rows $(ROWS)) $(BENCH)

bench-quick: .venv/.bench
	$(PY) -m bench --quick $(if $(SUITES),--suites $(SUITES)) $(BENCH)

bench-plans: setup-dev
	$(PY) -m bench.plans

requirements: | .venv/bin/uv
	for name in base dev bench; do $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements/$$name.in -o requirements/$$name.txt; done

format: setup-dev
	.venv/bin/ruff check --fix --quiet .
	.venv/bin/ruff format --quiet .

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# An installation for machines without network, in dist/bundle or OUT.
bundle: setup
	rm -rf $(or $(OUT),dist/bundle)
	PYTHON=$(CURDIR)/$(PY) scripts/bundle $(or $(OUT),dist/bundle)
