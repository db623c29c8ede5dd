"""Build a dataset from a study's dataset entry."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from created_equal.artefacts import image_root, make_dataset
from created_equal.datasets.arrays import open_arrays
from created_equal.datasets.choice import choose_examples
from created_equal.datasets.clutter import add_clutter
from created_equal.datasets.file_dataset import build_file_dataset
from created_equal.datasets.image_folder import open_image_folder
from created_equal.datasets.report import report
from created_equal.datasets.source import Source
from created_equal.errors import InputError
from created_equal.paths import dead_link


def build_dataset(definition: Mapping, data_root: Path, download: bool) -> xr.Dataset:
    """Build the dataset of a study, and log what it holds and what is odd about it.

    Args:
        definition: the study's dataset entry, a ``study.keys.DatasetEntry`` as a mapping.
        data_root: the folder of all data sets, in torchvision's layout; missing files are
            downloaded or unpacked there.
        download: whether to download missing files.

    Returns:
        see ``make_dataset`` and ``make_file_dataset``; examples are ordered by their positions in
        the source.

    Raises:
        InputError: the data are missing or invalid, or the download failed.
    """
    source = _open_source(definition, data_root, download)
    if "clutter" in definition:
        source = add_clutter(source, definition["clutter"])
    rows = choose_examples(
        source, definition.get("train_examples"), definition.get("test_examples")
    )
    if definition.get("images") == "files":
        dataset = build_file_dataset(source, rows, definition["path"], definition["size"])
    else:
        images = source.read(rows, definition.get("size"))
        of_rows = source.labels[rows], source.positions[rows], source.is_test[rows]
        class_names, files = source.class_names, source.file_names(rows)
        # A source may hold all its images, which would double the peak memory.
        del source
        dataset = make_dataset(images, *of_rows, class_names, files)
    report(dataset)
    return dataset


def _open_source(definition: Mapping, data_root: Path, download: bool) -> Source:
    """Open a source; modules that need scikit-learn or torch are imported late."""
    folder = image_root(data_root, definition.get("path", ""))
    if definition["source"] != "digits" and (link := dead_link(folder)):
        raise InputError(link)
    match definition["source"]:
        case "image_folder":
            return open_image_folder(folder)
        case "arrays":
            return open_arrays(folder)
        case "digits":
            from created_equal.datasets.digits import open_digits

            return open_digits()
        case "mnist":
            from created_equal.datasets.mnist import open_mnist

            return open_mnist(data_root, download)
        case "cifar10":
            from created_equal.datasets.cifar import open_cifar10

            return open_cifar10(data_root, download)
        case "cifar100":
            from created_equal.datasets.cifar import open_cifar100

            return open_cifar100(data_root, download, definition.get("superclass"))
