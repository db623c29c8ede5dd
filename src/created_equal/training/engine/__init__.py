"""What decides the predictions of a network; an edit in this folder makes other networks."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from created_equal.study import Ensemble
from created_equal.training.engine.images import Examples
from created_equal.training.engine.plain import PlainGroup
from created_equal.training.engine.trainee import EpochResult


class Group(Protocol):
    """Networks that are trained together, each as if it were alone; see ``PlainGroup``."""

    numbers: list[int]
    epoch: int

    def finish_epoch(self) -> Iterator[None]: ...

    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]: ...

    def states(self) -> list[dict]: ...

    def restore(self, states: Sequence[dict]) -> None: ...


def make_group(ensemble: Ensemble, numbers: Sequence[int], images: Examples) -> Group:
    """Return the group in which the first of some networks, as many as fit, train fastest."""
    return PlainGroup(ensemble, numbers[:1], images)
