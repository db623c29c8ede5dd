"""CIFAR-10, CIFAR-100 and its superclasses, in torchvision's layout on disk."""

import pickle
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10, CIFAR100
from torchvision.datasets.utils import extract_archive

from created_equal.datasets.fetch import check_file, download_file, lock_for_writing
from created_equal.datasets.source import Source, source_in_memory
from created_equal.errors import InputError


def open_cifar10(data_root: Path, download: bool) -> Source:
    """Open CIFAR-10: 10 classes, 50,000 train and 10,000 test images; see ``open_cifar100``."""
    folder = _find_files(CIFAR10, data_root, download)
    images, is_test, (labels,) = _read_batches(CIFAR10, folder, "labels")
    names = _read_pickle(folder / CIFAR10.meta["filename"])["label_names"]
    return source_in_memory(images, labels, is_test, names)


def open_cifar100(data_root: Path, download: bool, superclass: str | None) -> Source:
    """Open CIFAR-100 (100 classes, 50,000 + 10,000 images) or one of its 20 superclasses.

    Images are 32 x 32 x 3. The five classes of a superclass get the labels 0..4 in alphabetical
    order; positions remain those in the full set.

    Raises:
        InputError: files are missing, damaged, or cannot be downloaded.
    """
    folder = _find_files(CIFAR100, data_root, download)
    meta = _read_pickle(folder / CIFAR100.meta["filename"])
    images, is_test, (fine, coarse) = _read_batches(
        CIFAR100, folder, "fine_labels", "coarse_labels"
    )
    if superclass is None:
        return source_in_memory(images, fine, is_test, meta["fine_label_names"])
    positions = np.flatnonzero(coarse == meta["coarse_label_names"].index(superclass))
    all_names = np.array(meta["fine_label_names"])
    names, labels = np.unique(all_names[fine[positions]], return_inverse=True)
    images, is_test = images[positions], is_test[positions]
    return source_in_memory(images, labels, is_test, names.tolist(), positions)


def _find_files(kind: type[CIFAR10], data_root: Path, download: bool) -> Path:
    """Return the folder of CIFAR's files after checking them; unpack or download missing ones.

    An archive in ``data_root`` is unpacked instead of downloaded.
    """
    folder = data_root / kind.base_folder
    checksums = dict([*kind.train_list, *kind.test_list, [kind.meta["filename"], kind.meta["md5"]]])
    archive = data_root / kind.filename
    missing = _find_missing(folder, checksums)
    if missing and not download and not archive.is_file():
        raise InputError(
            f"{folder / missing[0]} is missing; put {kind.filename} (from {kind.url}) into "
            f"{data_root}, or set download: true."
        )
    if missing:
        with lock_for_writing(data_root) as scratch:
            # Another process may have downloaded them while this one waited.
            if missing := _find_missing(folder, checksums):
                if not archive.is_file():
                    download_file([kind.url], archive, kind.tgz_md5, scratch)
                check_file(archive, kind.tgz_md5)
                extract_archive(archive, scratch)
                folder.mkdir(exist_ok=True)
                for name in missing:
                    (scratch / kind.base_folder / name).replace(folder / name)
    # The checks come before unpickling, because a pickle of unknown origin can run any code.
    for name, md5 in checksums.items():
        check_file(folder / name, md5)
    return folder


def _find_missing(folder: Path, names: dict[str, str]) -> list[str]:
    return [name for name in names if not (folder / name).is_file()]


def _read_batches(
    kind: type[CIFAR10], folder: Path, *keys: str
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Read the train batches, followed by the test batches.

    Returns:
        images (example, 32, 32, 3) uint8, whether they are test images (example,), and the labels
        (example,) for each of ``keys``.
    """
    batches = [_read_pickle(folder / name) for name, _ in [*kind.train_list, *kind.test_list]]
    n_train = sum(len(batch["data"]) for batch in batches[: len(kind.train_list)])
    labels = [np.concatenate([batch[key] for batch in batches]) for key in keys]
    # On disk an image consists of a red, a green and a blue plane.
    planes = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1), np.arange(len(planes)) >= n_train, labels


def _read_pickle(path: Path) -> dict:
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")
