"""One network, trained from start to end."""

from collections.abc import Iterator

from created_equal.study import Ensemble
from created_equal.training.engine.images import Examples
from created_equal.training.engine.trainee import EpochResult, Trainee


def train_network(ensemble: Ensemble, seed: int, images: Examples) -> Iterator[EpochResult]:
    """Train one network and yield its results before the first epoch and after every epoch."""
    trainee = Trainee(ensemble, seed, images)
    yield from trainee.evaluate(lambda: None)
    while trainee.epoch < ensemble.recipe.epochs:
        for _ in trainee.finish_epoch():
            pass
        yield from trainee.evaluate(lambda: None)
