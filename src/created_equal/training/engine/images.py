"""A dataset on the device where networks are trained: uint8 pixels, gathered by index."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import SPLITS
from created_equal.training.engine.device import Setting


class Images:
    """A dataset on a device: uint8 pixels, standardised batch by batch as they are used."""

    def __init__(self, dataset: xr.Dataset, setting: Setting):
        device = setting.device
        self.setting = setting
        self.shape = tuple(dataset["image"].shape[1:])  # height, width, channels
        self.classes = dataset.sizes["class"]
        self._pixels = torch.from_numpy(dataset["image"].values).to(device)
        self.labels = torch.from_numpy(dataset["label"].values.astype(np.int64)).to(device)
        in_split = dataset["example_split"].values
        self.splits = [torch.from_numpy(in_split == split).to(device) for split in SPLITS]
        self.train = torch.from_numpy(np.flatnonzero(in_split == "train")).to(device)
        mean, std = dataset["channel_mean"].values, dataset["channel_std"].values
        self._mean = torch.tensor(mean, dtype=torch.float32, device=device)
        # A channel without contrast stays zero.
        self._std = torch.tensor(np.where(std > 0, std, 1), dtype=torch.float32, device=device)

    def __len__(self) -> int:
        return len(self._pixels)

    def batch(self, index: torch.Tensor | slice) -> torch.Tensor:
        """Return standardised images (example, channel, height, width) float32, channels_last."""
        standardised = (self._pixels[index].float() - self._mean) / self._std
        return standardised.permute(0, 3, 1, 2)

    def mini_batches(
        self, chosen: Sequence[np.ndarray], seeds: Sequence[int]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield mini-batches of the train set: images as ``batch``, labels (example,) int64.

        Args:
            chosen: for each mini-batch the places of its examples in the train set.
            seeds: for each mini-batch a seed, for images that are changed at random as they are
                read; these are not.
        """
        del seeds
        for places in chosen:
            index = self.train[torch.from_numpy(places).to(self.setting.device)]
            yield self.batch(index), self.labels[index]

    def in_order(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield all examples in their order, as many at once as are evaluated together."""
        size = self.setting.evaluation_batch
        for start in range(0, len(self), size):
            chosen = slice(start, min(start + size, len(self)))
            yield chosen, self.batch(chosen)
