"""What the rules share: the checked config and studies, and where the code is."""

import gc
import json
import os
import shutil
import sys
from functools import cache
from itertools import chain
from pathlib import Path

# Thousands of jobs are built at once and all are kept: fewer searches for garbage among them.
gc.set_threshold(200_000, 20, 20)
sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from created_equal.claims.roles import (
    baselines_in,
    ensembles_behind,
    ensembles_in,
    roles_of,
)
from created_equal.errors import InputError
from created_equal.extent import expected_extent, memory_of, predictions_of
from created_equal.preflight import Job, check_run, explain_failure, find_nodes
from created_equal.reference import REFERENCE
from created_equal.study import (
    CONFIG_VARIABLE,
    CROSS_DATASET,
    FIGURES,
    baseline_of,
    baseline_path,
    baselines_of,
    chosen_path,
    claims_path,
    dataset_path,
    ensemble_across,
    ensembles_of,
    figure_path,
    load_config,
    load_studies,
    load_study,
    predictions_path,
    results_test_path,
    scores_path,
)
from created_equal.versions import BASELINES_VERSION, DECODING_VERSION, ENGINE_VERSION
from created_equal.yaml_files import read_yaml, suggestion

PACKAGE = "src/created_equal"
# Of more predictions than these an ensemble's scores take minutes, and so do claims about it.
LARGE = 200_000_000


def refuse(sentence):
    """End the workflow with one sentence, without the lines of code that Snakemake would add."""
    sys.exit(f"created-equal: {sentence}")


def checked(read, *arguments):
    """Call a reader; what the user got wrong ends the workflow in one sentence."""
    try:
        return read(*arguments)
    except InputError as error:
        refuse(error)


# Snakemake takes the last of a key that stands in a file twice; our reader refuses it.
for path in workflow.configfiles:
    checked(read_yaml, Path(path))
CONFIG = checked(load_config, config)
# Whether scores are those that are kept with the code.
KEPT = CONFIG.scores == REFERENCE
STUDIES = checked(load_studies, CONFIG.studies, CONFIG.networks, CONFIG.scores)


@cache
def load(study):
    """Return a checked study as the config has it."""
    return STUDIES.get(study) or checked(
        load_study, study, CONFIG.networks, CONFIG.scores
    )


def ensemble_of(wildcards):
    """Return the ensemble that a job's wildcards name."""
    ensembles = load(wildcards.study).ensembles
    if wildcards.ensemble not in ensembles:
        refuse(
            f"the study {wildcards.study} has no ensemble {wildcards.ensemble}; "
            f"{suggestion(wildcards.ensemble, list(ensembles))}"
        )
    return ensembles[wildcards.ensemble]


def networks_in(wildcards):
    """Return the numbers of the networks of a training job."""
    return range(int(wildcards.first), int(wildcards.last) + 1)


def derivation_of(wildcards):
    """Return the ensemble whose derived dataset a job makes."""
    ensemble = ensemble_of(wildcards)
    if ensemble.derived is None:
        refuse(
            f"the ensemble {ensemble.name} has no dataset of its own; it is trained on "
            f"{ensemble.dataset_path}: ask for that."
        )
    return ensemble


def derived_from(wildcards):
    """Return what a dataset is derived from, by the names of the rule's inputs."""
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
    """Return what an ensemble's scores are made from, by the names of the rule's inputs."""
    ensemble = ensemble_of(wildcards)
    files = {"predictions": ensemble.predictions_paths(CONFIG.networks_per_job)}
    if "move_to_test" in (ensemble.derived or {}):
        files["chosen"] = chosen_path(ensemble.study, ensemble.name)
    return files


def figures_of(study):
    """Return the figures of a study, in its order, those that its jobs will refuse included."""
    return [*load(study).figures, *load(study).refused]


def entry_of(figure):
    """Return what gives the entry of a figure in the study of a job; None if it is refused."""

    def entry(wildcards):
        figures = figures_of(wildcards.study)
        if figure not in figures:
            refuse(
                f"the study {wildcards.study} has no {figure}; add it under figures in "
                f"config/studies/{wildcards.study}.yaml, or ask for "
                f"{', '.join(figures) or 'a figure of another study'}."
            )
        return load(wildcards.study).figures.get(figure)

    return entry


def shown_in(figure):
    """Return what gives the files that a figure shows, by the names of the rule's inputs."""

    def shown(wildcards):
        name, entry = wildcards.study, entry_of(figure)(wildcards)
        if entry is None:
            return {}
        study = load(name)
        files = {
            "scores": [study.scores_path(each) for each in ensembles_of(entry)],
            "baselines": [baseline_path(name, each) for each in baselines_of(entry)],
        }
        if FIGURES[figure].dataset:
            files["dataset"] = dataset_path(name)
        return files

    return shown


def pages_of(figure):
    """Return what gives a figure of all selected studies that have it."""

    def pages(wildcards):
        studies = [study for study in CONFIG.studies if figure in figures_of(study)]
        if not studies:
            refuse(
                f"no selected study has {figure} ({', '.join(CONFIG.studies)}); add it under "
                "figures in the file of one, or select another with --config studies=NAME."
            )
        return [figure_path(study, figure, "pdf") for study in studies]

    return pages


