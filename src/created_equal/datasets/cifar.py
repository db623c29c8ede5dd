"""CIFAR-10, CIFAR-100 and CIFAR-100's superclasses, from torchvision's layout on disk."""

import pickle
from functools import partial
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10, CIFAR100
from torchvision.datasets.utils import extract_archive

from created_equal.datasets.fetch import check_file, download_file, writing_to
from created_equal.datasets.source import Source, read_from_array
from created_equal.errors import InputError


def open_cifar10(data_root: Path, download: bool) -> Source:
    """Open CIFAR-10: 50,000 train and 10,000 test images, 32 x 32 x 3, 10 classes.

    Raises:
        InputError: files are missing, damaged, or cannot be downloaded.
    """
    folder = _find_files(CIFAR10, data_root, download)
    images, train_count, (labels,) = _read_batches(CIFAR10, folder, "labels")
    names = _read_pickle(folder / CIFAR10.meta["filename"])["label_names"]
    return _source(images, labels, np.arange(len(labels)), train_count, names)


def open_cifar100(data_root: Path, download: bool, superclass: str | None) -> Source:
    """Open CIFAR-100, whole (100 classes, 50,000 + 10,000 images) or one of its superclasses.

    Args:
        data_root: the folder that has, or gets, ``cifar-100-python``.
        download: whether missing files are downloaded.
        superclass: the name of one of the 20 coarse classes: its five fine classes become 0..4
            in the alphabetical order of their names, and positions stay those in the whole set.

    Raises:
        InputError: files are missing, damaged, or cannot be downloaded.
    """
    folder = _find_files(CIFAR100, data_root, download)
    meta = _read_pickle(folder / CIFAR100.meta["filename"])
    images, train_count, (fine, coarse) = _read_batches(
        CIFAR100, folder, "fine_labels", "coarse_labels"
    )
    positions = np.arange(len(fine))
    if superclass is None:
        return _source(images, fine, positions, train_count, meta["fine_label_names"])
    positions = np.flatnonzero(coarse == meta["coarse_label_names"].index(superclass))
    all_names = np.array(meta["fine_label_names"])
    names, labels = np.unique(all_names[fine[positions]], return_inverse=True)
    return _source(images[positions], labels, positions, train_count, names.tolist())


def _source(
    images: np.ndarray,
    labels: np.ndarray,
    positions: np.ndarray,
    train_count: int,
    class_names: list[str],
) -> Source:
    return Source(
        labels=labels,
        positions=positions,
        is_test=positions >= train_count,
        class_names=class_names,
        read=partial(read_from_array, images),
    )


def _find_files(kind: type[CIFAR10], data_root: Path, download: bool) -> Path:
    """Return the folder with all of a CIFAR's files, checked; unpack or download what is missing.

    An archive that lies in ``data_root`` is unpacked rather than downloaded.
    """
    folder = data_root / kind.base_folder
    checksums = dict([*kind.train_list, *kind.test_list, [kind.meta["filename"], kind.meta["md5"]]])
    archive = data_root / kind.filename
    absent = _absent(folder, checksums)
    if absent and not download and not archive.is_file():
        raise InputError(
            f"{folder / absent[0]} is missing; put {kind.filename} (from {kind.url}) into "
            f"{data_root}, or set download: true."
        )
    if absent:
        with writing_to(data_root) as scratch:
            # Another process may have brought them while this one waited.
            if absent := _absent(folder, checksums):
                if not archive.is_file():
                    download_file([kind.url], archive, kind.tgz_md5, scratch)
                check_file(archive, kind.tgz_md5)
                extract_archive(archive, scratch)
                folder.mkdir(exist_ok=True)
                for name in absent:
                    (scratch / kind.base_folder / name).replace(folder / name)
    # Before anything is unpickled: a pickle of unknown origin can run any code.
    for name, md5 in checksums.items():
        check_file(folder / name, md5)
    return folder


def _absent(folder: Path, names: dict[str, str]) -> list[str]:
    return [name for name in names if not (folder / name).is_file()]


def _read_batches(
    kind: type[CIFAR10], folder: Path, *keys: str
) -> tuple[np.ndarray, int, list[np.ndarray]]:
    """Read the train batches and then the test batches.

    Returns:
        images (example, 32, 32, 3) uint8, the number of train examples, and for each of ``keys``
        the labels (example,).
    """
    batches = [_read_pickle(folder / name) for name, _ in [*kind.train_list, *kind.test_list]]
    train_count = sum(len(batch["data"]) for batch in batches[: len(kind.train_list)])
    labels = [np.concatenate([batch[key] for batch in batches]) for key in keys]
    # On disk an image is its red, its green and its blue plane, one after the other.
    planes = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1), train_count, labels


def _read_pickle(path: Path) -> dict:
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")
