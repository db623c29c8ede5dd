"""Folders of images: train/CLASS/* and test/CLASS/* (or val), or the layout of Tiny ImageNet."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from created_equal.artefacts import missing_split
from created_equal.datasets.file_reading import read_files
from created_equal.datasets.source import Source
from created_equal.errors import InputError, because
from created_equal.paths import dead_link
from created_equal.user_text import lookalike, shown

# Files that Windows, macOS, Synology and Linux create.
LEFT_BY_OTHERS = (
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", "icon\r", "@eadir", "#recycle", "lost+found"),
)

log = logging.getLogger(__name__)

Classes = dict[str, list[Path]]  # the name of a class folder -> its files


def open_image_folder(root: Path) -> Source:
    """Open a folder of images.

    The classes are the folders in ``root/train``, whose images may be in subfolders. The test set
    is ``root/test``, or ``root/val`` if there is no ``root/test``. A folder with
    ``val/val_annotations.txt`` has the layout of Tiny ImageNet: the train set is
    train/CLASS/images/*, and the test set is val/images/* with the classes from that file (Tiny
    ImageNet's own test set has no labels). If there is a ``words.txt`` (folder name, tab, words),
    it gives the names of the classes. Hidden files and folders are ignored, and those that other
    programs leave (``LEFT_BY_OTHERS``); the log counts them.

    Positions count the train files, sorted by class and path, and then the test files.

    Raises:
        InputError: a folder is missing or unreadable, a class has no images, there is only one
            class, train and test have different classes, a file is outside the class folders, or
            ``val_annotations.txt`` is damaged.
    """
    try:
        lister = _Lister()
        train, test = _list_classes(root, lister)
        names = _name_classes(root, sorted(train))
    except OSError as error:
        otherwise = "make it readable, or set another path"
        raise InputError(f"{error.filename} cannot be read {because(error, otherwise)}") from error
    if len(train) < 2:
        raise InputError(
            f"{root / 'train'} has only one class ({', '.join(train)}); give at least two."
        )
    unknown = sorted(set(test) - set(train))
    if unknown and (alike := lookalike(unknown[0], train)):
        raise InputError(
            f"the test set of {root} has the class {shown(unknown[0])}, and {root / 'train'} has "
            f"{shown(alike)}, which is another name; rename one of the two folders."
        )
    if unknown:
        raise InputError(
            f"the test set of {root} has the class {shown(unknown[0])}, which is missing in "
            f"{root / 'train'}; add it there, or remove it from the test set."
        )
    if untested := sorted(set(train) - set(test)):
        raise InputError(
            f"the test set of {root} has no images of the class {shown(untested[0])}; add some, or "
            "remove the class from the train set."
        )
    listed = [
        (label, is_test, path)
        for is_test, classes in ((False, train), (True, test))
        for label, name in enumerate(sorted(classes))
        for path in sorted(classes[name])
    ]
    labels, is_test, files = zip(*listed, strict=True)
    _report(lister)
    return Source(
        labels=np.array(labels),
        positions=np.arange(len(files)),
        is_test=np.array(is_test),
        class_names=names,
        read=partial(read_files, files),
        files=files,
        root=root,
    )


def _report(lister: "_Lister") -> None:
    """Log what is not read, and how many images are in folders within the class folders."""
    if left_out := lister.left_out:
        log.info(
            "left out: %d files or folders that are hidden or from other programs (for example %s)",
            *(len(left_out), left_out[0]),
        )
    if deeper := lister.deeper:
        are = "image is" if len(deeper) == 1 else "images are"
        log.warning(
            "%d %s in subfolders of the class folders, and used too (for example %s)",
            *(len(deeper), are, deeper[0]),
        )


def _list_classes(root: Path, lister: "_Lister") -> tuple[Classes, Classes]:
    if problem := missing_split(root):
        raise InputError(problem)
    if (root / "val" / "val_annotations.txt").is_file():
        train = _list_class_folders(root / "train", "images", lister)
        return train, _list_annotated_files(root / "val", lister)
    train = _list_class_folders(root / "train", ".", lister)
    test, val = root / "test", root / "val"
    if test.is_dir() and val.is_dir():
        log.info("%s is left out, because there is %s", val, test)
    return train, _list_class_folders(test if test.is_dir() else val, ".", lister)


def _list_class_folders(folder: Path, within: str, lister: "_Lister") -> Classes:
    """List the files of the folder ``within`` each class folder."""
    classes: Classes = {}
    for entry in lister.entries(folder):
        if not entry.is_dir():
            raise InputError(
                f"{entry} is outside the class folders; move it into one, or remove it."
            )
        images = entry / within
        classes[entry.name] = [*lister.files(images)] if images.is_dir() else []
        if not classes[entry.name]:
            raise InputError(f"{images} has no images; add some, or remove the class {entry.name}.")
    if not classes:
        raise InputError(f"{folder} has no class folders; put the images in {folder}/CLASS/.")
    return classes


def _list_annotated_files(folder: Path, lister: "_Lister") -> Classes:
    """List Tiny ImageNet's validation images by their class in val_annotations.txt."""
    annotations = folder / "val_annotations.txt"
    unannotated = set(lister.files(folder / "images"))
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


class _Lister:
    """Lists folders without hidden entries and those of ``LEFT_BY_OTHERS``.

    Attributes:
        left_out: these entries.
        deeper: files in folders within the folders that were listed.
    """

    def __init__(self):
        self.left_out: list[Path] = []
        self.deeper: list[Path] = []

    def files(self, folder: Path, is_within: bool = False) -> Iterator[Path]:
        """Yield all files of a folder, and of the folders within it."""
        for entry in self.entries(folder):
            if entry.is_dir():
                yield from self.files(entry, is_within=True)
            elif entry.is_file():
                if is_within:
                    self.deeper.append(entry)
                yield entry
            else:
                raise InputError(
                    f"{entry} is a pipe, a socket or a device, which is never read; remove it."
                )

    def entries(self, folder: Path) -> list[Path]:
        """Return the sorted files and folders in a folder, after checking names and links."""
        entries = []
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith(".") or entry.name.casefold() in LEFT_BY_OTHERS:
                self.left_out.append(entry)
                continue
            try:
                entry.name.encode()
            except UnicodeEncodeError as error:
                raise InputError(
                    f"the name of {str(entry)!a} cannot be read as UTF-8; rename it, or choose a "
                    "locale with UTF-8 (export LC_ALL=C.UTF-8)."
                ) from error
            if entry.is_symlink():
                if link := dead_link(entry):
                    raise InputError(link)
                if folder.resolve().is_relative_to(entry.resolve()):
                    raise InputError(
                        f"{entry} is a link to a folder that contains it ({entry.readlink()}); "
                        "remove it."
                    )
            entries.append(entry)
        return entries
