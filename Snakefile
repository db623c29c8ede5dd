"""All neural networks are created equal: from data to the paper's figures."""

import os

from snakemake.utils import min_version

min_version("9.0")


# GPUs are counted per machine: one job at a time runs on a local GPU, any number on a cluster.
resource_scopes:
    gpu="local",


# In another folder (-d), that of the repository, unless there is one.
HAS_CONFIG = os.path.exists("config.yaml")


configfile: "config.yaml" if HAS_CONFIG else os.path.join(workflow.basedir, "config.yaml")


include: "rules/common.smk"
include: "rules/hooks.smk"
include: "rules/inputs.smk"
include: "rules/datasets.smk"
include: "rules/training.smk"
include: "rules/ablations.smk"
include: "rules/baselines.smk"
include: "rules/scores.smk"
include: "rules/figures.smk"
include: "rules/explorer.smk"
include: "rules/tables.smk"
include: "rules/claims.smk"


report: "report/workflow.rst"


onstart:
    preflight()
    mark_outdated()


onsuccess:
    warn_of_failed_learning()
    forget_earlier()


onerror:
    give_back()
    forget_earlier()
    report_full_disk()


localrules:
    all,


rule all:
    default_target: True
    input:
        [
            figure_path(study, figure, "pdf")
            for study in CONFIG.studies
            for figure in figures_of(study)
        ],
        across_path(),
        explorers(),
        tables_of_studies(),
        [claims_path(study, "csv") for study in CONFIG.studies],
        [] if KEPT else [results_test_path(study) for study in CONFIG.studies],


check_targets()
