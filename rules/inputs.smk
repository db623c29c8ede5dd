"""Input, parameter and resource functions of the rules.

``snakemake --lint`` wants functions in a file without rules.
"""

import shutil
from functools import cache, partial

from created_equal.extras import can_use_gpus
from created_equal.planning.sizes import memory_of, memory_of_baseline
from created_equal.study import (
    CROSS_DATASET,
    FIGURES,
    baselines_in,
    baselines_of,
    ensemble_across,
    ensembles_behind,
    ensembles_in,
    ensembles_of,
    joined,
    roles_of,
)


def arrays_of(wildcards):
    """Return the file of a study's own arrays, if it exists; the preflight reports a missing one."""
    definition = load(wildcards.study).dataset
    if definition["source"] != "arrays":
        return []
    from created_equal.artefacts import image_root

    path = image_root(CONFIG.data_root, definition["path"])
    return [without_braces(path)] if path.is_file() else []


def networks_in(wildcards):
    """Return the seeds of a training job."""
    return range(int(wildcards.first), int(wildcards.last) + 1)


def waiting_for(wildcards):
    """Return the length of the chain of ensembles that wait for this one: a job's priority.

    The long chain of rounds that removes the easiest examples therefore starts first, and all other
    ensembles are trained at the same time.
    """

    def longest(name):
        ensembles = load(wildcards.study).ensembles.values()
        waiting = [each.name for each in ensembles if each.ranked_by == name]
        return max((1 + longest(each) for each in waiting), default=0)

    return longest(wildcards.ensemble)


def gpus_of(wildcards):
    """Return the number of GPUs, 1 or 0, that a training job requests."""
    if CONFIG.device != "auto":
        return int(CONFIG.device == "cuda")
    # The nodes of a cluster, to which jobs are submitted, are assumed to have GPUs.
    return int(workflow.non_local_exec or has_gpu())


@cache
def has_gpu():
    """Return whether PyTorch can use a GPU here; it is asked only where there may be one."""
    return shutil.which("nvidia-smi") is not None and can_use_gpus()


def derivation_of(wildcards):
    """Return the ensemble whose derived dataset a job builds."""
    ensemble = ensemble_of(wildcards)
    if not ensemble.derived:
        fail(
            f"the ensemble {ensemble.name} has no dataset of its own; it is trained on "
            f"{ensemble.dataset_path}; request that file."
        )
    return ensemble


def derived_from(wildcards):
    """Return the inputs of ``derive_dataset``."""
    ranked_by = derivation_of(wildcards).ranked_by
    if ranked_by is None:
        return {"dataset": dataset_path(wildcards.study)}
    ranking = load(wildcards.study).ensembles[ranked_by]
    files = {
        "dataset": ranking.dataset_path,
        "scores": scores_path(wildcards.study, ranked_by),
    }
    if ranking.derived:
        files["chosen"] = chosen_path(wildcards.study, ranked_by)
    return files


def scored_from(wildcards):
    """Return the inputs of ``score_ensemble``."""
    ensemble = ensemble_of(wildcards)
    files = {"predictions": ensemble.predictions_paths(CONFIG.networks_per_job)}
    if "move_to_test" in ensemble.derived:
        files["chosen"] = chosen_path(ensemble.study, ensemble.name)
    return files


def figures_of(study):
    """Return the figures of a study in order, invalid ones included: their jobs fail.

    Figures are left out if a short trial (epochs) has too few epochs for them, if they need scores
    that are not kept, or, in a report, if they were not rendered.
    """
    figures = [*load(study).figures]
    if CONFIG.epochs is None and not KEPT:
        figures += load(study).refused
    if IN_REPORT:
        return [name for name in figures if figure_path(study, name, "pdf").is_file()]
    return figures


def entry_of(figure, wildcards):
    """Return the entry of a figure in a job's study; None if the figure is invalid."""
    figures = figures_of(wildcards.study)
    if figure not in figures:
        refused = load(wildcards.study).refused.get(figure)
        unknown = (
            f"the study {wildcards.study} has no {figure}; add it under figures in "
            f"{study_path(wildcards.study)}, or request "
            f"{', '.join(figures) or 'a figure of another study'}."
        )
        fail(" ".join(refused) if refused else unknown)
    return load(wildcards.study).figures.get(figure)


def shown_in(figure, wildcards):
    """Return the inputs of a figure's rule."""
    entry = entry_of(figure, wildcards)
    if entry is None:
        return {}
    study = load(wildcards.study)
    files = {
        "scores": [study.scores_path(each) for each in ensembles_of(entry)],
        "baselines": [baseline_path(study.name, each) for each in baselines_of(entry)],
    }
    if FIGURES[figure].dataset:
        files["dataset"] = dataset_path(study.name)
    if FIGURES[figure].predictions:
        files["predictions"] = predictions_in(study, ensembles_of(entry))
    return files


def table_of(figure):
    """Return the output csv of a figure that has a table, otherwise no output."""
    has_table = FIGURES[figure].table
    return {"csv": figure_path("{study}", figure, "csv")} if has_table else {}


def in_figure_01(studies):
    """Return the ensemble in figure 1 of each of these studies that has one, by study."""
    shown = {study: ensemble_across(load(study)) for study in studies}
    return {study: ensemble for study, ensemble in shown.items() if ensemble}


def explorers():
    """Return the explorer of the ensemble in figure 1, for all selected studies.

    In a report, like ``claims_of_studies``, return only pages that exist.
    """
    pages = [explorer_path(*each) for each in in_figure_01(CONFIG.studies).items()]
    return [page for page in pages if not IN_REPORT or os.path.exists(page)]


