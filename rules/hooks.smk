"""Hooks at the start and the end of a run, and all that touches Snakemake's jobs and records."""

import difflib
import re
import shlex
import shutil
import time
from inspect import iscoroutinefunction
from itertools import chain, pairwise

import snakemake.dag
import snakemake.io
import snakemake.persistence
from snakemake.settings.types import DeploymentMethod

from created_equal.planning.preflight import (
    Job,
    check_definitions,
    check_run,
    explain_failure,
)
from created_equal.study import RESULTS, ensembles_behind

# Rules whose outputs people look at, and where these outputs are kept while they are made again.
# The file of test_results is not kept: it says that the results of now pass.
PAGES = ("render_", "check_", "explore_", "tabulate_")
EARLIER = Path(".snakemake/created_equal")
TESTED_WITH = "9.27.1"

# These are no part of Snakemake's interface. Where other ones are awaited, what this file puts in
# their place would be taken for true, or never run.
try:
    of_snakemake = (
        snakemake.io._IOFile.protected,
        snakemake.dag.DAG.postprocess,
        snakemake.persistence.PersistenceBase.started,
    )
except AttributeError:
    of_snakemake = ()
if [*map(iscoroutinefunction, of_snakemake)] != [True, True, False]:
    fail(
        f"Snakemake {snakemake.__version__} differs inside from the one that this workflow was "
        f"tested with; install that: python -m pip install snakemake=={TESTED_WITH}"
    )
protected_by_snakemake, postprocess_by_snakemake, _ = of_snakemake

# In the shell, python is Snakemake's Python, even if PATH has another first, or that of conda's
# environment. What a command writes to file 3 is not part of its log: it appears on the console.
# Snakemake formats the prefix, so braces are doubled. A module leaves the shell as it is.
OWN_PYTHON = f'python() {{{{ {shlex.quote(sys.executable)} "$@"; }}}}; '
uses_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
if IS_MAIN:
    shell.prefix(f"set -euo pipefail; exec 3>&2; {'' if uses_conda else OWN_PYTHON}")


async def is_protected(self):
    """Return False: a result is read-only to others, not to the workflow that makes it again.

    The files of a workflow that uses this one as a module stay protected.
    """
    if IS_MAIN or str(self).startswith((f"{RESULTS}/", "paper_figures/")):
        return False
    return await protected_by_snakemake(self)


snakemake.io._IOFile.protected = is_protected


# Cluster jobs run Snakemake too, but without the hooks.
IS_HEAD = workflow.is_main_process


async def postprocess_and_check(self, *arguments, check_initial=False, **options):
    """Check definitions once it is known which jobs are needed.

    Without any job, and in a dry run, Snakemake calls no hook.
    """
    await postprocess_by_snakemake(
        self, *arguments, check_initial=check_initial, **options
    )
    if check_initial and not workflow.touch:
        jobs = finished_jobs()
        checked(check_definitions, studies_of(jobs), jobs)


if IS_MAIN and IS_HEAD:
    snakemake.dag.DAG.postprocess = postprocess_and_check


def preflight():
    """Check data and disk space before the first job, and print what will be trained."""
    needed = [*workflow.dag.needrun_jobs()]
    refuse_future(needed)
    wanted, finished = [describe(job) for job in needed], finished_jobs()
    print_lines(
        checked(check_run, CONFIG, studies_of(wanted + finished), wanted, finished)
    )


def finished_jobs():
    """Return the jobs that need not run.

    Outputs of such jobs may be missing: Snakemake does not check the inputs of an existing figure.
    """
    needed = {*workflow.dag.needrun_jobs()}
    return [
        describe(job)
        for job in workflow.dag.jobs
        if job not in needed and all(map(os.path.exists, job.output))
    ]


def studies_of(jobs):
    """Return the studies of jobs, by name."""
    return {job.study: load(job.study) for job in jobs if job.study}


def refuse_future(jobs):
    """End the workflow if an input is newer than now: Snakemake would delete what is made of it."""
    inputs = {str(path) for job in jobs for path in job.input if os.path.exists(path)}
    now = time.time() + 60  # The clock of a file server may be ahead.
    if late := [path for path in inputs if os.path.getmtime(path) > now]:
        fail(
            "Snakemake deletes what is made of files whose date is in the future; correct the "
            f"clock, or run: touch {shlex.join(sorted(late))}"
        )


def describe(job):
    """Return what the preflight needs to know about one of Snakemake's jobs."""
    return Job(
        name=job.rule.name,
        study=job.wildcards.get("study"),
        ensemble=job.wildcards.get("ensemble"),
        baseline=job.wildcards.get("baseline"),
        seeds=(networks_in(job.wildcards) if job.rule.name == "train_networks" else ()),
        gpus=job.resources.get("gpu", 0),
    )


def mark_outdated():
    """Mark the outputs of all jobs of this run as incomplete until they are written.

    Snakemake does not check the inputs of an existing file. If a run stops halfway, an old figure
    would count as current although its scores are missing. Marked as incomplete, it is rendered
    again by the next run (rerun-incomplete).
    """
    for job in workflow.dag.needrun_jobs():
        workflow.persistence.started(job)
        if job.rule.name.startswith(PAGES):
            set_aside(job)


