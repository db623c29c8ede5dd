"""All neural networks are created equal: from data to the paper's figures."""

from snakemake.utils import min_version

min_version("9.0")


# GPUs are counted per machine: one job at a time runs on a local GPU, any number on a cluster.
resource_scopes:
    gpu="local",


configfile: "config.yaml"


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
include: "rules/claims.smk"


report: "report/workflow.rst"


onstart:
    preflight()
    mark_outdated()


onsuccess:
    warn_of_failed_learning()


onerror:
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
        [figure_path(None, CROSS_DATASET, "pdf")] if ACROSS else [],
        [explorer_path(study, ensemble) for study, ensemble in ACROSS.items()],
        [claims_path(study, "csv") for study in CONFIG.studies],
        [] if KEPT else [results_test_path(study) for study in CONFIG.studies],
