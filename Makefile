# Needs Python 3.11 or newer, pip and make; everything else goes into .venv.

PYTHON := $(firstword $(foreach python,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
VENV := .venv
IN := $(VENV)/bin

.PHONY: build test test-oldest benchmark format clean

build: $(VENV)/ready ## Derive, render, generate and verify the gallery.
	$(IN)/derive build

test: $(VENV)/ready ## Lint, format, types, committed output and tests.
	$(IN)/ruff check
	$(IN)/ruff format --check
	$(IN)/mypy
	$(IN)/derive check
	$(IN)/python -m pytest

test-oldest: $(VENV)-oldest/ready ## The tests, with the oldest libraries that are supported.
	$(VENV)-oldest/bin/python -m pytest

benchmark: $(VENV)/ready ## How long a build takes beside the import of its libraries.
	$(IN)/python benchmarks/build_time.py

format: $(VENV)/ready ## Put the code into the format that `make test` expects.
	$(IN)/ruff check --fix
	$(IN)/ruff format

clean: ## Remove what the other commands install; generated output is committed and stays.
	rm -rf $(VENV) $(VENV)-oldest .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/ready: WITH = --editable '.[test,lint]'
$(VENV)-oldest/ready: WITH = --editable '.[test]' 'jinja2==3.1.*' 'mpmath==1.3.*' 'numpy==2.0.*' 'sympy==1.13.*'

%/ready: pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer was not found: make PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv --clear --without-pip $*
	$(PYTHON) -m pip --python $*/bin/python --disable-pip-version-check install --quiet $(WITH)
	touch $@