def set_aside(job):
    """Copy the pages of a job that will make them again, because Snakemake deletes them first."""
    for path in filter(os.path.exists, job.output):
        (EARLIER / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, EARLIER / path)


def give_back():
    """After a failed run, restore the pages that it could not make, marked as incomplete.

    A figure that cannot be made again is better than none. The next run makes it again: Snakemake
    has recorded the failed job as finished, so the mark is needed.
    """
    for job in workflow.dag.jobs:
        lost = [
            path
            for path in job.output
            if (EARLIER / path).is_file() and not os.path.exists(path)
        ]
        if job.rule.name.startswith(PAGES) and lost:
            for path in lost:
                # Snakemake deletes empty folders too.
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(EARLIER / path, path)
            workflow.persistence.started(job)
            print_lines(
                [
                    f"{lost[0]} could not be rebuilt; the copy from an earlier run was restored"
                ]
            )


def forget_earlier():
    """Delete the copies of ``set_aside``."""
    shutil.rmtree(EARLIER, ignore_errors=True)


def warn_of_failed_learning():
    """Warn of ensembles in this run whose networks did not learn."""
    from created_equal.planning.results import warnings_in

    # Reference scores are not the output of any job, so look at inputs as well.
    files = chain.from_iterable(job.input + job.output for job in workflow.dag.jobs)
    print_lines(f"warning: {warning}" for warning in warnings_in(files))


def say_where():
    """Print for each study where the figures and pages are that were asked for."""
    kinds = {"render": "figures", "check": "claims", "explore": "images"}
    found = {}
    for job in workflow.dag.jobs:
        kind, study = job.rule.name.partition("_")[0], job.wildcards.get("study")
        # A page, or the folder of a figure.
        place = job.output.get("page") or os.path.dirname(job.output.get("pdf", ""))
        if study and kind in kinds and os.path.exists(place):
            found.setdefault(study, {}).setdefault(kind, set()).add(place)
    for study, places in found.items():
        line = ", ".join(
            f"{word} in {' and '.join(sorted(places[kind]))}"
            for kind, word in kinds.items()
            if kind in places
        )
        names = left_out(study)
        print_lines([f"{line}; left out: {names}" if names else line])


def left_out(study):
    """Return the names of the invalid figures that a trial, or a run with kept scores, leaves out."""
    return ", ".join(load(study).refused if KEPT or CONFIG.epochs is not None else ())


def print_lines(lines):
    """Print lines for the user."""
    for line in lines:
        print(f"created-equal: {line}", file=sys.stderr)


# Options whose value is a path.
OF_PATHS = (
    *("-d", "--directory", "--report", "--configfile", "--configfiles", "--profile"),
    *("-s", "--snakefile"),
)


def check_targets():
    """End the workflow if a word of the command line is a study, a setting without --config before
    it, or nearly the name of a figure.

    Snakemake's message would only be that no rule produces it.
    """
    figures = [*FIGURES, CROSS_DATASET]
    option = ""
    for before, word in pairwise(sys.argv):
        name = Path(word).stem
        option = word if word.startswith("-") else option
        key, equals, _ = word.partition("=")
        # -nC is -n -C.
        of_config = option == "--config" or re.fullmatch("-[a-zA-Z]*C", option)
        if equals and key in CONFIG.__dataclass_fields__ and not of_config:
            fail(f"{word} is a setting; put --config before it: --config {word}")
        # The value of a setting may end like a figure: data_root=my_gallery.
        if "=" in word or name in figures or before in OF_PATHS:
            continue
        if workflow.is_rule(word) or os.path.exists(word):
            continue
        if word in study_names():
            fail(f"{word} is a study; select it with --config studies={word}.")
        if number := re.fullmatch(r"fig(?:ure)?[_-]?0*(\d+)", name):
            meant = [f"figure_{int(number[1]):02d}"]
        else:
            meant = difflib.get_close_matches(name, figures, n=1, cutoff=0.8)
        if meant:
            fail(f"there is no target {word}; {suggestion(meant[0], figures)}")


# The job of an invalid figure fails later, after all others are built; report the reason now.
if IS_HEAD:
    if CONFIG.data_root != type(CONFIG).data_root and not CONFIG.data_root.exists():
        print_lines(
            [
                f"data_root {CONFIG.data_root} does not exist; correct it, or make the folder"
            ]
        )
    for study in CONFIG.studies:
        for sentences in (*load(study).refused.values(), load(study).incomplete):
            print_lines(f"{study_path(study)}: {sentence}" for sentence in sentences)
        if names := left_out(study):
            print_lines([f"{study}: left out: {names}; those of an earlier run stay"])
        # The ensembles of invalid figures would be trained without them.
        if not (load(study).refused or KEPT):
            shown = ensembles_behind(load(study))
            print_lines(
                f"{study_path(study)}: {each.name} is in no figure, and is only trained if "
                "you request its scores"
                for each in load(study).ensembles.values()
                if each.name not in shown and not each.is_round
            )
