"""All neural networks are created equal: from data to the paper's figures."""

from snakemake.utils import min_version

min_version("9.17")


# GPUs are counted per machine: one job at a time runs on a local GPU, any number on a cluster.
resource_scopes:
    gpu="local",


# False if another workflow uses this one as a module.
IS_MAIN = workflow.modifier.is_main_snakefile()


include: "rules/common.smk"
include: "rules/hooks.smk"
include: "rules/inputs.smk"
include: "rules/datasets.smk"
include: "rules/training.smk"
include: "rules/baselines.smk"
include: "rules/scores.smk"
include: "rules/figures.smk"
include: "rules/explorer.smk"
include: "rules/tables.smk"
include: "rules/claims.smk"


report: "report/workflow.rst"


onstart:
    if IS_HEAD and not workflow.touch:  # With --touch, no job runs.
        preflight()
        mark_outdated()


onsuccess:
    if IS_HEAD:
        warn_of_failed_learning()
        say_where()
        forget_earlier()


onerror:
    if IS_HEAD:
        give_back()
        forget_earlier()
        print_lines(explain_failure())


rule all:
    default_target: IS_MAIN
    input:
        [
            figure_path(study, figure, "pdf")
            for study in CONFIG.studies
            for figure in figures_of(study)
        ],
        across_path(),
        explorers(),
        tables_of_studies(),
        claims_of_studies(),
        [] if KEPT else [results_test_path(study) for study in CONFIG.studies],


if IS_MAIN and IS_HEAD:
    check_targets()
