"""The plain engine: networks as PyTorch modules, driven step by step from Python."""

from collections.abc import Callable, Iterator, Sequence

from created_equal.study import Ensemble
from created_equal.training.engine.images import Examples
from created_equal.training.engine.trainee import EpochResult, Trainee


class PlainGroup:
    """Networks that take each step one after the other.

    Args:
        ensemble: their definition.
        numbers: theirs; all of them are taken.
        images: the dataset, where they are to be trained.

    Attributes:
        numbers: the networks in the group.
    """

    def __init__(self, ensemble: Ensemble, numbers: Sequence[int], images: Examples):
        self.numbers = list(numbers)
        self._trainees = [Trainee(ensemble, number, images) for number in numbers]

    @property
    def epoch(self) -> int:
        """Epochs that are finished."""
        return self._trainees[0].epoch

    def finish_epoch(self) -> Iterator[None]:
        """Train to the end of the epoch; yields whenever all have taken the same step."""
        for _ in zip(*(trainee.finish_epoch() for trainee in self._trainees), strict=True):
            yield

    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]:
        """Return what each says of every example now; ``after_batch`` is called now and then."""
        return [trainee.evaluate(after_batch) for trainee in self._trainees]

    def states(self) -> list[dict]:
        """Return for each all that the rest of its training follows from."""
        return [trainee.state() for trainee in self._trainees]

    def restore(self, states: Sequence[dict]) -> None:
        """Go back to what ``states`` returned, at the same step for all."""
        for trainee, state in zip(self._trainees, states, strict=True):
            trainee.restore(state)


def train_network(ensemble: Ensemble, number: int, images: Examples) -> Iterator[EpochResult]:
    """Train one network and yield what it says before the first and after every epoch.

    Args:
        ensemble: its definition.
        number: the network's number i; the result follows from the two alone.
        images: the dataset, where the network is to be trained.
    """
    trainee = Trainee(ensemble, number, images)
    yield trainee.evaluate(_nothing)
    while trainee.epoch < ensemble.recipe.epochs:
        for _ in trainee.finish_epoch():
            pass
        yield trainee.evaluate(_nothing)


def _nothing() -> None:
    pass
