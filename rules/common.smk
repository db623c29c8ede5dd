"""What the rules share: the checked config and studies, and where the code is."""

import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from created_equal.errors import InputError
from created_equal.study import (
    CONFIG_VARIABLE,
    FIGURES,
    batches,
    dataset_path,
    ensembles_of,
    figure_path,
    load_config,
    load_study,
    predictions_path,
    scores_path,
)
from created_equal.yaml_files import suggestion

PACKAGE = "src/created_equal"


def refuse(sentence):
    """End the workflow with one sentence, without the lines of code that Snakemake would add."""
    sys.exit(f"created-equal: {sentence}")


def checked(read, *arguments):
    """Call a reader; what the user got wrong ends the workflow in one sentence."""
    try:
        return read(*arguments)
    except InputError as error:
        refuse(error)


CONFIG = checked(load_config, config)


@cache
def load(study):
    """Return a checked study with the config's number of networks."""
    return checked(load_study, study, CONFIG.networks)


def ensemble_of(wildcards):
    """Return the ensemble that a job's wildcards name."""
    ensembles = load(wildcards.study).ensembles
    if wildcards.ensemble not in ensembles:
        refuse(
            f"the study {wildcards.study} has no ensemble {wildcards.ensemble}; "
            f"{suggestion(wildcards.ensemble, list(ensembles))}"
        )
    return ensembles[wildcards.ensemble]


def predictions_of(wildcards):
    """Return the predictions files of all networks of an ensemble."""
    networks = ensemble_of(wildcards).networks
    return [
        predictions_path(wildcards.study, wildcards.ensemble, first, last)
        for first, last in batches(networks, CONFIG.networks_per_job)
    ]


def code(*patterns):
    """Return the modules of the package that match, to be watched for changes."""
    package = Path(workflow.basedir, PACKAGE)
    return sorted(
        str(path.relative_to(workflow.basedir))
        for pattern in patterns
        for path in package.glob(pattern)
    )


def wants_gpu():
    """Return 1 if training jobs are to have a GPU, else 0."""
    has_gpu = shutil.which("nvidia-smi") is not None
    return int(CONFIG.device == "cuda" or (CONFIG.device == "auto" and has_gpu))


for study in CONFIG.studies:
    load(study)


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
