"""All that determines the predictions of a network; see versions.ENGINE_VERSION."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from created_equal.study import PAPER_ARCHITECTURES, Ensemble
from created_equal.training.engine.graphs import GraphGroup
from created_equal.training.engine.images import Examples, Images
from created_equal.training.engine.trainee import EpochResult, Trainee


class Group(Protocol):
    """Networks that are trained together, each as if it were alone.

    Attributes:
        seeds: the networks in the group.
        epoch: epochs that are finished.
    """

    seeds: list[int]
    epoch: int

    def finish_epoch(self) -> Iterator[None]:
        """Train to the end of the epoch; yield whenever all networks have finished a step."""

    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]:
        """Predict every example with each network; call ``after_batch`` after each batch."""

    def states(self) -> list[dict]:
        """Return for each network all that the rest of its training depends on."""

    def restore(self, states: Sequence[dict]) -> None:
        """Return to what ``states`` returned, at the same step for all networks."""


def make_group(ensemble: Ensemble, seeds: Sequence[int], images: Examples) -> Group:
    """Return the group in which the first of some networks, as many as fit, train fastest.

    On a CPU one network after the other is fastest: its activations stay in the cache. Networks of
    torchvision fill a GPU by themselves, and some draw random numbers of their own, which a graph
    would repeat; images that are read from files come too slowly for more than one.
    """
    recordable = isinstance(images, Images) and ensemble.architecture in PAPER_ARCHITECTURES
    if images.setting.device.type == "cuda" and recordable:
        return GraphGroup(ensemble, seeds, images)
    return Trainee(ensemble, seeds[0], images)
