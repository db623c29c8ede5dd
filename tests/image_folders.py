"""Small folders of images, in torchvision's layout: of one color each, and real JPEGs."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

CLASSES = 3
TRAIN, TEST = 10, 5  # images of each class


def save_image(
    path: Path, color: int | tuple = 0, size: tuple[int, int] = (4, 4), mode: str = ""
) -> Path:
    """Save an image of one color, gray if that is one number, in folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode or ("L" if isinstance(color, int) else "RGB"), size, color).save(path)
    return path


def save_images(
    folder: Path,
    names: Iterable[str] = ("train/a/0", "train/b/0", "test/a/0", "test/b/0"),
    **look: object,
) -> Path:
    """Save an image for each name into a folder; without a ``color``, all are different."""
    for number, name in enumerate(names):
        save_image(folder / f"{name}.png", **{"color": (number, 2, 3), **look})
    return folder


def copy_images(tiny_imagenet: Path, folder: Path) -> Path:
    """Copy some of Tiny ImageNet into train/CLASS/*.JPEG and val/CLASS/*.JPEG of a folder."""
    lines = (tiny_imagenet / "val" / "val_annotations.txt").read_text().splitlines()
    class_of = dict(line.split("\t")[:2] for line in lines)
    for name in sorted(set(class_of.values()))[:CLASSES]:
        train = sorted((tiny_imagenet / "train" / name / "images").glob("*.JPEG"))[:TRAIN]
        val = [each for each, its in sorted(class_of.items()) if its == name][:TEST]
        for split, files in (
            ("train", train),
            ("val", [tiny_imagenet / "val" / "images" / each for each in val]),
        ):
            (folder / split / name).mkdir(parents=True)
            for file in files:
                shutil.copyfile(file, folder / split / name / file.name)
    return folder
