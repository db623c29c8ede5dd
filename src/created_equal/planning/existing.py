"""Finding the datasets and networks that exist already, without importing torch.

Checksums are verified, but images and predictions are not decoded.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path

from created_equal.errors import InputError
from created_equal.planning.sizes import Extent
from created_equal.study import Ensemble, predictions_folder, predictions_folders
from created_equal.versions import ENGINE_VERSION


def built_extent(path: Path, definition: Mapping) -> Extent | None:
    """Return the extent of a dataset, or None if it is not built as defined.

    Raises:
        InputError: the file is damaged or unreadable.
    """
    if not path.is_file():
        return None
    found, extent, _ = _data_in(path)
    return extent if found == dict(definition) else None


def _data_in(path: Path) -> tuple[dict, Extent, str]:
    """Return the definition in its study, the extent and the fingerprint of a dataset."""
    # Imported here, because dry runs and cluster jobs import this module too, and need no arrays.
    from created_equal.artefacts import definition_of, fingerprint, image_shape, open_dataset
    from created_equal.definitions import in_study

    with open_dataset(path) as dataset:
        split = dataset["example_split"].values
        examples = (int((split == "train").sum()), int((split == "test").sum()))
        extent = Extent(examples, image_shape(dataset), dataset.sizes["class"])
        return in_study(definition_of(dataset)), extent, fingerprint(dataset)


def finished_networks(*ensembles: Ensemble) -> list[set[int]]:
    """Return, for each ensemble, the seeds of the networks that a job would not train again.

    They have the ensemble's definition, the current engine version, and the ensemble's dataset if
    that exists (otherwise any dataset).
    """
    header, data_in = cache(_header), cache(_data_in)  # Ensembles share networks and datasets.
    return [
        _finished_in(ensemble, folders, header, data_in)
        for ensemble, folders in zip(ensembles, predictions_folders(*ensembles), strict=True)
    ]


def _finished_in(
    ensemble: Ensemble, folders: Sequence[Path], header: Callable, data_in: Callable
) -> set[int]:
    wanted = ensemble.definition | {"engine_version": ENGINE_VERSION}
    found: dict[str, set[int]] = {}
    # rglob also finds files in predictions/unfinished and predictions/kept.
    for path in chain.from_iterable(each.rglob("*.nc") for each in folders):
        definition, seeds = header(path)
        data = definition.get("data")
        if definition == wanted | {"data": data}:
            found.setdefault(data, set()).update(seeds)
    with suppress(InputError):
        if found and ensemble.dataset_path.is_file():
            definition, _, data = data_in(ensemble.dataset_path)
            if definition == ensemble.dataset:
                return found.get(data, set())
    return set().union(*found.values())


def is_ranked_otherwise(ensemble: Ensemble) -> bool:
    """Return whether an ensemble's latest predictions were made with another ranking."""
    folder = predictions_folder(ensemble.study, ensemble.name)
    files = sorted(folder.glob("*.nc"), key=_modified)
    try:
        definition, _ = _header(files[-1])
        return definition["dataset"]["derived"]["ranked_by"] != ensemble.derived["ranked_by"]
    except (IndexError, KeyError):
        # There is no file; it is damaged, so none of its networks counts as finished; or its
        # dataset had no ranking.
        return False


def _modified(path: Path) -> float:
    """Return when a file was modified; 0 if a running job has just replaced or deleted it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _header(path: Path) -> tuple[dict, list[int]]:
    """Return the definition and the seeds in a predictions file, both empty if it is damaged."""
    # Imported here as in ``_data_in``. ``open_predictions`` verifies the checksum first, because
    # HDF5 may loop forever on a damaged file.
    from created_equal.artefacts import definition_of, open_predictions

    try:
        with open_predictions(path) as predictions:
            return definition_of(predictions), predictions["network"].values.tolist()
    except InputError:
        return {}, []
