# The two commands of the README are `make repro` and `make test`.
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: repro test check format lock install tidy bench-data bench-train bench-cleaning bench-eval
.PHONY: ablation-optimizers ablation-layers ablation-architectures compare-seeds

repro: install
	dvc repro
	@echo "Table: plots/comparison/comparison.csv   plots: dvc plots show   metrics: dvc metrics show"

test: install
	python -m pytest -n 2 --dist worksteal

check: install
	ruff check .
	ruff format --check .
	mypy

format: install
	ruff check --fix .
	ruff format .

# The runs stand in experiments/ablations.yaml. Each is a DVC experiment; those that are there already stay.
ablation-optimizers ablation-layers ablation-architectures: ablation-%: install
	dvc repro pack
	python -m experiments.ablation $*

# Of experiments that differ in their seed alone, such as those of `dvc exp run --queue -S seed=0,1,2`.
compare-seeds: install
	python -m experiments.seeds

# After a model was taken out of params.yaml, or renamed.
tidy: install
	python -m experiments.tidy

bench-data: install
	python -m benchmarks.data

# Needs the embedded data and models: run `make repro` first.
bench-train: install
	python -m benchmarks.training

bench-cleaning: install
	python -m benchmarks.cleaning

bench-eval: install
	python -m benchmarks.evaluation

# Resolve requirements.in and requirements-dev.in anew into requirements.txt, for every platform and Python from 3.11 on.
lock: install
	python -m pip install -q uv
	uv pip compile --universal --python-version 3.11 --no-header --no-annotate --upgrade requirements.in requirements-dev.in -o requirements.txt

# The second is the page of `dvc plots show`, which needs no network; .dvc/config names it.
install: $(VENV)/installed .dvc/plots/page.html

.dvc/plots/page.html: monolayer/plots/page.py $(VENV)/installed
	python -m monolayer.plots.page $@

$(VENV)/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Monolayer needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -r requirements.txt
	@touch $@
