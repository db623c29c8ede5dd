"""The validated config and studies, and helpers that all rules use."""

import json
import os
import re
import sys
from functools import cache
from pathlib import Path

import yaml

# The folder of the Snakefile, which is not that of the main one if this workflow is a module.
ROOT = Path(str(workflow.current_basedir)).parent
IN_ROOT = Path.cwd().samefile(ROOT)
# A clone has the package in src; otherwise it is installed, and this file is a part of it.
SOURCE = ROOT / "src"
if SOURCE.is_dir():
    sys.path.insert(0, str(SOURCE))

import created_equal
from created_equal.errors import CONSOLE_VARIABLE, InputError, because
from created_equal.garbage import collect_less
from created_equal.paths import NOTEBOOKS, PAPER_FIGURES, find
from created_equal.planning.sizes import expected_extent, predictions_of
from created_equal.study import (
    CONFIG_VARIABLE,
    REFERENCE,
    STUDIES_VARIABLE,
    baseline_path,
    chosen_path,
    claims_path,
    dataset_path,
    explorer_path,
    figure_path,
    load_config,
    load_studies,
    load_study,
    predictions_path,
    read_yaml,
    results_test_path,
    scores_path,
    study_names,
    study_path,
    suggestion,
    tables_path,
)
from created_equal.versions import BASELINES_VERSION, DECODING_VERSION, ENGINE_VERSION

collect_less()

# With more predictions than this, computing scores and claims takes minutes.
LARGE = 200_000_000


def fail(sentence):
    """End the workflow with one sentence, without Snakemake's traceback."""
    sys.exit(f"created-equal: {sentence}")


def checked(read, *arguments):
    """Return ``read(*arguments)``; invalid input ends the workflow with one sentence."""
    try:
        return read(*arguments)
    except InputError as error:
        fail(error)
    except OSError as error:
        # For example, data_root is in a folder that others may not read.
        otherwise = "check it, and run again"
        fail(f"{error.filename} cannot be used {because(error, otherwise)}")


def without_braces(path):
    """Return a path as text; one with braces ends the workflow with one sentence."""
    if {"{", "}"} & {*str(path)}:
        fail(f"Snakemake takes braces in a path for a variable; rename {path}.")
    return str(path)


without_braces(ROOT)

CONFIG_FILE = Path("config.yaml")
if not IS_MAIN or not CONFIG_FILE.exists():
    # With -d, Snakemake runs in another folder; use the repository's file.
    CONFIG_FILE = ROOT / "config.yaml"
# Snakemake would not name a file that has a syntax error, no keys, or a tab that it refuses.
if not isinstance(checked(read_yaml, CONFIG_FILE), dict):
    fail(f"{CONFIG_FILE} has no keys with values; write at least studies: [digits].")
try:
    yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8"))
except (yaml.YAMLError, ValueError) as error:
    is_tab = r"\t" in str(error)
    fail(
        f"{CONFIG_FILE} cannot be read by Snakemake ({' '.join(str(error).split())}); "
        f"{'use spaces instead of tabs' if is_tab else 'put such texts in quotes'}."
    )


configfile: str(CONFIG_FILE)


if sum(word.split("=")[0] in ("--config", "-C") for word in sys.argv[1:]) > 1:
    fail(
        "--config is given twice, and Snakemake reads only the last; put all keys after one, "
        "for example: --config studies=digits networks=3"
    )

# A module's config is what its workflow gives it. Otherwise the files are read again: Snakemake
# silently uses the last of duplicate keys, which our reader rejects, and reads 010 as 8. Later files
# win, those of the command line over those of the Snakefile.
if IS_MAIN:
    given = list(workflow.config_settings.configfiles)
    for path in [*(each for each in workflow.configfiles if each not in given), *given]:
        config.update(checked(read_yaml, Path(path)) or {})
    config.update(workflow.config_settings.config)
# A report covers all studies that were built, unless the command names some.
IN_REPORT = any(word.split("=")[0] == "--report" for word in sys.argv)
if IS_MAIN and IN_REPORT and "studies" not in workflow.config_settings.config:
    config["studies"] = [
        name
        for name in study_names()
        if Path(claims_path(name, "html")).exists()
        or any((PAPER_FIGURES / name).glob("*.svg"))
    ] or fail("nothing has been built yet to report; run snakemake --cores all first.")
CONFIG = checked(load_config, config)
# True if scores are read from the reference folder instead of being trained.
KEPT = CONFIG.scores == REFERENCE.name
# The settings of the config that change studies.
SETTINGS = (CONFIG.networks, CONFIG.scores, CONFIG.epochs)
if workflow.is_main_process:
    # From here on, study files are read once: jobs get what is read here, also on a cluster.
    os.environ[STUDIES_VARIABLE] = "{}"
STUDIES = checked(load_studies, CONFIG.studies, *SETTINGS)


@cache
def load(study):
    """Return a study with the settings of the config."""
    return STUDIES.get(study) or checked(load_study, study, *SETTINGS)


def ensemble_of(wildcards, name="ensemble"):
    """Return the ensemble of a job, or another one that is named by a wildcard."""
    return checked(
        created_equal.study.ensemble_of, load(wildcards.study), wildcards[name]
    )


def baseline_in(wildcards):
    """Return the baseline of a job."""
    return checked(
        created_equal.study.baseline_of, load(wildcards.study), wildcards.baseline
    )


def notebook(figure):
    """Return the path of a figure's notebook: one in the current folder, or the repository's."""
    return str(find(NOTEBOOKS / f"{figure}.ipynb"))


def code(*patterns):
    """Return the package's modules that match; a rule reruns if one of them changes."""
    package = Path(created_equal.__file__).parent
    return sorted(
        str(path.relative_to(ROOT) if IN_ROOT and SOURCE.is_dir() else path)
        for pattern in patterns
        for path in package.glob(pattern)
    )


def is_large(name):
    """Return whether an ensemble of a study makes more than ``LARGE`` predictions."""
    try:
        study = STUDIES.get(name) or load_study(name, *SETTINGS)
    except InputError:
        # The word may be a folder; if it is the study, its own job reports the problem.
        return False
    extent = expected_extent(study.dataset)
    return extent is not None and any(
        predictions_of(ensemble, extent) > LARGE
        for ensemble in study.ensembles.values()
    )


# The studies of the config, and those in the path of a target or among the wildcards of a job.
NAMED_STUDIES = {*CONFIG.studies} | {*study_names()} & {
    *re.findall(r"\w+", " ".join(sys.argv))
}
# A regular expression that matches the studies whose scores and claims run as cluster jobs.
LARGE_STUDIES = (
    "|".join(name for name in sorted(NAMED_STUDIES) if is_large(name)) or "(?!)"
)

# Commands find the package in src, and see the config with the settings of Snakemake's command line.
# Environment variables do not cause reruns.
os.environ |= {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    CONFIG_VARIABLE: json.dumps(config),
}
if SOURCE.is_dir():
    # Those of a cluster's modules would hide the packages of the environment.
    others = [] if IS_MAIN else os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ |= {"PYTHONPATH": os.pathsep.join(filter(None, [str(SOURCE), *others]))}
if IS_MAIN:
    # Python does not look in the current folder, whose random.py may be a user's own.
    os.environ |= {CONSOLE_VARIABLE: "3", "PYTHONSAFEPATH": "1"}
# A start-up file of the shell may change all of these.
os.environ.pop("BASH_ENV", None)


wildcard_constraints:
    study="[a-z0-9_]+",
    ensemble="[a-z0-9_]+",
    other="[a-z0-9_]+",
    first=r"\d+",
    last=r"\d+",
