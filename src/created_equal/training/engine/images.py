"""A dataset as networks are trained on it: standardised images on a device, batch by batch."""

import math
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import SPLITS, ImageFiles, has_files, image_shape
from created_equal.training.engine.device import Setting
from created_equal.training.engine.reading import Reader, read_ahead

# Predicted at once: what stays in a core's cache; pixels that fill a GPU and leave room on a small
# one; images of files, of which a few batches wait in shared memory for the device.
EXAMPLES_ON_CPU = 100
PIXELS_ON_GPU = 2500 * 32 * 32
EXAMPLES_OF_FILES = 250


class Examples(ABC):
    """What is known of a dataset's examples on a device, beside their pixels.

    Attributes:
        setting: the device and precision.
        shape: (height, width, channels) of the images.
        classes: K.
        labels: (example,) int64.
        labels_on_cpu: the same, where results are put together.
        splits: for each of SPLITS a mask (example,) bool, there too.
        train: (train example,) int64, the examples of the train set.
        waited: seconds for which the device had no images to go on with; None: it has all.
    """

    waited: float | None = None

    def __init__(self, dataset: xr.Dataset, setting: Setting):
        device = setting.device
        self.setting = setting
        self.shape = image_shape(dataset)
        self.classes = dataset.sizes["class"]
        self.labels_on_cpu = torch.from_numpy(dataset["label"].values.astype(np.int64))
        self.labels = self.labels_on_cpu.to(device)
        in_split = dataset["example_split"].values
        self.splits = [torch.from_numpy(in_split == split) for split in SPLITS]
        self.train = torch.from_numpy(np.flatnonzero(in_split == "train")).to(device)
        mean, std = dataset["channel_mean"].values, dataset["channel_std"].values
        self._mean = torch.tensor(mean, dtype=torch.float32, device=device)
        # A channel without contrast stays zero.
        self._std = torch.tensor(np.where(std > 0, std, 1), dtype=torch.float32, device=device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def evaluated_at_once(self) -> int:
        """How many examples are predicted at once: as many as may be, so that batches are equal."""
        height, width, _ = self.shape
        on_gpu = max(1, PIXELS_ON_GPU // (height * width))
        most = EXAMPLES_ON_CPU if self.setting.device.type == "cpu" else on_gpu
        return math.ceil(len(self) / math.ceil(len(self) / most))

    @abstractmethod
    def mini_batches(
        self, chosen: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield mini-batches of the train set: standardised images, labels (example,) int64.

        The images are (example, channel, height, width) float32, channels_last.

        Args:
            chosen: for each mini-batch the places of its examples in the train set.
            seeds: for each mini-batch a seed, for images that are changed at random.
        """

    @abstractmethod
    def in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield all examples in their order, as many at once as are evaluated together."""

    def _slices(self, size: int) -> Iterator[slice]:
        for start in range(0, len(self), size):
            yield slice(start, min(start + size, len(self)))

    def _standardised(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pixels (example, height, width, channel) uint8 as networks take them."""
        return ((pixels.float() - self._mean) / self._std).permute(0, 3, 1, 2)


class Images(Examples):
    """A dataset on a device: uint8 pixels, gathered by index."""

    def __init__(self, dataset: xr.Dataset, setting: Setting):
        super().__init__(dataset, setting)
        self._pixels = torch.from_numpy(dataset["image"].values).to(setting.device)

    def batch(self, index: torch.Tensor | slice) -> torch.Tensor:
        """Return standardised images (example, channel, height, width) float32, channels_last."""
        return self._standardised(self._pixels[index])

    def mini_batches(
        self, chosen: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield mini-batches, see ``Examples``; there is nothing random about these images."""
        del seeds
        for places in chosen:
            index = self.train[torch.from_numpy(places).to(self.setting.device)]
            yield self.batch(index), self.labels[index]

    def in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield all examples, see ``Examples``."""
        for chosen in self._slices(self.evaluated_at_once):
            yield chosen, self.batch(chosen)


class FileImages(Examples):
    """A dataset whose images stay in files: other processes decode them ahead of the device.

    Close what its methods yield from, where it is left midway.

    Args:
        dataset: see ``artefacts.make_file_dataset``.
        setting: the device and precision.
        data_root: what the dataset's folder is relative to.
        augmentation: as in the recipe.
        workers: processes that decode; 0: this one does.
    """

    def __init__(
        self,
        dataset: xr.Dataset,
        setting: Setting,
        data_root: Path,
        augmentation: str | None,
        workers: int,
    ):
        super().__init__(dataset, setting)
        self.waited = 0.0
        self._workers = workers
        self._train = np.flatnonzero(dataset["example_split"].values == "train")
        self._reader = Reader(ImageFiles(dataset, data_root), augmentation)

    def mini_batches(
        self, chosen: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield mini-batches, see ``Examples``; what is random follows from the seeds alone.

        Raises:
            InputError: a file is missing or has changed.
        """
        indices = [self._train[places] for places in chosen]
        loaded = self._loaded(list(zip(indices, seeds, strict=True)))
        for index, images in zip(indices, loaded, strict=True):
            yield images, self.labels[torch.from_numpy(index).to(self.setting.device)]

    def in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield all examples, see ``Examples``; raises as ``mini_batches``."""
        slices = list(self._slices(min(self.evaluated_at_once, EXAMPLES_OF_FILES)))
        tasks = [(np.arange(each.start, each.stop), None) for each in slices]
        yield from zip(slices, self._loaded(tasks), strict=True)

    def _loaded(self, tasks: Iterable) -> Iterator[torch.Tensor]:
        device = self.setting.device
        read = read_ahead(self._reader, tasks, self._workers, pinned=device.type == "cuda")
        while True:
            started = time.monotonic()
            pixels = next(read, None)
            self.waited += time.monotonic() - started
            if pixels is None:
                return
            yield self._standardised(pixels.to(device, non_blocking=True))


def load_images(
    dataset: xr.Dataset, setting: Setting, data_root: Path, augmentation: str | None
) -> Images | FileImages:
    """Return a dataset as networks are trained on it, wherever its images are.

    Args:
        dataset: see ``artefacts.make_dataset`` and ``artefacts.make_file_dataset``.
        setting: the device and precision.
        data_root: what the dataset's folder is relative to, where its images stay in files.
        augmentation: as in the recipe.
    """
    if has_files(dataset):
        return FileImages(dataset, setting, data_root, augmentation, _spare_cores())
    return Images(dataset, setting)


def _spare_cores() -> int:
    """Return how many cores this process may use beside one for itself, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)) - 1)
    return max(1, (os.cpu_count() or 1) - 1)
