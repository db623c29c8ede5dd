"""The images of a dataset, where they stay in files as well as where they are in the dataset."""

import io
from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image

from created_equal.artefacts.dataset import content_hash, has_files
from created_equal.decoding.image_file import open_image, why_unreadable
from created_equal.decoding.resizing import fit
from created_equal.errors import InputError


class ImageFiles:
    """The images of a dataset that stay in files, each read when it is asked for.

    Args:
        dataset: see ``make_file_dataset``.
        data_root: what its folder is relative to.
    """

    def __init__(self, dataset: xr.Dataset, data_root: Path):
        self.size = int(dataset.attrs["height"])
        self._folder = data_root / Path(dataset.attrs["folder"]).expanduser()
        # One block of bytes: a million strings would be copied into each process that reads them.
        self._names = np.array([name.encode() for name in dataset["file"].values.tolist()])
        self._hashes = dataset["pixel_hash"].values

    def __len__(self) -> int:
        return len(self._names)

    def open(self, index: int) -> Image.Image:
        """Return an image at its full size, see ``open_image``.

        Raises:
            InputError: its file is missing or unreadable, or has changed since the dataset was
                built.
        """
        path = self._folder / self._names[index].decode()
        try:
            octets = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({error.strerror or error}); put it back, set data_root to "
                "the folder in which it is, or delete the study's dataset.nc to build it again."
            ) from error
        if content_hash(octets) != self._hashes[index]:
            raise InputError(
                f"{path} has changed since the dataset was built; put it back as it was, or delete "
                "the study's dataset.nc to build it again."
            )
        try:
            return open_image(io.BytesIO(octets))[0]
        except Exception as error:  # Pillow's decoders raise nearly every kind on a broken file
            raise InputError(
                f"{path} cannot be read as an image ({why_unreadable(error)}); replace or remove "
                "it, and delete the study's dataset.nc to build it again."
            ) from error

    def pixels(self, index: int) -> np.ndarray:
        """Return an image (height, width, 3) uint8, made to fit; raises as ``open``."""
        return np.asarray(fit(self.open(index), self.size))


def read_images(dataset: xr.Dataset, data_root: Path) -> np.ndarray:
    """Return all images of a dataset, or of some of its examples, in memory.

    Args:
        dataset: see ``make_dataset`` and ``make_file_dataset``.
        data_root: what the folder is relative to where they stay in files.

    Returns:
        (example, height, width, channel) uint8.

    Raises:
        InputError: see ``ImageFiles.open``.
    """
    if not has_files(dataset):
        return dataset["image"].values
    files = ImageFiles(dataset, data_root)
    return np.stack([files.pixels(index) for index in range(len(files))])
