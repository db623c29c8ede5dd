"""The plain engine: one network after the other, as PyTorch modules."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import nn
from torch.nn import functional as F

from created_equal.artefacts import SPLITS
from created_equal.networks import build_network, dropouts
from created_equal.study import Ensemble
from created_equal.training.engine.device import Setting
from created_equal.training.engine.initialise import initialise
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream, Streams


@dataclass(frozen=True)
class EpochResult:
    """What a network says after an epoch."""

    epoch: int
    predictions: np.ndarray  # (example,) integers
    accuracy: np.ndarray  # (split,), in the order of SPLITS
    loss: np.ndarray  # (split,) mean cross-entropy, nats


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


def train_network(ensemble: Ensemble, number: int, images: Images) -> Iterator[EpochResult]:
    """Train one network and yield what it says before the first and after every epoch.

    Args:
        ensemble: its definition.
        number: the network's number i; the result follows from the two alone.
        images: the dataset, where the network is to be trained.
    """
    recipe, setting = ensemble.recipe, images.setting
    streams = Streams(ensemble.definition, number)
    network = _make_network(ensemble, images, streams)
    optimizer = make_optimizer(network, recipe)
    batches = len(images.train) // recipe.batch_size
    step = 0

    def noise_of(layer: int):
        def noise(elements: int) -> torch.Tensor:
            drawn = streams.octets(Stream.DROPOUT, step, layer, elements)
            return torch.from_numpy(drawn).to(setting.device)

        return noise

    for layer, dropout in enumerate(dropouts(network)):
        dropout.noise = noise_of(layer)
    yield _evaluate(network, images, 0)
    for epoch in range(1, recipe.epochs + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, epoch)
        network.train()
        for chosen in _mini_batches(ensemble, streams, epoch, len(images.train), batches):
            # For modules of torchvision that draw from PyTorch's own generator.
            torch.manual_seed(streams.seed(step))
            index = images.train[torch.from_numpy(chosen).to(setting.device)]
            with setting.autocast():
                logits = network(images.batch(index))
            loss = F.cross_entropy(logits.float(), images.labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        yield _evaluate(network, images, epoch)


def network_of(ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Return a network as an ensemble's definition says; raises as ``build_network``.

    Args:
        ensemble: its definition.
        image_shape: (height, width, channels).
        classes: K.
    """
    return build_network(
        ensemble.architecture,
        ensemble.width,
        ensemble.recipe.activation,
        ensemble.recipe.dropout,
        image_shape,
        classes,
        linear=ensemble.linear,
        depth=ensemble.depth,
        kernel=ensemble.kernel,
        units=ensemble.units,
    )


def _make_network(ensemble: Ensemble, images: Images, streams: Streams) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.seed())
        network = network_of(ensemble, images.shape, images.classes)
    initialise(network, streams)
    return network.to(images.setting.device, memory_format=torch.channels_last)


def _mini_batches(
    ensemble: Ensemble, streams: Streams, epoch: int, examples: int, batches: int
) -> Iterator[np.ndarray]:
    """Yield the train examples of an epoch's mini-batches, all of the same size.

    Permuted: what does not fill the last mini-batch sits out this epoch, other examples in each.
    """
    size = ensemble.recipe.batch_size
    if ensemble.recipe.mini_batches == "permuted":
        order = streams.permutation(epoch, examples)
        yield from order[: batches * size].reshape(batches, size)
    else:
        for step in range((epoch - 1) * batches, epoch * batches):
            yield streams.sample(step, examples, size)


@torch.inference_mode()
def _evaluate(network: nn.Module, images: Images, epoch: int) -> EpochResult:
    network.eval()
    size = images.setting.evaluation_batch
    outputs = []
    for start in range(0, len(images), size):
        with images.setting.autocast():
            outputs.append(network(images.batch(slice(start, start + size))).float())
    logits = torch.cat(outputs)
    losses = F.cross_entropy(logits, images.labels, reduction="none")
    predicted = logits.argmax(1)
    right = (predicted == images.labels).float()
    return EpochResult(
        epoch,
        predicted.cpu().numpy(),
        np.array([right[split].mean().item() for split in images.splits]),
        np.array([losses[split].mean().item() for split in images.splits]),
    )
