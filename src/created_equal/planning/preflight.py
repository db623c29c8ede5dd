"""The checks before a run starts: data and disk; and the account of what the run will train.

It imports no torch, so that a run of nothing but figures does not wait for it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from created_equal.errors import InputError
from created_equal.planning.existing import built_data, finished_networks, is_ranked_otherwise
from created_equal.planning.sizes import Extent, disk_of, expected_extent, extent_of
from created_equal.study import (
    RESULTS,
    Config,
    Ensemble,
    Study,
    dataset_path,
    derivation,
)

# What of a source must be below data_root, any one of these, if nothing may be downloaded.
PLACES = {
    "cifar10": ("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    "cifar100": ("cifar-100-python", "cifar-100-python.tar.gz"),
    "mnist": ("MNIST/raw",),
}
# Bytes: with fewer left, a disk is full.
FULL = 1_000_000


@dataclass(frozen=True)
class Job:
    """A job of the workflow."""

    name: str  # of its rule
    study: str | None = None
    ensemble: str | None = None
    networks: Sequence[int] = ()  # in a job of train_networks
    gpus: int = 0


def check_run(
    config: Config,
    studies: Mapping[str, Study],
    wanted: Sequence[Job],
    finished: Sequence[Job],
) -> list[str]:
    """Check that a run can succeed, and return in lines what it will train.

    Args:
        config: where the data are, and whether missing ones may be downloaded.
        studies: those of the jobs, by name.
        wanted: the jobs that will run.
        finished: those that need not.

    Raises:
        InputError: data are missing and cannot be downloaded, or the results cannot be written to
            their folder or may not fit on its disk: with a sentence for each.
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
    if needed:
        lines.append(f"disk: at most {_size(needed)} of predictions and scores, {_size(free)} free")
    if unknown:
        lines.append(f"disk: not known of {', '.join(unknown)}, before their datasets are built")
    return lines


def explain_failure() -> str | None:
    """Return a sentence if a run may have failed of a full disk, on which logs stay empty too."""
    free = _free(RESULTS)
    if free > FULL:
        return None
    return (
        f"{RESULTS.resolve()} has {_size(free)} left; make room, and run again: what was finished "
        "before is kept."
    )


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
    # Imported here, as in ``existing``.
    from created_equal.artefacts import dead_link

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
            data = built_data(dataset_path(study.name), study.dataset)
            extent = data and data[0]
    return extent


def _unusable(folder: Path) -> Iterator[str]:
    from created_equal.artefacts import dead_link

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
