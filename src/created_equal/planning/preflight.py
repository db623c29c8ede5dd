"""Checks before a run starts (data, disk space), and a summary of what it will train.

This module imports no torch, so that a run that only draws figures starts quickly.
"""

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.paths import PAPER_FIGURES, dead_link, existing, unusable
from created_equal.planning.existing import built_extent, finished_networks, is_ranked_otherwise
from created_equal.planning.sizes import Extent, disk_of, expected_extent, extent_of
from created_equal.study import (
    RESULTS,
    Config,
    Ensemble,
    Study,
    baseline_path,
    dataset_path,
    predictions_path,
    scores_path,
)

# Without download, one of these must exist in data_root for each of these sources.
PLACES = {
    "cifar10": ("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    "cifar100": ("cifar-100-python", "cifar-100-python.tar.gz"),
    "mnist": ("MNIST/raw",),
}
TRAINING = "train_networks"
# A disk with fewer free bytes counts as full.
FULL = 1_000_000

Trained = Mapping[tuple[str, str], set[int]]
"""The seeds of the trained networks, by study and ensemble."""


@dataclass(frozen=True)
class Job:
    """A job of the workflow."""

    name: str  # The name of its rule.
    study: str | None = None
    ensemble: str | None = None
    baseline: str | None = None
    seeds: Sequence[int] = ()  # If the rule is train_networks.
    gpus: int = 0


def check_run(
    config: Config,
    studies: Mapping[str, Study],
    wanted: Sequence[Job],
    finished: Sequence[Job],
) -> list[str]:
    """Check that a run can succeed, and return lines that summarize what it will do.

    The jobs in ``wanted`` will run; the outputs of those in ``finished`` exist and are current.
    ``studies`` has the studies of all jobs by name.

    Raises:
        InputError: data are missing and cannot be downloaded, the results folder is not writable or
            its disk too small, or a train set has no mini-batch; the message has one sentence for
            each problem.
    """
    training = [job for job in wanted if job.name == TRAINING]
    to_build = dict.fromkeys(job.study for job in wanted if job.name == "build_dataset")
    # Image files that are not copied into the dataset are read during training.
    to_read = dict.fromkeys(
        job.study for job in training if studies[job.study].dataset.get("images") == "files"
    )
    names = dict.fromkeys((job.study, job.ensemble) for job in training)
    ensembles = [studies[study].ensembles[name] for study, name in names]
    extents = {name: _extent(studies[name], name in to_build) for name, _ in names}
    needed, free = _disk(training, ensembles, extents), _free(RESULTS)
    draws = any(job.name.startswith("render_") for job in wanted)
    written = [RESULTS, *[PAPER_FIGURES] * draws]
    written += [RESULTS / job.study / (job.ensemble or "") for job in wanted if job.study]
    problems = [
        *dict.fromkeys(filter(None, map(unusable, written))),
        *(
            f"{name}: {problem}"
            for name in to_build | to_read
            if (problem := _missing(config, studies[name]))
        ),
        *_without_batches(ensembles, extents),
    ]
    if needed > free:
        problems.append(
            f"predictions and scores may take {_size(needed)}, and {RESULTS.resolve()} has "
            f"{_size(free)} left; make room, make results a link to a larger disk, or choose "
            "fewer studies or networks with --config."
        )
    _refuse(problems)
    builds = (job for job in wanted if job.name in ("build_dataset", "derive_dataset"))
    rebuilt = {dataset_path(job.study, job.ensemble) for job in builds}
    trained = dict(zip(names, finished_networks(*ensembles), strict=True))
    lines = [
        *_training(training, finished, ensembles, trained, rebuilt),
        *_retrained(ensembles, trained),
        *_trained_twice(ensembles),
        *_downloads(config, studies, to_build),
    ]
    if training and config.device == "auto" and not any(job.gpus for job in training):
        lines.append("no GPU is found: networks are trained on the CPU")
    if needed:
        lines.append(f"disk: at most {_size(needed)} of predictions and scores, {_size(free)} free")
    if unknown := [name for name, extent in extents.items() if extent is None]:
        lines.append(f"disk: unknown for {', '.join(unknown)} until their datasets are built")
    return lines


def check_definitions(studies: Mapping[str, Study], finished: Sequence[Job]) -> None:
    """Check that the outputs of jobs that need not run were made for the studies as they are now.

    Raises:
        InputError: with a sentence for each folder with outputs of another definition.
    """
    _refuse([*_of_another_definition(studies, finished)])


def explain_failure() -> Iterator[str]:
    """Yield a message if the disk is full, since then even the logs of a failed run are empty."""
    if (free := _free(RESULTS)) <= FULL:
        yield (
            f"{RESULTS.resolve()} has {_size(free)} left; make room, and run again: finished "
            "results are kept."
        )


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise InputError("\n  ".join(["nothing was started:", *problems]))


def _of_another_definition(studies: Mapping[str, Study], finished: Sequence[Job]) -> Iterator[str]:
    """Yield a sentence for each folder with outputs that were not made for the study as it is now.

    Snakemake compares definitions only of files that it made itself, in this folder: not of those
    from another machine or the command line.
    """
    from created_equal.artefacts import check_if_made_for

    wrong: dict[Path, list[str]] = {}
    for job in finished:
        for path, definition in _defined_outputs(job, studies).items():
            try:
                check_if_made_for(path, definition)
            except InputError as error:
                wrong.setdefault(path.parent, []).append(str(error))
    for folder, (sentence, *others) in wrong.items():
        yield sentence
        if others:
            yield f"{folder} has {_count(len(others), 'more file')} like it."


def _defined_outputs(job: Job, studies: Mapping[str, Study]) -> dict[Path, Mapping]:
    """Return the output of a job with the definition that it should have."""
    if job.name == "build_dataset":
        return {dataset_path(job.study): studies[job.study].dataset}
    if job.baseline is not None:
        wanted = studies[job.study].baselines[job.baseline].definition
        return {baseline_path(job.study, job.baseline): wanted}
    if job.ensemble is None:
        return {}
    ensemble = studies[job.study].ensembles[job.ensemble]
    if job.name == TRAINING:
        ends = job.seeds[0], job.seeds[-1]
        return {predictions_path(job.study, job.ensemble, *ends): ensemble.definition}
    if job.name == "derive_dataset":
        return {ensemble.dataset_path: ensemble.dataset}
    if job.name.startswith("score_"):
        return {scores_path(job.study, job.ensemble): ensemble.definition}
    return {}


def _training(
    training: Sequence[Job],
    finished: Sequence[Job],
    ensembles: Sequence[Ensemble],
    trained: Trained,
    rebuilt: Collection[Path],
) -> Iterator[str]:
    """Yield a line for each study: how many networks it has, and how many a run will train."""
    existing: Counter[str] = Counter()
    for job in finished:
        existing[job.study] += len(job.seeds)
    for study in dict.fromkeys(job.study for job in training):
        jobs = [job for job in training if job.study == study]
        left = sum(len(set(job.seeds) - trained[study, job.ensemble]) for job in jobs)
        existing[study] += sum(len(job.seeds) for job in jobs) - left
        yield (
            f"{study}: {_count(left, 'network')} to train in {_count(len(jobs), 'job')}, "
            f"{existing.pop(study):,} already there"
        )
        unsure = [
            each.name
            for each in ensembles
            if each.study == study and trained[study, each.name] and each.dataset_path in rebuilt
        ]
        if unsure:
            yield (
                f"{study}: the trained networks of {', '.join(unsure)} are kept only if rebuilding "
                "their dataset gives the same data; otherwise they are trained again"
            )
    for study, count in (+existing).items():
        yield f"{study}: no networks to train, {count:,} already there"


def _retrained(ensembles: Sequence[Ensemble], trained: Trained) -> Iterator[str]:
    """Yield a sentence for each study with networks that are trained again on other examples.

    Raising ``networks`` changes which examples rank as the easiest, and so the data of ensembles
    that depend on a ranking.
    """
    again = [
        each
        for each in ensembles
        if each.ranked_by
        and is_ranked_otherwise(each)
        # The latest predictions may be those of a trial, next to finished networks.
        and len(trained[each.study, each.name]) < each.n_networks
    ]
    for study in dict.fromkeys(each.study for each in again):
        names = dict.fromkeys(each.leads_to for each in again if each.study == study)
        yield (
            f"{study}: networks of {', '.join(names)} will be trained again, because their data "
            "depend on a ranking that has changed"
        )


def _trained_twice(ensembles: Sequence[Ensemble]) -> Iterator[str]:
    """Yield a sentence for each two studies that would train the same networks."""
    first: dict[str, str] = {}
    pairs = {
        (first.setdefault(canonical(each.definition), each.study), each.study) for each in ensembles
    }
    for one, other in sorted(pairs):
        if one != other:
            yield (
                f"{one} and {other} have networks in common, which may be trained twice if both "
                "studies run at the same time; to train them once, run one after the other"
            )


def _missing(config: Config, study: Study) -> str | None:
    """Return a sentence that says which of a study's data are missing and what to do, or None."""
    # Imported here as in ``existing``.
    from created_equal.artefacts import image_root, missing_split

    source = study.dataset["source"]
    if source in PLACES:
        if link := dead_link(config.data_root):
            return link
        is_made = config.data_root == Config.data_root or config.data_root.exists()
        if config.download and not is_made:
            return (
                f"data_root {config.data_root} does not exist; make the folder, or correct "
                "data_root."
            )
        if not config.download and not _has(config, source):
            return (
                f"{config.data_root / PLACES[source][0]} does not exist; put it there, set "
                "data_root, or set download: true."
            )
    elif source == "image_folder":
        folder = image_root(config.data_root, study.dataset["path"])
        if link := dead_link(folder / "train"):
            return link
        first, *others = Path(study.dataset["path"]).parts
        if not folder.exists() and others and first == config.data_root.name:
            return (
                f"{folder} does not exist; dataset.path is relative to data_root, so write "
                f"path: {Path(*others)}."
            )
        if not folder.exists():
            parent, link = (quote(str(each)) for each in (folder.parent, folder))
            return (
                f"{folder} does not exist; put the images or a link to them there (mkdir -p "
                f"{parent} && ln -s /YOUR/FOLDER {link}), set data_root, or leave {study.name} out "
                "of studies."
            )
        return missing_split(folder)
    elif source == "arrays":
        file = image_root(config.data_root, study.dataset["path"])
        if not file.is_file():
            return f"{file} does not exist; put the arrays there, or set data_root."
    return None


def _downloads(config: Config, studies: Mapping[str, Study], names: Sequence[str]) -> list[str]:
    sources = dict.fromkeys(studies[name].dataset["source"] for name in names)
    missing = [each for each in sources if each in PLACES and not _has(config, each)]
    return [f"to be downloaded to {config.data_root}: {', '.join(missing)}"] if missing else []


def _has(config: Config, source: str) -> bool:
    return any((config.data_root / place).exists() for place in PLACES[source])


def _disk(
    training: Sequence[Job], ensembles: Sequence[Ensemble], extents: Mapping[str, Extent | None]
) -> int:
    """Return the bytes of new predictions and scores of the studies whose extent is known."""
    n_networks: Counter[tuple] = Counter()
    for job in training:
        n_networks[job.study, job.ensemble] += len(job.seeds)
    return sum(
        disk_of(each, extent_of(each, extent), n_networks[each.study, each.name])
        for each in ensembles
        if (extent := extents[each.study])
    )


def _without_batches(
    ensembles: Sequence[Ensemble], extents: Mapping[str, Extent | None]
) -> Iterator[str]:
    """Yield a sentence for each ensemble whose train set is known to be too small for training."""
    for ensemble in ensembles:
        if extent := extents[ensemble.study]:
            try:
                ensemble.check_train_set(extent_of(ensemble, extent).examples[0])
            except InputError as error:
                yield str(error)


def _extent(study: Study, to_build: bool) -> Extent | None:
    """Return the extent of a study's dataset, or None if it is not built and cannot be known."""
    extent = expected_extent(study.dataset)
    if extent is None and not to_build:
        # The job that needs a damaged file reports it.
        with suppress(InputError):
            extent = built_extent(dataset_path(study.name), study.dataset)
    return extent


def _free(folder: Path) -> int:
    return shutil.disk_usage(existing(folder)).free


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
