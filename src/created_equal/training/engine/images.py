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

# How many examples are predicted at once. On a CPU a batch should stay in a core's cache; on a GPU
# it should fill a large one and fit into a small one; of images in files, a few batches wait in
# shared memory for the device.
EXAMPLES_ON_CPU = 100
PIXELS_ON_GPU = 2500 * 32 * 32
EXAMPLES_OF_FILES = 250


class Examples(ABC):
    """A dataset's examples on a device, except for their pixels.

    Attributes:
        setting: the device and precision.
        shape: (height, width, channels) of the images.
        classes: K.
        labels: (example,) int64.
        labels_on_cpu: the same on the CPU, where results are computed.
        splits: for each of SPLITS a mask (example,) bool on the CPU.
        train: (train example,) int64, the examples of the train set.
        waited: seconds spent waiting for images; None if all are in memory.
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
        # A channel without contrast becomes zero, not 0 / 0.
        self._std = torch.tensor(np.where(std > 0, std, 1), dtype=torch.float32, device=device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def evaluated_at_once(self) -> int:
        """How many examples are predicted at once: at most the limit, in batches of equal size."""
        height, width, _ = self.shape
        on_gpu = max(1, PIXELS_ON_GPU // (height * width))
        most = EXAMPLES_ON_CPU if self.setting.device.type == "cpu" else on_gpu
        return math.ceil(len(self) / math.ceil(len(self) / most))

    @abstractmethod
    def load_batches(
        self, places: Sequence[np.ndarray], torch_seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Load mini-batches of the train set: standardised images, labels (example,) int64.

        The images are (example, channel, height, width) float32, channels_last.

        Args:
            places: for each mini-batch the places of its examples in the train set.
            torch_seeds: for each mini-batch a seed, for images that are changed at random.
        """

    @abstractmethod
    def load_in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Load all examples in their order, in the batches in which they are predicted."""

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

    def load_batches(
        self, places: Sequence[np.ndarray], torch_seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Load mini-batches, see ``Examples``; nothing about these images is random."""
        del torch_seeds
        for of_batch in places:
            index = self.train[torch.from_numpy(of_batch).to(self.setting.device)]
            yield self.batch(index), self.labels[index]

    def load_in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Load all examples, see ``Examples``."""
        for examples in self._slices(self.evaluated_at_once):
            yield examples, self.batch(examples)


class FileImages(Examples):
    """A dataset whose images stay in files: other processes decode them ahead of the device.

    Close an iterator of its methods that is not read to its end.

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

    def load_batches(
        self, places: Sequence[np.ndarray], torch_seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Load mini-batches, see ``Examples``; random changes depend on the seeds alone.

        Raises:
            InputError: a file is missing or has changed.
        """
        indices = [self._train[of_batch] for of_batch in places]
        loaded = self._load(list(zip(indices, torch_seeds, strict=True)))
        for index, images in zip(indices, loaded, strict=True):
            yield images, self.labels[torch.from_numpy(index).to(self.setting.device)]

    def load_in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Load all examples, see ``Examples``; raises like ``load_batches``."""
        slices = list(self._slices(min(self.evaluated_at_once, EXAMPLES_OF_FILES)))
        tasks = [(np.arange(each.start, each.stop), None) for each in slices]
        yield from zip(slices, self._load(tasks), strict=True)

    def _load(self, tasks: Iterable) -> Iterator[torch.Tensor]:
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
    """Return how many cores this process may use besides the one it runs on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)) - 1)
    return max(1, (os.cpu_count() or 1) - 1)
