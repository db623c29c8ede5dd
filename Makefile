# Run make to list all targets.
PYTHON ?= python3
ACTIVATE = . .venv/bin/activate
# Python compiles the modules that are used when they are first imported, and most never are.
INSTALL ?= .venv/bin/python -m pip install --disable-pip-version-check --no-compile
# Containers often set it, and then every process would compile torch again.
export PYTHONDONTWRITEBYTECODE =
WEB = src/created_equal/look.css src/created_equal/explorer/explorer.css \
    src/created_equal/explorer/explorer.js src/created_equal/look.js
.DEFAULT_GOAL := help
.PHONY: help reproduce test test-portable test-slurm style benchmark gpu clean

help:
	@echo "make reproduce      set up .venv and run snakemake --cores all (if you have uv, it installs faster:"
	@echo "                    make reproduce INSTALL='uv pip install --python .venv')"
	@echo "make test           set up .venv and run the style checks and the tests"
	@echo "make test-portable  train, score and check the smoke study with AVX2 only, to round like older"
	@echo "                    CPUs, and test the wheel in an empty environment"
	@echo "make test-slurm     test the workflow on a local Slurm (installs it if missing; needs root)"
	@echo "make benchmark      measure training speed on this machine"
	@echo "make gpu            test, measure and train on this machine's GPU for half an hour, into gpu/"
	@echo "make style          format the code and the workflow"
	@echo "make clean          remove .venv, but no results, figures or data"

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed, $(PYTHON) is older; run make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) --quiet -r requirements.txt
	$(INSTALL) --quiet --no-deps --no-build-isolation -e .
	.venv/bin/python -c "import snakemake.cli, seaborn, papermill, created_equal.training"
	touch $@

reproduce: .venv/ready
	$(ACTIVATE) && snakemake --cores all

test: .venv/ready
	$(ACTIVATE) && ruff check . && ruff format --check . && snakefmt --check Snakefile rules
	$(ACTIVATE) && deno fmt --quiet --check --line-width 100 $(WEB) && \
	    deno lint --quiet $(filter %.js,$(WEB))
	$(ACTIVATE) && snakemake --lint
	$(ACTIVATE) && OMP_NUM_THREADS=1 python -m pytest --numprocesses 3 --dist loadfile \
	    --no-loadscope-reorder

# This runs in a copy of the repository, so that results are not touched.
test-portable: .venv/ready
	$(ACTIVATE) && folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	    git ls-files -z --cached --others --exclude-standard | \
	    tar --null --files-from - --ignore-failed-read --create | tar --extract --directory "$$folder" && \
	    cd "$$folder" && env ONEDNN_MAX_CPU_ISA=AVX2 DNNL_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 \
	    snakemake --cores all results/smoke/claims.csv results/smoke/results_test.txt \
    --config precision=fp32 device=cpu
	$(ACTIVATE) && OMP_NUM_THREADS=1 python -m pytest tests/wheel

test-slurm: .venv/ready
	$(ACTIVATE) && OMP_NUM_THREADS=1 python -m pytest tests/slurm

benchmark: .venv/ready
	$(ACTIVATE) && { test -f results/small_mammals/dataset.nc || created-equal build_dataset small_mammals; }
	$(ACTIVATE) && python benchmarks/training.py --json results/benchmark.json

gpu: .venv/ready
	$(ACTIVATE) && python benchmarks/gpu.py --minutes 30 --out gpu

style: .venv/ready
	$(ACTIVATE) && ruff check --fix . && ruff format . && snakefmt Snakefile rules && \
	    deno fmt --quiet --line-width 100 $(WEB)

clean:
	rm -rf .venv

docs/tables.md: src/created_equal/exchange/columns.py src/created_equal/exchange/others_logs.py
	$(ACTIVATE) && python -m created_equal.exchange.column_page

# This writes schemas/ too.
config/README.md: src/created_equal/study/keys.py src/created_equal/study/key_pages.py
	$(ACTIVATE) && python -m created_equal.study.key_pages