def claims_of_studies():
    """Return the claims of all selected studies."""
    return [
        claims_path(study, "csv")
        for study in CONFIG.studies
        if not IN_REPORT or os.path.exists(claims_path(study, "html"))
    ]


def tables_of_studies():
    """Return the table of the ensemble in figure 1, for all selected studies."""
    return [
        tables_path(study, ensemble, "examples.csv")
        for study, ensemble in in_figure_01(CONFIG.studies).items()
    ]


def explored(wildcards):
    """Return the names of the ensembles on a page of the explorer, one or two."""
    names = [name for name in ("ensemble", "other") if name in wildcards.keys()]
    return [ensemble_of(wildcards, name).name for name in names]


def explored_in(wildcards):
    """Return the inputs of ``explore_ensemble``."""
    study = load(wildcards.study)
    return {
        "dataset": dataset_path(study.name),
        "scores": [checked(study.scores_path, each) for each in explored(wildcards)],
    }


def labels_in(figure, wildcards):
    """Return the labels of the ensembles in a figure."""
    study = load(wildcards.study)
    return [study.label(each) for each in ensembles_of(study.figures.get(figure, {}))]


def pages_of(figure, wildcards):
    """Return the pdf files of a figure for all selected studies that have it."""
    studies = [study for study in CONFIG.studies if figure in figures_of(study)]
    if not studies:
        # Short trials have fewer epochs than some figures show.
        refused = [load(study).refused.get(figure) for study in CONFIG.studies]
        unknown = (
            f"no selected study has {figure} ({', '.join(CONFIG.studies)}); add it under "
            "figures in the file of one, or select another with --config studies=NAME."
        )
        fail(" ".join(next(filter(None, refused), [unknown])))
    return [figure_path(study, figure, "pdf") for study in studies]


def across_path():
    """Return the pdf of the cross-dataset figure, in a list.

    It shows all selected studies that have a figure 1. A report has every such figure of these that
    exists.
    """
    if IN_REPORT:
        return [
            str(path)
            for path in PAPER_FIGURES.glob(f"*/{CROSS_DATASET}.pdf")
            if {*path.parent.name.split("+")} <= {*in_figure_01(CONFIG.studies)}
        ]
    name = joined(in_figure_01(CONFIG.studies))
    # File systems allow 255 bytes in a name.
    return [figure_path(name, CROSS_DATASET, "pdf")] if 0 < len(name) <= 200 else []


def pages_across(wildcards):
    """Return the input of the target ``cross_dataset``, see ``across_path``."""
    if pages := across_path():
        return pages
    if not in_figure_01(CONFIG.studies):
        fail(
            f"{CROSS_DATASET} shows the ensemble of each study's figure_01, but none of "
            f"{', '.join(CONFIG.studies)} has one; add figure_01 to a study."
        )
    if IN_REPORT:
        fail(
            f"{CROSS_DATASET} was not rendered for {', '.join(CONFIG.studies)}; run without "
            "--report first."
        )
    fail(
        f"the names of {len(CONFIG.studies)} studies are too long for the name of a folder; select "
        "fewer with --config studies=NAME,NAME."
    )


def studies_across(wildcards):
    """Return the studies in the name of a cross-dataset figure."""
    return wildcards.studies.split("+")


def labels_across(wildcards):
    """Return the labels of the ensembles in a cross-dataset figure."""
    shown = in_figure_01(studies_across(wildcards))
    return [load(study).label(ensemble) for study, ensemble in shown.items()]


def scores_across(wildcards):
    """Return the scores files that the cross-dataset figure shows, one for each study."""
    studies = studies_across(wildcards)
    shown = in_figure_01(studies)
    if without := [study for study in studies if study not in shown]:
        fail(
            f"{CROSS_DATASET} shows the ensemble of each study's figure_01, but "
            f"{', '.join(without)} has none; add it under figures in the study's file."
        )
    return [load(study).scores_path(ensemble) for study, ensemble in shown.items()]


def roles_in(wildcards):
    """Return the role of each ensemble and baseline in the claims of a study."""
    return roles_of(load(wildcards.study))


def claimed_in(wildcards):
    """Return the inputs of ``check_claims``."""
    name, study, roles = wildcards.study, load(wildcards.study), roles_in(wildcards)
    ensembles = ensembles_in(roles)
    return {
        "dataset": dataset_path(name),
        "scores": [study.scores_path(each) for each in ensembles],
        "baselines": [baseline_path(name, each) for each in baselines_in(roles)],
        "predictions": predictions_in(study, ensembles),
    }


def predictions_in(study, ensembles):
    """Return the predictions files of some of a study's ensembles."""
    return [
        path
        for each in ensembles
        for path in study.ensembles[each].predictions_paths(CONFIG.networks_per_job)
    ]


def tested_in(wildcards):
    """Return the inputs of ``test_results``: those of the claims, and the files behind them."""
    if KEPT:
        fail(
            f"testing results needs all files that they were made from, and {REFERENCE} has only "
            "some; run with --config scores=trained."
        )
    name, study = wildcards.study, load(wildcards.study)
    behind = ensembles_behind(study)
    return claimed_in(wildcards) | {
        "scores": [scores_path(name, each) for each in behind],
        "chosen": [
            chosen_path(name, each) for each in behind if study.ensembles[each].derived
        ],
        "predictions": predictions_in(study, behind),
    }
