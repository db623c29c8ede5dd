"""Ways to train an ensemble: what the workflow does, and what it was chosen from.

Each way trains networks and predicts every example after each epoch. It is an iterator: after each
epoch of the networks that it trains together it gives their labels, (network, example) int64; when
these are trained to the end, others may follow. ``engine`` and ``fused`` give the workflow's
networks: the others draw their order of examples and their dropout from PyTorch's generator.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from created_equal.errors import InputError
from created_equal.networks import Dropout
from created_equal.study import Ensemble
from created_equal.training.engine import make_group
from created_equal.training.engine.device import release_memory
from created_equal.training.engine.images import Images
from created_equal.training.engine.initialise import initialise
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Streams
from created_equal.training.engine.trainee import network_of

Way = Callable[[Ensemble, Sequence[int], Images], Iterator[np.ndarray]]
# Examples that networks mapped by torch.func predict at once, each of them.
PREDICTED_AT_ONCE = 100


def first_network(ensemble: Ensemble, number: int, images: Images) -> nn.Module:
    """Return an untrained network with torch's own dropout in place of the counted one."""
    network = network_of(ensemble, images.shape, images.classes)
    initialise(network, Streams(ensemble.definition, number))
    replace_layers(network, Dropout, lambda layer: nn.Dropout(layer.threshold / 256))
    return network.to(images.setting.device)


def replace_layers(network: nn.Module, kind: type, other: Callable[[nn.Module], nn.Module]) -> None:
    """Put another layer in the place of each of a network's layers of a kind."""
    for name, layer in list(network.named_children()):
        if isinstance(layer, kind):
            setattr(network, name, other(layer))


def train_with_loop(
    ensemble: Ensemble, numbers: Sequence[int], images: Images
) -> Iterator[np.ndarray]:
    """Train networks as a first script would."""
    recipe = ensemble.recipe
    every = images.batch(slice(None)).contiguous()
    train = TensorDataset(every[images.train], images.labels[images.train])
    for number in numbers:
        torch.manual_seed(number)
        network = first_network(ensemble, number, images)
        loader = DataLoader(train, batch_size=recipe.batch_size, shuffle=True, drop_last=True)
        optimizer = make_optimizer(network, recipe)
        for epoch in range(1, recipe.epochs + 1):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, epoch)
            network.train()
            for batch, labels in loader:
                optimizer.zero_grad()
                F.cross_entropy(network(batch), labels).backward()
                optimizer.step()
            network.eval()
            size = images.evaluated_at_once
            with torch.no_grad():
                predicted = torch.cat([network(part).argmax(1) for part in every.split(size)])
            yield predicted.cpu().numpy()[None]


class SameConvolution(nn.Module, ABC):
    """A convolution with padding "same", written as matrix products.

    Where torch.func maps it over networks, each product becomes one batched product of them all.

    Args:
        convolution: whose weights it takes, (output, input, k, k) and (output,).
    """

    def __init__(self, convolution: nn.Conv2d):
        super().__init__()
        self.weight, self.bias = convolution.weight, convolution.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (example, output, height, width) for (example, input, height, width)."""
        # (k k, input, output), one matrix for each place in the kernel.
        matrices = self.weight.permute(2, 3, 1, 0).flatten(0, 1)
        y = self.multiply(self._shifts(x), matrices) + self.bias
        return y.unflatten(0, (x.shape[0], *x.shape[2:])).permute(0, 3, 1, 2)

    @abstractmethod
    def multiply(self, shifts: list[torch.Tensor], matrices: torch.Tensor) -> torch.Tensor:
        """Return (pixel, output) for k k images (pixel, input), shifted as their matrices are."""

    def _shifts(self, x: torch.Tensor) -> list[torch.Tensor]:
        size, (height, width) = self.weight.shape[-1], x.shape[2:]
        before, after = (size - 1) // 2, size // 2
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, before, after, before, after))
        return [
            padded[:, row : row + height, column : column + width].flatten(0, 2)
            for row in range(size)
            for column in range(size)
        ]


class Unfolded(SameConvolution):
    """One product of every pixel's neighbourhood, (pixel, k k input)."""

    def multiply(self, shifts: list[torch.Tensor], matrices: torch.Tensor) -> torch.Tensor:
        """See ``SameConvolution``."""
        return torch.cat(shifts, 1) @ matrices.flatten(0, 1)


class Shifted(SameConvolution):
    """The sum of k k products, one for each shift."""

    def multiply(self, shifts: list[torch.Tensor], matrices: torch.Tensor) -> torch.Tensor:
        """See ``SameConvolution``."""
        return sum(shifted @ matrix for shifted, matrix in zip(shifts, matrices, strict=True))


