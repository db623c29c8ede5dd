"""Reading a dataset's images, whether they are stored in it or stay in files."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from created_equal.artefacts.dataset import content_hash, has_files
from created_equal.errors import InputError, because
from created_equal.extras import naming_extras
from created_equal.user_text import expand

if TYPE_CHECKING:
    from PIL import Image

FOLDERS_NAMED = 5


def image_root(data_root: Path, folder: str) -> Path:
    """Return the folder of images that a study's ``path`` names, relative to data_root."""
    as_written = data_root / folder
    return as_written if as_written.exists() else data_root / expand(folder)


def missing_split(root: Path) -> str | None:
    """Return a sentence if a folder of images lacks the train or the test set, otherwise None."""
    if not root.is_dir():
        return f"{root} is not a folder; set the dataset's path to one, relative to data_root."
    folders = sorted(entry.name for entry in root.glob("[!.]*") if entry.is_dir())
    more = ["..."] if len(folders) > FOLDERS_NAMED else []
    found = f"it has {', '.join(folders[:FOLDERS_NAMED] + more) or 'no folders'}"
    if "train" not in folders:
        return f"{root} has no folder train ({found}); put the train images in train/CLASS/."
    if not {"test", "val"} & {*folders}:
        return (
            f"{root} has neither a folder test nor a folder val ({found}); put the test images in "
            "test/CLASS/."
        )
    return None


class ImageFiles:
    """The images of a dataset that stay in files, read one at a time.

    Args:
        dataset: from ``make_file_dataset``.
        data_root: the folder that ``dataset.attrs["folder"]`` is relative to.
    """

    def __init__(self, dataset: xr.Dataset, data_root: Path):
        self.size = int(dataset.attrs["height"])
        self._folder = image_root(data_root, dataset.attrs["folder"])
        # One array of bytes, because each worker process would copy a million separate strings.
        self._names = np.array([name.encode() for name in dataset["file"].values.tolist()])
        self._hashes = dataset["pixel_hash"].values

    def __len__(self) -> int:
        return len(self._names)

    def open(self, index: int) -> "Image.Image":
        """Return an image at full size, see ``open_image``.

        Raises:
            InputError: the file is missing or unreadable, or has changed since the dataset was
                built.
        """
        with naming_extras():
            from created_equal.decoding.image_file import open_image, why_unreadable

        path = self._folder / self._names[index].decode()
        try:
            contents = path.read_bytes()
        except OSError as error:
            otherwise = (
                "put it back, set data_root to the folder that contains it, or delete the study's "
                "dataset.nc to build it again"
            )
            raise InputError(f"{path} cannot be read {because(error, otherwise)}") from error
        if content_hash(contents) != self._hashes[index]:
            raise InputError(
                f"{path} has changed since the dataset was built; restore it, or delete "
                "the study's dataset.nc to build it again."
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # build_dataset has shown them, with the files.
                return open_image(io.BytesIO(contents))
        except Exception as error:  # Pillow raises many types on broken files.
            raise InputError(
                f"{path} cannot be read as an image ({why_unreadable(error)}); replace or remove "
                "it, and delete the study's dataset.nc to build it again."
            ) from error

    def pixels(self, index: int) -> np.ndarray:
        """Return an image resized to (size, size, 3) uint8; raises as ``open``."""
        with naming_extras():
            from created_equal.decoding.resizing import fit

        return np.asarray(fit(self.open(index), self.size))


def read_images(dataset: xr.Dataset, data_root: Path) -> np.ndarray:
    """Read all images, (example, height, width, channel) uint8; raises as ``ImageFiles.open``.

    Args:
        dataset: from ``make_dataset`` or ``make_file_dataset``, or some of its examples.
        data_root: folder that the image folder is relative to, if images stay in files.
    """
    if not has_files(dataset):
        return dataset["image"].values
    files = ImageFiles(dataset, data_root)
    return np.stack([files.pixels(index) for index in range(len(files))])
