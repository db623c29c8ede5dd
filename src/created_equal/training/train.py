"""Some networks of one ensemble, trained where they are missing, into one predictions file."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import torch
import xarray as xr

from created_equal.artefacts import (
    canonical,
    definition_of,
    fingerprint,
    open_predictions,
    read_dataset,
    read_predictions,
    write_predictions,
)
from created_equal.errors import InputError
from created_equal.study import Ensemble
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import load_images
from created_equal.training.engine.reading import readers_named
from created_equal.training.job import Job
from created_equal.training.notice import notice
from created_equal.training.progress import reporting
from created_equal.versions import ENGINE_VERSION

log = logging.getLogger(__name__)

# Beside an ensemble's predictions files: networks of jobs that go on, and the files' second names.
UNFINISHED, KEPT = "unfinished", "kept"


def train_networks(
    ensemble: Ensemble,
    dataset: Path,
    numbers: Sequence[int],
    output: Path,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    data_root: Path = Path(),
) -> None:
    """Train some networks of an ensemble and write their predictions.

    A network that is already in a file beside ``output``, of the same definition, data and version
    of the engine, is taken from there. Networks that are finished are kept at once in the folder
    ``unfinished`` beside ``output``, those that were trained together in one file, and after an
    epoch networks that are not finished, if the last time is a minute ago; so a job that was killed
    goes on there.
    The file gets a second name in the folder ``kept``: Snakemake deletes what a job that it runs
    again made before, and what one made that ended badly.
    On SIGTERM, or Ctrl-C, the job finishes the step that it is at, keeps its networks, and exits
    with 143, or 130.

    Args:
        ensemble: the ensemble's definition.
        dataset: path of the dataset file.
        numbers: the networks to train.
        output: path of the predictions file.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        precision: ``"auto"``, ``"fp32"``, ``"tf32"`` or ``"bf16"``.
        threads: threads of the CPU; the results are the same for equal numbers of threads.
        data_root: what the dataset's folder is relative to, where its images stay in files.

    Raises:
        InputError: the dataset does not fit the ensemble, an image file is missing or has changed,
            the device is not there or its memory too small for one network, or a loss is not
            finite (all other networks are kept).
    """
    setting = choose_setting(device, precision)
    torch.set_num_threads(threads)
    data = read_dataset(dataset)
    _check(ensemble, data, dataset)
    definition = networks_definition(ensemble, fingerprint(data))
    folder = output.parent
    trained = find_networks(folder, definition)
    missing = [number for number in numbers if number not in trained]
    title = f"{ensemble.study}/{ensemble.name}"
    kept = len(numbers) - len(missing)
    log.info(
        "%s: %d networks to train%s, %s in %s",
        title,
        len(missing),
        f", {kept} already there" if kept else "",
        setting.device,
        setting.precision,
    )
    images = load_images(data, setting, data_root, ensemble.recipe.augmentation)
    epochs = ensemble.recipe.epochs
    with notice() as told, reporting(title, epochs, len(missing), lambda: images.waited) as report:
        job = Job(ensemble, data, images, definition, folder / UNFINISHED, report, told)
        with readers_named():
            job.train(missing)
    if job.diverged:
        raise InputError(_divergence(ensemble, job.diverged))
    trained |= job.trained
    if {trained[number] for number in numbers} != {output}:
        _put_together(numbers, trained, output, definition)
    if _name(output, _kept(output)):
        _remove_parts(folder, numbers, definition)


def networks_definition(ensemble: Ensemble, data: str) -> dict:
    """Return all that an ensemble's networks follow from.

    Args:
        ensemble: the ensemble.
        data: the fingerprint of its dataset.
    """
    return ensemble.definition | {"engine_version": ENGINE_VERSION, "data": data}


def find_networks(folder: Path, definition: dict) -> dict[int, Path]:
    """Return where networks of a definition are already predicted: network -> predictions file.

    Args:
        folder: of the ensemble's predictions files.
        definition: see ``networks_definition``.
    """
    found = {}
    for path in _files(folder):
        try:
            with open_predictions(path) as predictions:
                if canonical(definition_of(predictions)) == canonical(definition):
                    found |= dict.fromkeys(predictions["network"].values.tolist(), path)
        except InputError as error:
            log.warning("%s It is left out here.", error)
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Yield all that may hold networks; what another job moves meanwhile comes in a later place."""
    yield from sorted((folder / UNFINISHED).glob("*.nc"))
    for path in sorted((folder / KEPT).glob("*.nc")):
        if not _is_kept(folder / path.name):
            yield path
    yield from sorted(folder.glob("*.nc"))


