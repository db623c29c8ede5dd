"""Standardized images on a device, batch by batch."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import SPLITS, ImageFiles, has_files, image_shape
from created_equal.training.engine.device import Setting, usable_cores
from created_equal.training.engine.reading import Reader, read_ahead
from created_equal.training.engine.streams import Stream, Streams

# Sizes of the batches that are predicted. On a CPU a batch should fit into a core's cache; on a GPU
# it should keep a large GPU busy and fit into a small one. Batches of images from files wait in
# shared memory, which is often small.
EXAMPLES_ON_CPU = 100
PIXELS_ON_GPU = 2500 * 32 * 32
EXAMPLES_OF_FILES = 250

# The random numbers that augment a mini-batch: words (example,) uint64 for images in memory, a seed
# for images in files, or none.
Augmentation = np.ndarray | int | None
# The indices of a batch's examples, and the random numbers that augment their images.
Task = tuple[np.ndarray, Augmentation]


class Examples(ABC):
    """The examples of a dataset on a device, without their pixels.

    Attributes:
        setting: the device and precision.
        shape: (height, width, channels) of the images.
        classes: K.
        labels: (example,) int64.
        labels_on_cpu: a copy on the CPU, where results are computed.
        splits: for each of SPLITS, a mask (example,) bool; a numpy array.
        train: (train example,) int64, indices of the train set.
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
        split_of = dataset["example_split"].values
        self.splits = [split_of == split for split in SPLITS]
        self._train = np.flatnonzero(split_of == "train")
        self.train = torch.from_numpy(self._train).to(device)
        mean, std = dataset["channel_mean"].values, dataset["channel_std"].values
        self._mean = torch.tensor(mean, dtype=torch.float32, device=device)
        # A constant channel becomes 0, not 0 / 0.
        self._std = torch.tensor(np.where(std > 0, std, 1), dtype=torch.float32, device=device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def prediction_batch(self) -> int:
        """The batch size of predictions."""
        height, width, _ = self.shape
        on_gpu = max(1, PIXELS_ON_GPU // (height * width))
        largest = EXAMPLES_ON_CPU if self.setting.device.type == "cpu" else on_gpu
        # Batches of equal size, because a small last batch would waste time.
        return math.ceil(len(self) / math.ceil(len(self) / largest))

    @abstractmethod
    def draw_augmentation(self, streams: Streams, step: int, n_examples: int) -> Augmentation:
        """Draw the random numbers that augment the mini-batch of a step."""

    @abstractmethod
    def _load(self, tasks: Sequence[Task]) -> Iterator[torch.Tensor]:
        """Load the images of each task, see ``Images.batch``."""

    def load_batches(
        self, batches: Sequence[np.ndarray], augmentations: Sequence[Augmentation]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Load the images and labels of mini-batches.

        ``batches`` has indices into the train set, and ``augmentations`` the result of
        ``draw_augmentation`` for each mini-batch; None loads the images as they are.
        """
        tasks = [
            (self._train[batch], augmentation)
            for batch, augmentation in zip(batches, augmentations, strict=True)
        ]
        for (index, _), images in zip(tasks, self._load(tasks), strict=True):
            yield images, self.labels[torch.from_numpy(index).to(self.setting.device)]

    def load_in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Load the images of all examples in order, in batches for prediction: (slice, images)."""
        size = self.prediction_batch
        slices = [slice(start, min(start + size, len(self))) for start in range(0, len(self), size)]
        tasks = [(np.arange(each.start, each.stop), None) for each in slices]
        yield from zip(slices, self._load(tasks), strict=True)

    def _standardize(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pixels (example, height, width, channel) uint8 as the input of networks."""
        return ((pixels.float() - self._mean) / self._std).permute(0, 3, 1, 2)


class Images(Examples):
    """A dataset in the memory of a device: uint8 pixels, gathered by index.

    ``augmentation`` is as in the recipe.
    """

    def __init__(self, dataset: xr.Dataset, setting: Setting, augmentation: str | None = None):
        super().__init__(dataset, setting)
        self.is_augmented = augmentation is not None
        self._pixels = torch.from_numpy(dataset["image"].values).to(setting.device)

    def batch(self, index: torch.Tensor | slice, words: torch.Tensor | None = None) -> torch.Tensor:
        """Return standardized images (example, channel, height, width) float32, channels_last.

        ``words``, (example,) int64, are random bits that augment the images.
        """
        pixels = self._pixels[index] if words is None else crop_and_flip(self._pixels, index, words)
        return self._standardize(pixels)

    def draw_augmentation(self, streams: Streams, step: int, n_examples: int) -> np.ndarray | None:
        if not self.is_augmented:
            return None
        return streams.words(Stream.AUGMENTATION, step, 0, n_examples)

    def _load(self, tasks: Sequence[Task]) -> Iterator[torch.Tensor]:
        for index, words in tasks:
            if words is not None:
                words = torch.from_numpy(words.view(np.int64)).to(self.setting.device)
            yield self.batch(torch.from_numpy(index).to(self.setting.device), words)


class FileImages(Examples):
    """A dataset whose images stay in files, which other processes decode ahead of the device.

    Close iterators that are not read to the end, to end these processes. Without workers, this
    process decodes. Images are augmented when they are read. An image that is missing or has
    changed raises an InputError.
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
        self._reader = Reader(ImageFiles(dataset, data_root), augmentation)

    @property
    def prediction_batch(self) -> int:
        return min(super().prediction_batch, EXAMPLES_OF_FILES)

    def draw_augmentation(self, streams: Streams, step: int, n_examples: int) -> int:
        return streams.torch_seed(Stream.AUGMENTATION, step)

    def _load(self, tasks: Sequence[Task]) -> Iterator[torch.Tensor]:
        device = self.setting.device
        read = read_ahead(self._reader, tasks, self._workers, pinned=device.type == "cuda")
        while True:
            started = time.monotonic()
            pixels = next(read, None)
            self.waited += time.monotonic() - started
            if pixels is None:
                return
            yield self._standardize(pixels.to(device, non_blocking=True))


def load_images(
    dataset: xr.Dataset, setting: Setting, data_root: Path, augmentation: str | None
) -> Examples:
    """Load a dataset for training, whether its images are in memory or in files.

    The folder of images in files is relative to ``data_root``.
    """
    if has_files(dataset):
        workers = max(1, usable_cores() - 1)  # One core is left for this process.
        return FileImages(dataset, setting, data_root, augmentation, workers)
    return Images(dataset, setting, augmentation)


def crop_and_flip(pixels: torch.Tensor, index: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return the examples at ``index``, shifted at random, and mirrored half of the time.

    An image is shifted by up to an eighth of its shorter side in both directions, and filled with
    black. This is the usual augmentation of CIFAR: pad by 4 pixels, crop to 32 x 32, mirror.
    Pixels are (example, height, width, channel) uint8. ``words``, (chosen,) int64, have 16 random
    bits each for the shifts down and right, and one to mirror.
    """
    _, height, width, _ = pixels.shape
    most = min(height, width) // 8
    # Signed 16-bit numbers become 0..65535.
    down, right, mirrored, _ = (words.view(torch.int16).view(-1, 4).long() & 0xFFFF).unbind(1)
    rows, columns = _shifted(height, down, most), _shifted(width, right, most)
    columns = torch.where((mirrored & 1).bool()[:, None], width - 1 - columns, columns)
    is_inside = _inside(rows, height)[:, :, None] & _inside(columns, width)[:, None, :]
    rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    shifted = pixels[index[:, None, None], rows[:, :, None], columns[:, None, :]]
    return shifted * is_inside[..., None]


def _shifted(length: int, draws: torch.Tensor, most: int) -> torch.Tensor:
    """Return (example, length) places from -most to length - 1 + most, given draws in 0..65535."""
    shifts = (draws * (2 * most + 1) >> 16) - most
    return torch.arange(length, device=draws.device) - shifts[:, None]


def _inside(places: torch.Tensor, length: int) -> torch.Tensor:
    return (places >= 0) & (places < length)
