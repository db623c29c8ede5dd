"""One network in training: weights, optimizer and progress."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from created_equal.artefacts import label_dtype
from created_equal.errors import InputError
from created_equal.networks import build_network, dropouts, error_in_user_code
from created_equal.study import PAPER_ARCHITECTURES, Ensemble, Recipe
from created_equal.training.engine.device import Setting, check_compiler, is_out_of_memory
from created_equal.training.engine.images import Examples
from created_equal.training.engine.initialize import initialize
from created_equal.training.engine.optimizers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream, Streams

NOT_IN_BACKWARD = -1


@dataclass(frozen=True)
class EpochResult:
    """A network's predictions after an epoch, with their accuracy and loss."""

    epoch: int  # Or the number of mini-batches, see ``Ensemble.moments``.
    predictions: np.ndarray  # (example,) of the smallest integer type that holds the labels
    accuracy: np.ndarray  # (split,), in the order of SPLITS
    loss: np.ndarray  # (split,) mean cross-entropy, nats


class Trainee:
    """A network in training, determined by its ensemble's definition and its seed alone.

    It is a ``Group`` of one network, so ``seeds`` and all results and states are lists of one.

    Attributes:
        step: number of finished mini-batches, over all epochs.
        network: the module, with its current weights.
    """

    def __init__(self, ensemble: Ensemble, seed: int, images: Examples):
        self.seeds = [seed]
        self.step = 0
        self._ensemble, self._images = ensemble, images
        self._streams = Streams(ensemble.streams_definition, seed, ensemble.shared)
        self.network = self._make_network()
        self._optimizer = self._make_optimizer()
        self._batches_per_epoch = len(images.train) // ensemble.recipe.batch_size
        self._compiled = is_compiled(ensemble, images.setting)
        self._forward = self._make_forward()
        for layer, dropout in enumerate(dropouts(self.network)):
            noise = self._make_noise(layer)
            dropout.noise = torch.compiler.disable(noise) if self._compiled else noise

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return self.step // self._batches_per_epoch

    @property
    def moment(self) -> int:
        """The progress in the unit of ``Ensemble.moments``: finished epochs, or mini-batches."""
        return self.step if self._ensemble.unit == "step" else self.epoch

    def finish_epoch(self) -> Iterator[None]:
        """Train to the end of the epoch; yield after every mini-batch."""
        recipe = self._ensemble.recipe
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.epoch + 1)
        self.network.train()
        batches = draw_mini_batches(recipe, self._streams, self.epoch + 1, len(self._images.train))
        # A restored network may be in the middle of an epoch.
        batches = batches[self.step % self._batches_per_epoch :]
        augmentations = [
            self._images.draw_augmentation(self._streams, step, len(batch))
            for step, batch in enumerate(batches, start=self.step)
        ]
        with closing(self._images.load_batches(batches, augmentations)) as loaded:
            for images, labels in loaded:
                # Some of torchvision's modules draw from PyTorch's own generator.
                torch.manual_seed(self._streams.torch_seed(Stream.DROPOUT, self.step))
                self._update(images, labels)
                self.step += 1
                yield

    # Not in inference mode: a network may keep a tensor that it makes here, and train with it.
    @torch.no_grad()
    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]:
        """Predict every example; call ``after_batch`` after each batch."""
        self.network.eval()
        images = self._images
        predictions = torch.empty(len(images), dtype=torch.int64, device=images.labels.device)
        losses = torch.empty(len(images), device=images.labels.device)
        with closing(images.load_in_order()) as batches:
            for examples, batch in batches:
                with self._explain_failures(), images.setting.autocast():
                    logits = self._forward(batch).float()
                predictions[examples] = logits.argmax(1)
                labels = images.labels[examples]
                losses[examples] = F.cross_entropy(logits, labels, reduction="none")
                after_batch()
        return [make_result(self.moment, predictions.cpu(), losses.cpu(), images)]

    def states(self) -> list[dict]:
        """Return everything from which the training can be resumed."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        return [state]

    def restore(self, states: Sequence[dict]) -> None:
        """Restore a state from ``states``."""
        (state,) = states
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _update(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        with self._explain_failures():
            with self._images.setting.autocast():
                logits = self._forward(images)
            loss = F.cross_entropy(logits.float(), labels)
            self._optimizer.zero_grad()
            loss.backward()
        self._optimizer.step()

    @contextmanager
    def _explain_failures(self) -> Iterator[None]:
        """Turn what a network of the user's own raises, unless memory ran out, into InputError."""
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # The user's code may raise anything.
            architecture, precision = self._ensemble.architecture, self._images.setting.precision
            if architecture.own is None or is_out_of_memory(error):
                raise
            what = f"the network of {architecture.name} fails in training in {precision}"
            raise error_in_user_code(what, architecture.own, error) from error

    def _make_network(self) -> nn.Module:
        ensemble, images = self._ensemble, self._images
        # torchvision's models draw weights when they are built, and ``initialize`` keeps some.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._streams.torch_seed(Stream.INITIALIZATION))
            network = build_network(
                ensemble.architecture, ensemble.recipe, images.shape, images.classes
            )
        initialize(network, self._streams)
        network = network.to(images.setting.device)
        # The method of modules would refuse tensors of five dimensions, as of Conv3d.
        for each in chain(network.parameters(), network.buffers()):
            if each.dim() == 4:
                each.data = each.data.to(memory_format=torch.channels_last)
        return network

    def _make_forward(self) -> Callable[[torch.Tensor], torch.Tensor]:
        return torch.compile(self.network) if self._compiled else self.network

    def _make_optimizer(self) -> torch.optim.Optimizer:
        return make_optimizer(self.network, self._ensemble.recipe)

    def _make_noise(self, layer: int) -> Callable[[int], torch.Tensor]:
        """Return the function that draws random bytes for a dropout layer; see ``Dropout``.

        A network may apply a layer several times in a step, and each time gets other numbers.
        Activation checkpointing applies it again in the backward pass, where it gets the same.
        """
        step, times = -1, 0

        def draw(n_bytes: int) -> torch.Tensor:
            nonlocal step, times
            is_repeated = torch._C._current_graph_task_id() != NOT_IN_BACKWARD
            if is_repeated and times > 1:
                raise InputError(
                    "a network applies a dropout layer several times, and checkpoints its "
                    "activations; use several dropout layers."
                )
            if not is_repeated:
                step, times = self.step, times + 1 if step == self.step else 1
            number = layer + ((times - 1) << 32)
            noise = self._streams.random_bytes(Stream.DROPOUT, step, number, n_bytes)
            return torch.from_numpy(noise).to(self._images.setting.device)

        return draw


