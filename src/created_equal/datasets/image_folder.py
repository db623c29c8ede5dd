"""Folders of images: train/CLASS/* and test/CLASS/* (or val), or the layout of Tiny ImageNet."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from created_equal.datasets.file_reading import read_files
from created_equal.datasets.source import Source
from created_equal.errors import InputError

Classes = dict[str, list[Path]]  # the name of a class folder -> its files


def open_image_folder(root: Path) -> Source:
    """Open a folder of images.

    The classes are the folders in ``root/train``, whose images may be in subfolders. The test set
    is ``root/test``, or ``root/val`` if there is no ``root/test``. A folder with
    ``val/val_annotations.txt`` has the layout of Tiny ImageNet: the train set is
    train/CLASS/images/*, and the test set is val/images/* with the classes from that file (Tiny
    ImageNet's own test set has no labels). If there is a ``words.txt`` (folder name, tab, words),
    it gives the names of the classes. Hidden files and folders are ignored.

    Positions count the train files, sorted by class and path, and then the test files.

    Raises:
        InputError: a folder is missing or unreadable, a class has no images, there is only one
            class, train and test have different classes, a file is outside the class folders, or
            ``val_annotations.txt`` is damaged.
    """
    try:
        train, test = _list_classes(root)
        names = _name_classes(root, sorted(train))
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be read ({error.strerror}); make it readable, or set another "
            "path."
        ) from error
    if len(train) < 2:
        raise InputError(
            f"{root / 'train'} has only one class ({', '.join(train)}); give at least two."
        )
    unknown = sorted(set(test) - set(train))
    if unknown:
        raise InputError(
            f"the test set of {root} has the class {unknown[0]}, which is missing in "
            f"{root / 'train'}; add it there, or remove it from the test set."
        )
    untested = sorted(set(train) - set(test))
    if untested:
        raise InputError(
            f"the test set of {root} has no images of the class {untested[0]}; add some, or remove "
            "the class from the train set."
        )
    labels_of = {name: label for label, name in enumerate(sorted(train))}
    listed = [
        (labels_of[name], is_test, path)
        for is_test, classes in ((False, train), (True, test))
        for name in sorted(classes)
        for path in sorted(classes[name])
    ]
    files = [path for _, _, path in listed]
    return Source(
        labels=np.array([label for label, _, _ in listed]),
        positions=np.arange(len(listed)),
        is_test=np.array([is_test for _, is_test, _ in listed]),
        class_names=names,
        read=partial(read_files, files),
        files=files,
    )


def _list_classes(root: Path) -> tuple[Classes, Classes]:
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; set the dataset's path to a folder of images.")
    if not (root / "train").is_dir():
        raise InputError(f"{root} has no folder train; put the train images in train/CLASS/.")
    if (root / "val" / "val_annotations.txt").is_file():
        return _list_class_folders(root / "train", "images"), _list_annotated_files(root / "val")
    for split in ("test", "val"):
        if (root / split).is_dir():
            return _list_class_folders(root / "train", "."), _list_class_folders(root / split, ".")
    raise InputError(
        f"{root} has neither a folder test nor a folder val; put the test images in test/CLASS/."
    )


def _list_class_folders(folder: Path, within: str) -> Classes:
    """List the files of the folder ``within`` each class folder."""
    classes: Classes = {}
    for entry in _list_visible(folder):
        if not entry.is_dir():
            raise InputError(
                f"{entry} is outside the class folders; move it into one, or remove it."
            )
        images = entry / within
        classes[entry.name] = list(_list_files(images)) if images.is_dir() else []
        if not classes[entry.name]:
            raise InputError(f"{images} has no images; add some, or remove the class {entry.name}.")
    if not classes:
        raise InputError(f"{folder} has no class folders; put the images in {folder}/CLASS/.")
    return classes


def _list_annotated_files(folder: Path) -> Classes:
    """List Tiny ImageNet's validation images by their class in val_annotations.txt."""
    annotations = folder / "val_annotations.txt"
    unannotated = set(_list_files(folder / "images"))
    classes: Classes = {}
    for number, line in enumerate(_read_lines(annotations), start=1):
        name, tab, rest = line.partition("\t")
        image = folder / "images" / name
        if not tab or image not in unannotated:
            raise InputError(
                f"line {number} of {annotations} does not name an image in {folder / 'images'} "
                "and its class; unpack the archive again, or remove the line."
            )
        unannotated.remove(image)
        classes.setdefault(rest.split("\t")[0], []).append(image)
    if unannotated:
        raise InputError(
            f"{min(unannotated)} has no line in {annotations}; add one, or remove the image."
        )
    return classes


def _read_lines(path: Path, errors: str = "strict") -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors=errors).splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text; unpack the archive again, or save it as UTF-8."
        ) from error


def _name_classes(root: Path, folders: list[str]) -> list[str]:
    """Name classes by their first word, followed by the folder's name if that is not unique."""
    words = root / "words.txt"
    if not words.is_file():
        return folders
    lines = (line.partition("\t") for line in _read_lines(words, errors="replace"))
    first_word = {folder: rest.split(",")[0].strip() for folder, _, rest in lines}
    names = [first_word.get(folder, folder) for folder in folders]
    return [
        name if names.count(name) == 1 else f"{name} ({folder})"
        for name, folder in zip(names, folders, strict=True)
    ]


def _list_files(folder: Path) -> Iterator[Path]:
    for entry in _list_visible(folder):
        if entry.is_dir():
            yield from _list_files(entry)
        else:
            yield entry


def _list_visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
