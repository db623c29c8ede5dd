"""Real digits of 8 x 8 pixels, a small network, and loaders, as in anybody's training loop."""

import os
from tempfile import mkdtemp
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

# Keras reads these when it is imported; otherwise its own settings are in the user's home.
os.environ |= {"KERAS_BACKEND": "torch", "KERAS_HOME": mkdtemp()}

NAMES = [f"digit {number}" for number in range(10)]


class Data(NamedTuple):
    """Arrays by split: inputs (example, 64) float32, images (example, 8, 8) uint8, labels."""

    inputs: dict[str, np.ndarray]
    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]

    def loader(self, split: str, **settings: object) -> DataLoader:
        tensors = (torch.from_numpy(of[split]) for of in (self.inputs, self.labels))
        return DataLoader(TensorDataset(*tensors), **{"batch_size": 32, **settings})

    def loaders(self, **settings: object) -> dict[str, DataLoader]:
        return {split: self.loader(split, **settings) for split in self.labels}


def digits() -> Data:
    found = load_digits()
    splits = {"train": slice(0, 300), "test": slice(300, 400)}
    pixels = (found.images * 15).astype(np.uint8)
    return Data(
        {split: found.data[part].astype(np.float32) / 16 for split, part in splits.items()},
        {split: pixels[part] for split, part in splits.items()},
        {split: found.target[part] for split, part in splits.items()},
    )


def make_model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10)
    )


def train_for_one_epoch(model: nn.Module, loader: DataLoader) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for inputs, labels in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()


def predict(model: nn.Module, inputs: np.ndarray) -> np.ndarray:
    """Return what a network says, (example, class), by another way than the recorder's."""
    was_training = model.training
    model.eval()
    outputs = model(torch.from_numpy(inputs)).detach().numpy()
    model.train(was_training)
    return outputs
