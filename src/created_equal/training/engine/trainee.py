"""One network in training: its weights, its optimizer, and how far it is."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from created_equal.artefacts import label_dtype
from created_equal.networks import build_network, dropouts
from created_equal.study import PAPER_ARCHITECTURES, Ensemble
from created_equal.training.engine.device import Setting, has_compiler
from created_equal.training.engine.images import Examples
from created_equal.training.engine.initialise import initialise
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream, Streams


@dataclass(frozen=True)
class EpochResult:
    """What a network says after an epoch."""

    epoch: int
    predictions: np.ndarray  # (example,) of the smallest type that holds the labels
    accuracy: np.ndarray  # (split,), in the order of SPLITS
    loss: np.ndarray  # (split,) mean cross-entropy, nats


class Trainee:
    """A network in training; what it becomes follows from its ensemble and number alone.

    Args:
        ensemble: its definition.
        number: the network's number i.
        images: the dataset, where the network is to be trained.

    Attributes:
        epoch: epochs that are finished.
        step: mini-batches that are finished, of all epochs.
        network: the module, with the weights of now.
    """

    def __init__(self, ensemble: Ensemble, number: int, images: Examples):
        self.epoch = self.step = 0
        self._ensemble, self._images = ensemble, images
        self._streams = Streams(ensemble.definition, number)
        self.network = self._make_network()
        self._optimizer = self._make_optimizer()
        self._batches = len(images.train) // ensemble.recipe.batch_size
        self._compiled = is_compiled(ensemble, images.setting)
        self._applied = self._make_applied()
        for layer, dropout in enumerate(dropouts(self.network)):
            noise = self._noise_of(layer)
            dropout.noise = torch.compiler.disable(noise) if self._compiled else noise

    def finish_epoch(self) -> Iterator[None]:
        """Train to the end of the epoch that it is in; yields after every mini-batch."""
        recipe = self._ensemble.recipe
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.epoch + 1)
        self.network.train()
        chosen = mini_batches(
            self._ensemble, self._streams, self.epoch + 1, len(self._images.train), self._batches
        )
        first = self.step - self.epoch * self._batches
        seeds = [self._streams.seed(self.step + ahead) for ahead in range(self._batches - first)]
        with closing(self._images.mini_batches(chosen[first:], seeds)) as loaded:
            for (images, labels), seed in zip(loaded, seeds, strict=True):
                # For modules of torchvision that draw from PyTorch's own generator.
                torch.manual_seed(seed)
                self._update(images, labels)
                self.step += 1
                if self.step == (self.epoch + 1) * self._batches:
                    self.epoch += 1
                yield

    @torch.inference_mode()
    def evaluate(self, after_batch: Callable[[], None]) -> EpochResult:
        """Return what it says of every example now; ``after_batch`` is called as it says so."""
        self.network.eval()
        images = self._images
        predicted = torch.empty(len(images), dtype=torch.int64, device=images.labels.device)
        losses = torch.empty(len(images), device=images.labels.device)
        with closing(images.in_order()) as batches:
            for chosen, batch in batches:
                with images.setting.autocast():
                    logits = self._applied(batch).float()
                predicted[chosen] = logits.argmax(1)
                losses[chosen] = F.cross_entropy(logits, images.labels[chosen], reduction="none")
                after_batch()
        return result_of(self.epoch, predicted.cpu(), losses.cpu(), images)

    def state(self) -> dict:
        """Return all that the rest of its training follows from, as tensors and plain values."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def restore(self, state: dict) -> None:
        """Go back to what ``state`` returned."""
        self.epoch, self.step = state["epoch"], state["step"]
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _update(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        with self._images.setting.autocast():
            logits = self._applied(images)
        loss = F.cross_entropy(logits.float(), labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()

    def _make_network(self) -> nn.Module:
        images = self._images
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._streams.seed())
            network = network_of(self._ensemble, images.shape, images.classes)
        initialise(network, self._streams)
        return network.to(images.setting.device, memory_format=torch.channels_last)

    def _make_applied(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return what applies the network to images, with its weights of then."""
        return torch.compile(self.network) if self._compiled else self.network

    def _make_optimizer(self) -> torch.optim.Optimizer:
        return make_optimizer(self.network, self._ensemble.recipe)

    def _noise_of(self, layer: int) -> Callable[[int], torch.Tensor]:
        def noise(elements: int) -> torch.Tensor:
            drawn = self._streams.octets(Stream.DROPOUT, self.step, layer, elements)
            return torch.from_numpy(drawn).to(self._images.setting.device)

        return noise


def result_of(
    epoch: int, predicted: torch.Tensor, losses: torch.Tensor, images: Examples
) -> EpochResult:
    """Return what a network says after an epoch.

    Args:
        epoch: the epoch.
        predicted: (example,) int64 on the CPU, a label for each.
        losses: (example,) float32 on the CPU, cross-entropy of each, nats.
        images: the dataset.
    """
    right = (predicted == images.labels_on_cpu).numpy()
    splits = [split.numpy() for split in images.splits]
    return EpochResult(
        epoch,
        predicted.numpy().astype(label_dtype(images.classes)),
        np.array([right[split].mean() for split in splits]),
        np.array([losses.numpy()[split].mean(dtype=np.float64) for split in splits]),
    )


def is_compiled(ensemble: Ensemble, setting: Setting) -> bool:
    """Return whether networks are compiled: those of torchvision, on a GPU.

    What PyTorch makes for a GPU needs a C compiler; without one they run as they are.
    """
    wanted = setting.device.type == "cuda" and ensemble.architecture not in PAPER_ARCHITECTURES
    return wanted and has_compiler()


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


def mini_batches(
    ensemble: Ensemble, streams: Streams, epoch: int, examples: int, batches: int
) -> list[np.ndarray]:
    """Return the places in the train set of an epoch's mini-batches, all of the same size.

    Permuted: what does not fill the last mini-batch sits out this epoch, other examples in each.
    """
    size = ensemble.recipe.batch_size
    if ensemble.recipe.mini_batches == "permuted":
        order = streams.permutation(epoch, examples)
        return list(order[: batches * size].reshape(batches, size))
    steps = range((epoch - 1) * batches, epoch * batches)
    return [streams.sample(step, examples, size) for step in steps]