def scores_across(wildcards):
    """Return the scores files of one ensemble of each selected study."""
    if not ACROSS:
        refuse(
            f"{CROSS_DATASET} shows the ensemble of each study's figure_01, and no selected study "
            f"has one ({', '.join(CONFIG.studies)}); add it under figures in the file of one."
        )
    return [load(study).scores_path(ensemble) for study, ensemble in ACROSS.items()]


def roles_in(wildcards):
    """Return which ensembles and baselines play which part in the claims of a study."""
    return roles_of(load(wildcards.study))


def claimed_in(wildcards):
    """Return the files that the claims of a study rest on, by the names of the rule's inputs."""
    name, study = wildcards.study, load(wildcards.study)
    ensembles = ensembles_in(roles_in(wildcards))
    return {
        "dataset": dataset_path(name),
        "scores": [study.scores_path(each) for each in ensembles],
        "baselines": [
            baseline_path(name, each) for each in baselines_in(roles_in(wildcards))
        ],
        "predictions": [] if KEPT else predictions_in(study, ensembles),
    }


def predictions_in(study, ensembles):
    """Return the predictions files of all networks of some of a study's ensembles."""
    return [
        path
        for each in ensembles
        for path in study.ensembles[each].predictions_paths(CONFIG.networks_per_job)
    ]


def tested_in(wildcards):
    """Return the files that are tested: what claims rest on, and what that was made from."""
    if KEPT:
        refuse(
            "scores are tested with the predictions that they were made from, which are not kept "
            f"in {REFERENCE}; say scores=trained."
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


def fitted(wildcards):
    """Return the baseline that a job's wildcards name."""
    return checked(baseline_of, load(wildcards.study), wildcards.baseline)


def code(*patterns):
    """Return the modules of the package that match, to be watched for changes."""
    package = Path(workflow.basedir, PACKAGE)
    return sorted(
        str(path.relative_to(workflow.basedir))
        for pattern in patterns
        for path in package.glob(pattern)
    )


HAS_GPU = shutil.which("nvidia-smi") is not None


def gpus_of(wildcards):
    """Return 1 if a training job is to have a GPU, else 0: on a cluster, unless device is cpu."""
    wanted = workflow.non_local_exec or HAS_GPU
    return int(CONFIG.device == "cuda" or (CONFIG.device == "auto" and wanted))


def is_large(study):
    """Return whether some ensemble of a study makes so many predictions that they take minutes."""
    extent = expected_extent(study.dataset)
    return extent is not None and any(
        predictions_of(ensemble, extent) > LARGE
        for ensemble in study.ensembles.values()
    )


def described(job):
    """Return what the preflight asks of one of Snakemake's jobs."""
    wildcards, resources = dict(job.wildcards), job.resources
    return Job(
        name=job.rule.name,
        study=wildcards.get("study"),
        ensemble=wildcards.get("ensemble"),
        networks=(
            networks_in(job.wildcards) if job.rule.name == "train_networks" else ()
        ),
        submitted=not job.is_local,
        mem_mb=resources.get("mem_mb", 0),
        cpus=job.threads,
        gpus=resources.get("gpu", 0),
        minutes=resources.get("runtime", 0),
    )


def preflight():
    """Check data, disk and nodes before the first job, and say what will be trained."""
    needed = dict.fromkeys(workflow.dag.needrun_jobs())
    wanted = [described(job) for job in needed]
    # What is not needed may be missing: Snakemake looks no further than a figure that is there.
    finished = [
        described(job)
        for job in workflow.dag.jobs
        if job not in needed and all(map(os.path.exists, job.output))
    ]
    studies = {job.study: load(job.study) for job in wanted + finished if job.study}
    nodes = find_nodes() if workflow.non_local_exec else []
    for line in checked(check_run, CONFIG, studies, wanted, finished, nodes):
        print(f"created-equal: {line}", file=sys.stderr)


def mark_outdated():
    """Let Snakemake know that what this run makes again is out of date until it is made.

    It looks no further than a file that is there: if the run ended halfway, a figure of before would
    pass for current as soon as the scores behind it were missing. Marked as if its job had started,
    it is made again by the next run (rerun-incomplete).
    """
    if not workflow.touch:
        for job in workflow.dag.needrun_jobs():
            workflow.persistence.started(job)


def say_if_full():
    """Say it, if a run failed and its disk is full."""
    if sentence := explain_failure():
        print(f"created-equal: {sentence}", file=sys.stderr)


# A figure that cannot be is refused by its own job, so that all others are built; said here at once.
if workflow.is_main_process:
    for study in CONFIG.studies:
        for sentence in chain.from_iterable(load(study).refused.values()):
            print(
                f"created-equal: config/studies/{study}.yaml: {sentence}",
                file=sys.stderr,
            )


# The ensembles that stand for the selected studies where studies are compared.
ACROSS = {
    study: ensemble_across(load(study))
    for study in CONFIG.studies
    if ensemble_across(load(study))
}


# The commands run with the Python that runs Snakemake, need no installed package, and see the
# config with what was given on Snakemake's command line; none of that makes a job run again.
os.environ |= {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    "PYTHONPATH": str(Path(workflow.basedir, "src")),
    CONFIG_VARIABLE: json.dumps(config),
}


# The studies, in a regular expression, whose scores and claims are jobs of their own on a cluster.
LARGE_STUDIES = (
    "|".join(filter(lambda name: is_large(load(name)), CONFIG.studies)) or "(?!)"
)


wildcard_constraints:
    study="[a-z0-9_]+",
    ensemble="[a-z0-9_]+",
    first=r"\d+",
    last=r"\d+",
