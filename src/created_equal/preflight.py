"""What is looked at before a run starts: data, disk, nodes; and what the run will train.

It imports no torch, so that a run of nothing but figures does not wait for it.
"""

import math
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from created_equal import derivation
from created_equal.built import built_data, finished_networks, is_ranked_otherwise
from created_equal.errors import InputError
from created_equal.extent import Extent, disk_of, expected_extent, extent_of
from created_equal.links import dead_link
from created_equal.study import (
    NETWORKS,
    PAPER_ARCHITECTURES,
    STUDIES,
    Config,
    Ensemble,
    Study,
    dataset_path,
)

# What of a source must be below data_root, any one of these, if nothing may be downloaded.
PLACES = {
    "cifar10": ("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    "cifar100": ("cifar-100-python", "cifar-100-python.tar.gz"),
    "mnist": ("MNIST/raw",),
}
RESULTS = Path("results")
# Bytes: with fewer left, a disk is full.
FULL = 1_000_000


@dataclass(frozen=True)
class Job:
    """A job of the workflow, with what it asks for."""

    name: str  # of its rule
    study: str | None = None
    ensemble: str | None = None
    networks: Sequence[int] = ()  # in a job of train_networks
    submitted: bool = False
    mem_mb: int = 0
    cpus: int = 1
    gpus: int = 0
    minutes: int = 0


@dataclass(frozen=True)
class Node:
    """A kind of node of a cluster."""

    cpus: int
    mem_mb: int
    gpus: int
    minutes: float  # the time limit of its partition

    def runs(self, job: Job) -> bool:
        """Return whether a job would ever start on it."""
        return (
            job.cpus <= self.cpus
            and job.mem_mb <= self.mem_mb
            and job.gpus <= self.gpus
            and job.minutes <= self.minutes
        )


def check_run(
    config: Config,
    studies: Mapping[str, Study],
    wanted: Sequence[Job],
    finished: Sequence[Job],
    nodes: Sequence[Node],
) -> list[str]:
    """Check that a run can succeed, and return in lines what it will train.

    Args:
        config: where the data are, and whether missing ones may be downloaded.
        studies: those of the jobs, by name.
        wanted: the jobs that will run.
        finished: those that need not.
        nodes: of the cluster; empty: what submitted jobs ask for is not compared.

    Raises:
        InputError: data are missing and cannot be had, the results cannot be written to their
            folder or may not fit on its disk, or no node is large enough: with a sentence for each.
    """
    to_build = dict.fromkeys(job.study for job in wanted if job.name == "build_dataset")
    # Images that stay in files are read whenever networks are trained.
    to_read = dict.fromkeys(
        job.study
        for job in wanted
        if job.name == "train_networks" and studies[job.study].dataset.get("images") == "files"
    )
    needed, unknown = _disk(studies, wanted, to_build)
    free = _free(RESULTS)
    problems = [
        *_unusable(RESULTS),
        *(problem for name in to_build | to_read if (problem := _missing(config, studies[name]))),
        *_too_large(wanted, nodes),
    ]
    if needed > free:
        problems.append(
            f"predictions and scores may take {_size(needed)}, and {RESULTS.resolve()} has "
            f"{_size(free)} left; make room, make results a link to a larger disk, or take "
            "fewer studies or networks with --config."
        )
    if problems:
        raise InputError("\n  ".join(["nothing was started:", *problems]))
    lines = [
        *_training(studies, wanted, finished),
        *_trained_anew(studies, wanted),
        *_downloads(config, studies, to_build),
    ]
    training = [job for job in wanted if job.name == "train_networks"]
    if training and config.device == "auto" and not any(job.gpus for job in training):
        lines.append("no GPU is found: networks are trained on the processor")
    if _are_split_on_a_gpu(config, studies, training):
        lines.append(
            "a GPU trains the networks of a job at once, and with networks_per_job="
            f"{config.networks_per_job} these are few: networks_per_job={NETWORKS} takes fewer "
            "jobs, and changes no result"
        )
    if needed:
        lines.append(f"disk: at most {_size(needed)} of predictions and scores, {_size(free)} free")
    if unknown:
        lines.append(f"disk: not known of {', '.join(unknown)}, before their datasets are built")
    return lines


def _are_split_on_a_gpu(
    config: Config, studies: Mapping[str, Study], training: Sequence[Job]
) -> bool:
    """Return whether networks that this machine's GPU could train at once are in several jobs."""
    here = (job for job in training if job.gpus and not job.submitted)
    jobs = Counter((job.study, job.ensemble) for job in here)
    split = [studies[study].ensembles[name] for (study, name), number in jobs.items() if number > 1]
    return config.networks_per_job < NETWORKS and any(
        ensemble.architecture in PAPER_ARCHITECTURES
        and ensemble.dataset.get("images") != "files"
        and ensemble.resources.networks_per_job is None
        for ensemble in split
    )


def explain_failure() -> str | None:
    """Return a sentence if a run may have failed of a full disk, on which logs stay empty too."""
    free = _free(RESULTS)
    if free > FULL:
        return None
    return (
        f"{RESULTS.resolve()} has {_size(free)} left; make room, and run again: what was finished "
        "before is kept."
    )


def find_nodes() -> list[Node]:
    """Return the kinds of nodes that Slurm's sinfo lists; none where it does not answer."""
    if shutil.which("sinfo") is None:
        return []
    command = ["sinfo", "--noheader", "--format=%c|%m|%G|%l"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return []
    return parse_nodes(done.stdout) if done.returncode == 0 else []


def parse_nodes(listed: str) -> list[Node]:
    """Return the nodes in the lines that ``sinfo --format=%c|%m|%G|%l`` prints.

    A number with a plus is the smallest of several kinds that sinfo puts into one line; what is
    more than it is not refused, since it may be there.
    """
    nodes = []
    for line in listed.split():
        fields = line.split("|")
        if len(fields) == 4:
            cpus, mem_mb, gres, limit = fields
            nodes.append(Node(_at_most(cpus), _at_most(mem_mb), _gpus(gres), _minutes(limit)))
    return nodes


def _training(
    studies: Mapping[str, Study], wanted: Sequence[Job], finished: Sequence[Job]
) -> Iterator[str]:
    """Yield what a run will train of each study; networks that a job finds finished are there."""
    there: Counter[str] = Counter()
    for job in finished:
        there[job.study] += len(job.networks)
    jobs: dict[str, list[Job]] = {}
    for job in wanted:
        if job.name == "train_networks":
            jobs.setdefault(job.study, []).append(job)
    builds = (job for job in wanted if job.name in ("build_dataset", "derive_dataset"))
    rebuilt = {dataset_path(job.study, job.ensemble) for job in builds}
    for study, of_study in jobs.items():
        ensembles = _trained_in(studies, of_study)
        found = {each.name: finished_networks(each) for each in ensembles}
        left = sum(len(set(job.networks) - found[job.ensemble]) for job in of_study)
        there[study] += sum(len(job.networks) for job in of_study) - left
        yield (
            f"{study}: {left:,} networks to train in {len(of_study):,} jobs, "
            f"{there.pop(study):,} already there"
        )
        unsure = [e.name for e in ensembles if found[e.name] and e.dataset_path in rebuilt]
        if unsure:
            yield (
                f"{study}: networks of {', '.join(unsure)} that are there count only if their data "
                "set, which is built again, is as it was; else they are trained anew"
            )
    for study, count in (+there).items():
        yield f"{study}: no networks to train, {count:,} already there"


def _trained_in(studies: Mapping[str, Study], jobs: Iterable[Job]) -> list[Ensemble]:
    """Return the ensembles whose networks jobs train."""
    names = dict.fromkeys((job.study, job.ensemble) for job in jobs if job.name == "train_networks")
    return [studies[study].ensembles[name] for study, name in names]


def _trained_anew(studies: Mapping[str, Study], wanted: Sequence[Job]) -> Iterator[str]:
    """Yield a sentence for each study whose networks lie there, but of examples ranked otherwise.

    Raising networks changes which examples are the easiest, and so what some networks learn.
    """
    ensembles = _trained_in(studies, wanted)
    for study in dict.fromkeys(each.study for each in ensembles):
        names = dict.fromkeys(
            derivation.ensemble_of_round(each.name) if each.is_round else each.name
            for each in ensembles
            if each.study == study and each.ranked_by and is_ranked_otherwise(each)
        )
        if names:
            yield (
                f"{study}: finished networks of {', '.join(names)} will be trained anew, since "
                "networks, or what ranks their examples, has changed: theirs are other examples now"
            )


def _missing(config: Config, study: Study) -> str | None:
    """Return what is missing of a study's data, and what to do: a sentence, or None."""
    source = study.dataset["source"]
    if source in PLACES and (link := dead_link(config.data_root)):
        return f"{study.name}: {link}"
    if source == "image_folder":
        folder = config.data_root / Path(study.dataset["path"]).expanduser()
        if link := dead_link(folder / "train"):
            return f"{study.name}: {link}"
        if not (folder / "train").is_dir():
            return (
                f"{study.name}: {folder / 'train'} is not there; put the images or a link to them "
                f"at {folder}, set data_root, or leave {study.name} out of studies."
            )
    elif source in PLACES and not config.download and not _has(config, source):
        return (
            f"{study.name}: {config.data_root / PLACES[source][0]} is not there; put it there, set "
            "data_root, or set download: true."
        )
    return None


def _downloads(config: Config, studies: Mapping[str, Study], names: Sequence[str]) -> list[str]:
    sources = dict.fromkeys(studies[name].dataset["source"] for name in names)
    absent = [each for each in sources if each in PLACES and not _has(config, each)]
    return [f"to be downloaded to {config.data_root}: {', '.join(absent)}"] if absent else []


def _has(config: Config, source: str) -> bool:
    return any((config.data_root / place).exists() for place in PLACES[source])


def _disk(
    studies: Mapping[str, Study], wanted: Sequence[Job], to_build: Collection[str]
) -> tuple[int, list[str]]:
    """Return bytes of what is to be predicted and scored, and the studies of unknown size."""
    networks: Counter[tuple] = Counter()
    for job in wanted:
        if job.name == "train_networks":
            networks[job.study, job.ensemble] += len(job.networks)
    wholes = {name: _extent(studies[name], name in to_build) for name, _ in networks}
    needed = 0
    for (study, ensemble), count in networks.items():
        definition = studies[study].ensembles[ensemble]
        if whole := wholes[study]:
            needed += disk_of(definition, extent_of(definition, whole), count)
    return needed, [study for study, whole in wholes.items() if whole is None]


def _extent(study: Study, to_build: bool) -> Extent | None:
    """Return how large a study's data set is, if it is built or of a source of known size."""
    extent = expected_extent(study.dataset)
    if extent is None and not to_build:
        # A file that is damaged is named by the job that needs it.
        with suppress(InputError):
            data = built_data(Path(dataset_path(study.name)), study.dataset)
            extent = data and data[0]
    return extent


def _too_large(wanted: Sequence[Job], nodes: Sequence[Node]) -> Iterator[str]:
    """Yield a sentence for each kind of job for which there is no node."""
    asked = dict.fromkeys(
        (job.name, job.study, job.ensemble, job.mem_mb, job.cpus, job.gpus, job.minutes)
        for job in wanted
        if nodes and job.submitted and not any(node.runs(job) for node in nodes)
    )
    for rule, study, ensemble, mem_mb, cpus, gpus, minutes in asked:
        what = "/".join(filter(None, (study, ensemble)))
        yield (
            f"{rule} of {what} asks for {mem_mb:,} MB, {cpus} cores, {gpus} GPUs and {minutes:,} "
            f"minutes, which no node of the cluster has (sinfo); change resources in "
            f"{STUDIES / f'{study}.yaml'} or set-resources in slurm/config.yaml"
            f"{', or train on processors with --config device=cpu' if gpus else ''}."
        )


def _unusable(folder: Path) -> Iterator[str]:
    there = _existing(folder)
    if link := dead_link(folder):
        yield link
    elif not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"{there} cannot be written to; make it writable, or make {folder} a link to a folder "
            "that is."
        )


def _free(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _at_most(number: str) -> float:
    return math.inf if number.endswith("+") else int(number)


def _gpus(gres: str) -> int:
    return sum(int(count) for count in re.findall(r"gpu(?::[^:,()]+)?:(\d+)", gres))


def _minutes(limit: str) -> float:
    """Return the minutes of [days-]hours:minutes:seconds or minutes:seconds, as Slurm prints it."""
    if not re.fullmatch(r"(\d+-)?[\d:]+", limit):
        return math.inf
    days, _, clock = limit.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    hours, minutes, seconds = ([0] * (3 - len(parts)) + parts)[:3]
    return int(days or 0) * 1440 + hours * 60 + minutes + seconds / 60