def make_result(
    epoch: int, predictions: torch.Tensor, losses: torch.Tensor, images: Examples
) -> EpochResult:
    """Compute accuracy and loss per split from labels (example,) and cross-entropies (example,)."""
    is_right = (predictions == images.labels_on_cpu).numpy()
    return EpochResult(
        epoch,
        predictions.numpy().astype(label_dtype(images.classes)),
        np.array([is_right[split].mean() for split in images.splits]),
        np.array([losses.numpy()[split].mean(dtype=np.float64) for split in images.splits]),
    )


def is_compiled(ensemble: Ensemble, setting: Setting) -> bool:
    """Return whether networks are compiled: on a GPU that can, all but the paper's."""
    if setting.device.type != "cuda" or ensemble.architecture.name in PAPER_ARCHITECTURES:
        return False
    with suppress(InputError):
        check_compiler()
        return True
    return False


def draw_mini_batches(
    recipe: Recipe, streams: Streams, epoch: int, n_examples: int
) -> list[np.ndarray]:
    """Draw the mini-batches of an epoch (from 1), each (batch size,) indices into the train set.

    In permuted epochs the examples that do not fill a last mini-batch are left out, different ones
    in each epoch.
    """
    size = recipe.batch_size
    n_batches = n_examples // size
    if recipe.mini_batches == "permuted":
        order = streams.permutation(epoch, n_examples)
        return list(order[: n_batches * size].reshape(n_batches, size))
    steps = range((epoch - 1) * n_batches, epoch * n_batches)
    return [streams.sample(step, n_examples, size) for step in steps]
