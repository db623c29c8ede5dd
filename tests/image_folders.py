"""Small folders of real JPEGs, in torchvision's layout."""

import shutil
from pathlib import Path

CLASSES = 3
TRAIN, TEST = 10, 5  # images of each class


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
