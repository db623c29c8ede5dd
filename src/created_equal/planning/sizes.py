"""The size of a study before it is built: examples, pixels, bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from created_equal.study import SOURCE_SIZES, Baseline, Ensemble, derivation

# Megabytes that a training job needs in addition to its images.
MEMORY = 4000
# Megabytes per core if images stay in files, because each core decodes some batches ahead.
MEMORY_PER_CORE = 1000
# Images are in memory twice, as read and as trained on; the third copy is headroom.
COPIES = 3
# Predictions are in memory up to five times when they are written.
COPIES_OF_PREDICTIONS = 5
# scikit-learn standardizes pixels as float32, and an SVM copies the train set as float64.
BYTES_OF_A_PIXEL = 25


@dataclass(frozen=True)
class Extent:
    """The size of a dataset: train and test examples, image shape, classes (0 if unknown)."""

    examples: tuple[int, int]
    image_shape: tuple[int, int, int]
    classes: int


# Sources whose size is known before they are downloaded.
EXTENTS = {
    "digits": Extent((1198, 599), (8, 8, 1), 10),
    "mnist": Extent(SOURCE_SIZES["mnist"], (28, 28, 1), 10),
    "cifar10": Extent(SOURCE_SIZES["cifar10"], (32, 32, 3), 10),
    "cifar100": Extent(SOURCE_SIZES["cifar100"], (32, 32, 3), 100),
    "superclass": Extent((2_500, 500), (32, 32, 3), 5),
}


def expected_extent(definition: Mapping) -> Extent | None:
    """Return the extent of the dataset that a study's dataset entry defines, or None if unknown.

    The extent of an image folder is known, except for the number of classes, if the entry gives
    size, train_examples and test_examples.
    """
    source = "superclass" if "superclass" in definition else definition["source"]
    size = definition.get("size")
    wanted = (definition.get("train_examples"), definition.get("test_examples"))
    if source not in EXTENTS:
        return Extent(wanted, (size, size, 3), 0) if size and all(wanted) else None
    extent = EXTENTS[source]
    shape = (size, size, extent.image_shape[2]) if size else extent.image_shape
    examples = tuple(given or full for given, full in zip(wanted, extent.examples, strict=True))
    return Extent(examples, shape, extent.classes)


def extent_of(ensemble: Ensemble, study_extent: Extent) -> Extent:
    """Return the extent of an ensemble's dataset, given the extent of its study's dataset."""
    step = ensemble.derived
    if not step or "labels" in step:
        return study_extent
    train, test = study_extent.examples
    left = derivation.sizes(step, train)[step.get("cut", 1)]
    moved = train - left if "move_to_test" in step else 0
    return replace(study_extent, examples=(left, test + moved))


def disk_of(ensemble: Ensemble, extent: Extent, n_networks: int | None = None) -> int:
    """Return the bytes of uncompressed predictions and of scores (a label and three counts).

    The extent is that of the ensemble's dataset; by default all networks have predictions.
    """
    count_bytes = 1 if ensemble.n_networks <= 255 else 2
    scores_bytes = _label_bytes(extent) + 3 * count_bytes
    of_scores = predictions_of(ensemble, extent, 1) * scores_bytes
    return predictions_of(ensemble, extent, n_networks) * _label_bytes(extent) + of_scores


def predictions_of(ensemble: Ensemble, extent: Extent, n_networks: int | None = None) -> int:
    """Return the number of predictions of some networks after all epochs, by default of all."""
    n_networks = ensemble.n_networks if n_networks is None else n_networks
    return n_networks * sum(extent.examples) * len(ensemble.moments)


def memory_of(ensemble: Ensemble, n_networks: int) -> int:
    """Return the memory, in megabytes, that a job that trains some networks requests."""
    if ensemble.resources.mem_mb is not None:
        return ensemble.resources.mem_mb
    extent, needed = expected_extent(ensemble.dataset), 0
    if extent is not None:
        predictions = predictions_of(ensemble, extent, n_networks)
        needed = COPIES_OF_PREDICTIONS * predictions * _label_bytes(extent)
    if ensemble.dataset.get("images") == "files":
        needed += MEMORY_PER_CORE * ensemble.resources.cpus * 10**6
    elif extent is not None:
        needed += COPIES * _pixels(extent)
    return MEMORY + needed // 10**6


def memory_of_baseline(baseline: Baseline) -> int:
    """Return the memory, in megabytes, that a job that fits a baseline requests."""
    extent = expected_extent(baseline.dataset)
    return MEMORY + (BYTES_OF_A_PIXEL * _pixels(extent) // 10**6 if extent else 0)


def _label_bytes(extent: Extent) -> int:
    """Return the bytes of a label: one for up to 256 classes; two if their number is unknown."""
    return 1 if 0 < extent.classes <= 256 else 2


def _pixels(extent: Extent) -> int:
    height, width, channels = extent.image_shape
    return sum(extent.examples) * height * width * channels