def _kept(output: Path) -> Path:
    return output.parent / KEPT / output.name


def _is_kept(output: Path) -> bool:
    kept = _kept(output)
    return output.exists() and kept.exists() and kept.samefile(output)


def _name(path: Path, name: Path) -> bool:
    """Give a file a second name; return whether it has that."""
    try:
        if name.exists() and name.samefile(path):
            return True
        name.parent.mkdir(exist_ok=True)
        name.unlink(missing_ok=True)
        name.hardlink_to(path)
    except OSError as error:
        log.warning("%s is no second name of %s (%s)", name, path, error.strerror or error)
        return False
    return True


def _check(ensemble: Ensemble, data: xr.Dataset, path: Path) -> None:
    if canonical(definition_of(data)) != canonical(dict(ensemble.dataset)):
        raise InputError(
            f"{path} was built from another definition than {ensemble.study}/{ensemble.name} has "
            "now; build it again (snakemake does), then train."
        )
    examples = int((data["example_split"].values == "train").sum())
    if examples < ensemble.recipe.batch_size:
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the train set has {examples} examples, fewer than "
            f"one mini-batch; set recipe.batch_size to {examples} or less."
        )


def _divergence(ensemble: Ensemble, diverged: Mapping[int, int]) -> str:
    number, epoch = min(diverged.items())
    others = len(diverged) - 1
    more = f" (and {others} other{'s' if others > 1 else ''})" if others else ""
    return (
        f"{ensemble.study}/{ensemble.name}, network {number}{more}: the loss is not finite after "
        f"epoch {epoch}; lower recipe.learning_rate ({ensemble.recipe.learning_rate:g}) or change "
        "its decay."
    )


def _put_together(
    numbers: Sequence[int], trained: Mapping[int, Path], output: Path, definition: dict
) -> None:
    """Write a file of some networks from those where they are."""
    try:
        if not output.exists() and _is_of(numbers, trained) and _name(trained[numbers[0]], output):
            return
        predictions = _gather(numbers, trained)
    except (InputError, KeyError):
        # Another job of these networks has put them together meanwhile, and removed the parts, or
        # has written others in their place.
        predictions = _gather(numbers, find_networks(output.parent, definition))
    write_predictions(predictions, output, definition)


def _is_of(numbers: Sequence[int], trained: Mapping[int, Path]) -> bool:
    """Return whether some networks, and no others, are in one file."""
    if len({trained[number] for number in numbers}) > 1:
        return False
    with open_predictions(trained[numbers[0]]) as predictions:
        return predictions["network"].values.tolist() == list(numbers)


def _remove_parts(folder: Path, numbers: Sequence[int], definition: dict) -> None:
    """Remove what is unfinished no more: parts with some networks whose file is kept now.

    But for those parts that hold others, which are in no file that is kept.
    """
    own = set(numbers)
    for path in (folder / UNFINISHED).glob("*.nc"):
        # What another job makes or removes at this moment is its own affair.
        with suppress(InputError), open_predictions(path) as part:
            inside = set(part["network"].values.tolist())
            if canonical(definition_of(part)) != canonical(definition) or not inside & own:
                continue
            if inside <= own or inside <= own | _kept_networks(folder, definition):
                path.unlink(missing_ok=True)


def _kept_networks(folder: Path, definition: dict) -> set[int]:
    """Return the networks of a definition that are in files with two names."""
    found = find_networks(folder, definition).items()
    return {number for number, path in found if path.parent.name == KEPT or _is_kept(path)}


def _gather(numbers: Sequence[int], trained: dict[int, Path]) -> xr.Dataset:
    parts = []
    for path in dict.fromkeys(trained[number] for number in numbers):
        inside = [number for number in numbers if trained[number] == path]
        parts.append(read_predictions(path).sel(network=inside))
    gathered = xr.concat(
        parts,
        dim="network",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )
    precisions = sorted(set(gathered["precision"].values.tolist()))
    if len(precisions) > 1:
        log.warning("networks that were trained in %s are put together", " and ".join(precisions))
    return gathered.sortby("network")