class Mapped:
    """Networks that take each step together, as torch.func maps one of them over many.

    Args:
        ensemble: their definition; its optimizer must be SGD and no more.
        numbers: theirs, from which their first weights follow.
        images: the dataset.
        convolution: what to put in the place of ``nn.Conv2d``; None leaves it, and torch.func makes
            grouped convolutions of it.
        compiled: whether torch.compile compiles the step and the prediction.

    Raises:
        InputError: the optimizer is another.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        numbers: Sequence[int],
        images: Images,
        convolution: type[SameConvolution] | None = None,
        compiled: bool = False,
    ):
        recipe = ensemble.recipe
        if recipe.optimizer != "sgd" or recipe.momentum or recipe.weight_decay:
            raise InputError(
                f"{ensemble.study}/{ensemble.name} is trained by more than plain SGD, which is all "
                "that the mapped ways of this benchmark know; leave them out by --ways."
            )
        self._images = images
        networks = [first_network(ensemble, number, images) for number in numbers]
        if convolution:
            for network in networks:
                replace_layers(network, nn.Conv2d, convolution)
        weights, self._buffers = stack_module_state(networks)
        self.weights = {name: each.detach() for name, each in weights.items()}
        self._network = deepcopy(networks[0])
        self._slopes = vmap(grad(self._loss), randomness="different")
        self._labels = vmap(self._label, in_dims=(0, 0, None))
        if compiled:
            self._slopes = torch.compile(self._slopes, dynamic=False)
            self._labels = torch.compile(self._labels, dynamic=False)

    def step(self, index: torch.Tensor, rate: float) -> None:
        """Train each network on its mini-batch, examples (network, example) int64."""
        self._network.train()
        images = self._images.batch(index.flatten()).unflatten(0, index.shape)
        slopes = self._slopes(self.weights, self._buffers, images, self._images.labels[index])
        for name, slope in slopes.items():
            self.weights[name].sub_(slope, alpha=rate)

    @torch.no_grad()
    def predict(self) -> torch.Tensor:
        """Return what each network says of every example now: (network, example) int64."""
        self._network.eval()
        labels = self._images.labels
        parts = torch.arange(len(labels), device=labels.device).split(PREDICTED_AT_ONCE)
        said = [
            self._labels(self.weights, self._buffers, self._images.batch(part)) for part in parts
        ]
        return torch.cat(said, dim=1)

    def _loss(
        self, weights: dict, buffers: dict, images: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        return F.cross_entropy(self._logits(weights, buffers, images).float(), labels)

    def _label(self, weights: dict, buffers: dict, images: torch.Tensor) -> torch.Tensor:
        return self._logits(weights, buffers, images).argmax(1)

    def _logits(self, weights: dict, buffers: dict, images: torch.Tensor) -> torch.Tensor:
        with self._images.setting.autocast():
            return functional_call(self._network, (weights, buffers), (images,))


def mapped(convolution: type[SameConvolution] | None = None, compiled: bool = False) -> Way:
    """Return the way that trains networks as ``Mapped``; see there for the arguments."""

    def train(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> Iterator[np.ndarray]:
        recipe = ensemble.recipe
        torch.manual_seed(numbers[0])
        networks = Mapped(ensemble, numbers, images, convolution, compiled)
        device, size = images.setting.device, recipe.batch_size
        for epoch in range(1, recipe.epochs + 1):
            orders = torch.stack(
                [torch.randperm(len(images.train), device=device) for _ in numbers]
            )
            for step in range(len(images.train) // size):
                places = orders[:, step * size : (step + 1) * size]
                networks.step(images.train[places], learning_rate(recipe, epoch))
            yield networks.predict().cpu().numpy()

    return train


def train_fused(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> Iterator[np.ndarray]:
    """Train networks by kernels of our own, see ``Fused``."""
    # Not at the top: it needs Triton, which is not there on every platform.
    from fused import Fused

    networks = Fused(ensemble, numbers, images)
    for _ in range(ensemble.recipe.epochs):
        networks.finish_epoch()
        yield networks.predict().cpu().numpy()


def train_with_engine(
    ensemble: Ensemble, numbers: Sequence[int], images: Images
) -> Iterator[np.ndarray]:
    """Train networks as the workflow does."""
    left = list(numbers)
    while left:
        group = make_group(ensemble, left, images)
        for _ in range(ensemble.recipe.epochs):
            for _ in group.finish_epoch():
                pass
            yield np.stack([each.predictions for each in group.evaluate(lambda: None)])
        left = left[len(group.numbers) :]
        del group
        release_memory()


WAYS: dict[str, Way] = {
    "engine": train_with_engine,
    "fused": train_fused,
    "loop": train_with_loop,
    "vmap": mapped(),
    "unfold": mapped(Unfolded, compiled=True),
    "shift": mapped(Shifted, compiled=True),
}
# What is compiled for GPUs alone.
ON_GPU_ALONE = frozenset({"fused"})
