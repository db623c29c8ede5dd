"""From a study's dataset entry to a dataset."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from created_equal.artefacts import dead_link, make_dataset
from created_equal.datasets.choice import choose_examples
from created_equal.datasets.clutter import with_clutter
from created_equal.datasets.file_dataset import build_file_dataset
from created_equal.datasets.source import Source
from created_equal.errors import InputError


def build_dataset(definition: Mapping, data_root: Path, download: bool) -> xr.Dataset:
    """Build the dataset of a study.

    Args:
        definition: the study's dataset entry, as ``study`` has checked it: source, and where given
            superclass (of cifar100), path (of image_folder; relative to data_root, or absolute),
            size (images become size x size), clutter (of digits, see ``with_clutter``), images
            ("files": they stay in their files, see ``make_file_dataset``), train_examples and
            test_examples (a fixed, stratified choice of that many, see ``choose_stratified``).
        data_root: the folder of data sets, in torchvision's layout; is only written to in order
            to download or unpack what is missing.
        download: whether missing files are downloaded.

    Returns:
        See ``make_dataset`` and ``make_file_dataset``; examples in the order of their positions
        in the source.

    Raises:
        InputError: the data are missing or cannot be used, or the download failed.
    """
    source = _open_source(definition, data_root, download)
    if "clutter" in definition:
        source = with_clutter(source, definition["clutter"])
    rows = choose_examples(
        source, definition.get("train_examples"), definition.get("test_examples")
    )
    if definition.get("images") == "files":
        return build_file_dataset(source, rows, definition["path"], data_root, definition["size"])
    images = source.read(rows, definition.get("size"))
    labels, positions, is_test = source.labels[rows], source.positions[rows], source.is_test[rows]
    class_names = source.class_names
    # A source may hold all its images: they would double what make_dataset needs.
    del source
    return make_dataset(images, labels, positions, is_test, class_names)


def _open_source(definition: Mapping, data_root: Path, download: bool) -> Source:
    """Open a source; each one's module is imported late, as some need torch."""
    folder = data_root / Path(definition.get("path", "")).expanduser()
    if definition["source"] != "digits" and (link := dead_link(folder)):
        raise InputError(link)
    match definition["source"]:
        case "digits":
            from created_equal.datasets.digits import open_digits

            return open_digits()
        case "cifar10":
            from created_equal.datasets.cifar import open_cifar10

            return open_cifar10(data_root, download)
        case "cifar100":
            from created_equal.datasets.cifar import open_cifar100

            return open_cifar100(data_root, download, definition.get("superclass"))
        case "mnist":
            from created_equal.datasets.mnist import open_mnist

            return open_mnist(data_root, download)
        case "image_folder":
            from created_equal.datasets.image_folder import open_image_folder

            return open_image_folder(folder)
