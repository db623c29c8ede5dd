"""What all rules share: the checked config and studies, and the paths of the code."""

import json
import os
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from created_equal.errors import InputError
from created_equal.planning.sizes import expected_extent, predictions_of
from created_equal.study import (
    CONFIG_VARIABLE,
    REFERENCE,
    baseline_path,
    chosen_path,
    claims_path,
    dataset_path,
    figure_path,
    load_config,
    load_studies,
    load_study,
    predictions_path,
    read_yaml,
    results_test_path,
    scores_path,
    suggestion,
)
from created_equal.versions import BASELINES_VERSION, DECODING_VERSION, ENGINE_VERSION

# Scores and claims of more predictions than these take minutes.
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
# Whether the scores are those that are kept with the code.
KEPT = CONFIG.scores == REFERENCE.name
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


def code(*patterns):
    """Return the modules of the package that match; a rule runs again when one of them changes."""
    package = Path(workflow.basedir, "src/created_equal")
    return sorted(
        str(path.relative_to(workflow.basedir))
        for pattern in patterns
        for path in package.glob(pattern)
    )


def is_large(study):
    """Return whether some ensemble of a study makes so many predictions that they take minutes."""
    extent = expected_extent(study.dataset)
    return extent is not None and any(
        predictions_of(ensemble, extent) > LARGE
        for ensemble in study.ensembles.values()
    )


# A regular expression of the studies whose scores and claims are submitted to a cluster.
LARGE_STUDIES = (
    "|".join(filter(lambda name: is_large(load(name)), CONFIG.studies)) or "(?!)"
)

# The commands run with the Python that runs Snakemake, need no installed package, and see the
# config with what was given on Snakemake's command line; none of that makes a job run again.
os.environ |= {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    "PYTHONPATH": str(Path(workflow.basedir, "src")),
    CONFIG_VARIABLE: json.dumps(config),
}


wildcard_constraints:
    study="[a-z0-9_]+",
    ensemble="[a-z0-9_]+",
    first=r"\d+",
    last=r"\d+",
