"""How large a study is before anything of it is built: examples, pixels, bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from created_equal.study import Ensemble, derivation

# Megabytes of a training job beside its images.
MEMORY = 4000
# Megabytes for each core where images stay in files: its process decodes some batches ahead.
MEMORY_PER_CORE = 1000
# In memory images are once as they were read, and once as they are trained on, with room.
COPIES = 3


@dataclass(frozen=True)
class Extent:
    """How large a dataset is: examples in train and test, image shape, classes (0: not known)."""

    examples: tuple[int, int]
    image_shape: tuple[int, int, int]
    classes: int


# Of the sources whose size is known before they are downloaded.
EXTENTS = {
    "digits": Extent((1198, 599), (8, 8, 1), 10),
    "mnist": Extent((60_000, 10_000), (28, 28, 1), 10),
    "cifar10": Extent((50_000, 10_000), (32, 32, 3), 10),
    "cifar100": Extent((50_000, 10_000), (32, 32, 3), 100),
    "superclass": Extent((2_500, 500), (32, 32, 3), 5),
}


def expected_extent(definition: Mapping) -> Extent | None:
    """Return the extent that a study's dataset entry leads to; None: its source has no known one.

    Of a folder of images it is known, but for the classes, if the entry gives all three of size,
    train_examples and test_examples.
    """
    source = "superclass" if "superclass" in definition else definition["source"]
    size = definition.get("size")
    wanted = (definition.get("train_examples"), definition.get("test_examples"))
    if source not in EXTENTS:
        return Extent(wanted, (size, size, 3), 0) if size and all(wanted) else None
    extent = EXTENTS[source]
    shape = (size, size, extent.image_shape[2]) if size else extent.image_shape
    examples = tuple(chosen or whole for chosen, whole in zip(wanted, extent.examples, strict=True))
    return Extent(examples, shape, extent.classes)


def extent_of(ensemble: Ensemble, whole: Extent) -> Extent:
    """Return the extent of the dataset that an ensemble is trained on, from that of its study."""
    step = ensemble.derived
    if step is None or "labels" in step:
        return whole
    train, test = whole.examples
    left = derivation.sizes(step, train)[step.get("cut", 1)]
    moved = train - left if "move_to_test" in step else 0
    return replace(whole, examples=(left, test + moved))


def disk_of(ensemble: Ensemble, extent: Extent, networks: int | None = None) -> int:
    """Return bytes of predictions and of scores (a label and three counts), uncompressed.

    Args:
        ensemble: its definition.
        extent: of the dataset that it is trained on.
        networks: how many are predicted; None: all of the ensemble.
    """
    networks = ensemble.networks if networks is None else networks
    # A label has one byte for up to 256 classes, and two if their number is not known.
    label_bytes = 1 if 0 < extent.classes <= 256 else 2
    count_bytes = 1 if ensemble.networks <= 255 else 2
    return _predictions_of_one(ensemble, extent) * ((networks + 1) * label_bytes + 3 * count_bytes)


def predictions_of(ensemble: Ensemble, extent: Extent) -> int:
    """Return how many predictions the networks of an ensemble make, after all epochs."""
    return ensemble.networks * _predictions_of_one(ensemble, extent)


def memory_of(ensemble: Ensemble) -> int:
    """Return the megabytes that a training job of an ensemble asks for."""
    if ensemble.resources.mem_mb is not None:
        return ensemble.resources.mem_mb
    if ensemble.dataset.get("images") == "files":
        return MEMORY + MEMORY_PER_CORE * ensemble.resources.cpus
    extent = expected_extent(ensemble.dataset)
    if extent is None:
        return MEMORY
    height, width, channels = extent.image_shape
    images = sum(extent.examples) * height * width * channels
    return MEMORY + COPIES * images // 10**6


def _predictions_of_one(ensemble: Ensemble, extent: Extent) -> int:
    return sum(extent.examples) * (ensemble.recipe.epochs + 1)
