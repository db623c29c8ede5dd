"""What is built already: data sets and finished networks, as their files say, without torch.

Arrays of images and of predictions are not decoded, but all bytes are verified.
"""

from collections.abc import Mapping
from pathlib import Path

from created_equal.errors import InputError
from created_equal.planning.sizes import Extent
from created_equal.study import Ensemble, predictions_path
from created_equal.versions import ENGINE_VERSION


def built_data(path: Path, definition: Mapping) -> tuple[Extent, str] | None:
    """Return the extent and the fingerprint of a data set; None: it is not built as defined.

    Raises:
        InputError: its file is damaged or unreadable.
    """
    if not path.is_file():
        return None
    # Late, as a run that trains nothing needs no arrays.
    from created_equal.artefacts import definition_of, fingerprint, image_shape, open_dataset

    with open_dataset(path) as dataset:
        if definition_of(dataset) != dict(definition):
            return None
        split = dataset["example_split"].values
        examples = (int((split == "train").sum()), int((split == "test").sum()))
        extent = Extent(examples, image_shape(dataset), dataset.sizes["class"])
        return extent, fingerprint(dataset)


def finished_networks(ensemble: Ensemble) -> set[int]:
    """Return the numbers of the networks that a training job of an ensemble would find finished.

    These have its definition, this version of the engine, and its data set if that is built
    (otherwise any).
    """
    wanted = ensemble.definition | {"engine_version": ENGINE_VERSION}
    found: dict[str, set[int]] = {}
    # Those that are unfinished or kept, too.
    for path in _folder(ensemble).rglob("*.nc"):
        definition, networks = _header(path)
        data = definition.pop("data", None)
        if definition == wanted:
            found.setdefault(data, set()).update(networks)
    try:
        data = found and built_data(ensemble.dataset_path, ensemble.dataset)
    except InputError:
        data = None
    return found.get(data[1], set()) if data else set().union(*found.values())


def is_ranked_otherwise(ensemble: Ensemble) -> bool:
    """Return whether the latest of an ensemble's predictions are of examples ranked otherwise."""
    folder = _folder(ensemble)
    there = sorted(folder.glob("*.nc"), key=lambda path: path.stat().st_mtime)
    try:
        definition, _ = _header(there[-1])
        return definition["dataset"]["derived"]["ranked_by"] != ensemble.derived["ranked_by"]
    except (IndexError, KeyError, TypeError):
        # None is there, or it is damaged: no network of it counts as finished.
        return False


def _folder(ensemble: Ensemble) -> Path:
    return predictions_path(ensemble.study, ensemble.name, 0, 0).parent


def _header(path: Path) -> tuple[dict, list[int]]:
    """Return the definition in a predictions file and its networks; nothing if it is damaged."""
    # Late, as in ``built_data``; and by its checksum, since HDF5 may go round in circles in a
    # damaged file.
    from created_equal.artefacts import definition_of, open_predictions

    try:
        with open_predictions(path) as predictions:
            return definition_of(predictions), predictions["network"].values.tolist()
    except InputError:
        return {}, []
