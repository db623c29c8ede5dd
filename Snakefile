"""All neural networks are created equal: from data to the paper's figures."""

from snakemake.utils import min_version

min_version("9.0")


# A GPU is counted on each machine by itself: one job at a time on it here, all at once on a cluster.
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
include: "rules/claims.smk"


report: "report/workflow.rst"


onstart:
    preflight()
    mark_outdated()


onsuccess:
    say_what_did_not_learn()


onerror:
    say_if_full()


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
        [claims_path(study, "csv") for study in CONFIG.studies],
        [] if KEPT else [results_test_path(study) for study in CONFIG.studies],
