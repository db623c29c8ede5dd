"""A training job: the networks that are missing, all kept as soon as they are finished."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.artefacts import make_predictions, write_predictions
from created_equal.errors import InputError
from created_equal.study import Ensemble
from created_equal.training.checkpoints import (
    checkpoint_path,
    identity_of,
    read_checkpoint,
    write_checkpoint,
)
from created_equal.training.engine import Group, make_group
from created_equal.training.engine.device import describe_device, is_out_of_memory, release_memory
from created_equal.training.engine.images import Examples
from created_equal.training.engine.trainee import EpochResult
from created_equal.training.notice import Notice
from created_equal.training.progress import Report

# Networks are kept after an epoch that ends so long after they were kept last: those of seconds an
# epoch would else spend more time on the disk than in training.
SECONDS_BETWEEN_CHECKPOINTS = 60
# And so many times as long as that took: large ones spend a twentieth of their time on it at most.
TIMES_THEIR_COST = 20

log = logging.getLogger(__name__)


class Begun(NamedTuple):
    """A network on its way: what it said so far, and the state to go on from (None: untrained)."""

    number: int
    state: dict | None
    results: list[EpochResult]
    seconds: float

    @property
    def step(self) -> int:
        """Mini-batches that are finished."""
        return self.state["step"] if self.state else 0


class Job:
    """Trains networks of one ensemble.

    Args:
        ensemble: their definition.
        data: the dataset.
        images: the same where they are trained.
        definition: all that they follow from, see ``networks_definition``.
        folder: for finished networks and checkpoints, until the job's file is written.
        report: told of every epoch.
        told: whether the job has to end.

    Attributes:
        trained: finished network -> its predictions file.
        diverged: network whose loss is not finite -> after which epoch.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        data: xr.Dataset,
        images: Examples,
        definition: Mapping,
        folder: Path,
        report: Report,
        told: Notice,
    ):
        self._ensemble, self._data, self._images = ensemble, data, images
        self._definition, self._folder = definition, folder
        self._report, self._told = report, told
        self.trained: dict[int, Path] = {}
        self.diverged: dict[int, int] = {}

    def train(self, numbers: Sequence[int]) -> None:
        """Train networks, as many at once as the device's memory holds.

        Raises:
            InputError: the device's memory is too small for one network alone.
            SystemExit: the job was told to end.
        """
        at_once = len(numbers)
        while left := [each for each in numbers if each not in self.trained | self.diverged]:
            begun = [self._begin(number) for number in left]
            # Only networks at the same step can take the next one together.
            furthest = max(each.step for each in begun)
            members = [each for each in begun if each.step == furthest][:at_once]
            try:
                self._train_together(members)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                at_once = self._fewer_than(len(members), error)
            release_memory()

    def _begin(self, number: int) -> Begun:
        path = checkpoint_path(self._folder, number)
        found = read_checkpoint(path, self._identity(number))
        return Begun(number, *(found or (None, [], 0.0)))

    def _identity(self, number: int) -> dict:
        return identity_of(self._definition, number, self._images.setting)

    def _train_together(self, members: Sequence[Begun]) -> None:
        """Train as many of some networks, all at the same step, as a group holds."""
        started = saved = time.monotonic()
        pause = SECONDS_BETWEEN_CHECKPOINTS
        epochs = self._ensemble.recipe.epochs
        group = make_group(self._ensemble, [each.number for each in members], self._images)
        members = members[: len(group.numbers)]
        if members[0].state:
            group.restore([each.state for each in members])
        for number, results in ((each.number, each.results) for each in members):
            self._report.resumed(number, results)

        def grown() -> list[Begun]:
            spent = (time.monotonic() - started) / len(members)
            return [
                each._replace(state=state, seconds=each.seconds + spent)
                for each, state in zip(members, group.states(), strict=True)
            ]

        def end_if_told() -> None:
            if self._told.given:
                self._keep(grown())
                self._told.end()

        for epoch in range(len(members[0].results), epochs + 1):
            if group.epoch < epoch:
                for _ in group.finish_epoch():
                    end_if_told()
            self._hear(members, group, end_if_told)
            if all(each.number in self.diverged for each in members):
                return
            if epoch < epochs and (now := time.monotonic()) - saved > pause:
                self._keep(grown())
                saved = time.monotonic()
                pause = max(SECONDS_BETWEEN_CHECKPOINTS, TIMES_THEIR_COST * (saved - now))
        self._finish([each for each in grown() if each.number not in self.diverged])

    def _hear(
        self, members: Sequence[Begun], group: Group, after_batch: Callable[[], None]
    ) -> None:
        """Add what the networks of a group say now to their results."""
        said = group.evaluate(after_batch)
        for each, result in zip(members, said, strict=True):
            each.results.append(result)
            if not np.isfinite(result.loss).all():
                self.diverged.setdefault(each.number, result.epoch)
        self._report.epoch({each.number: each.results[-1] for each in members})

    def _keep(self, members: Sequence[Begun]) -> None:
        for each in members:
            if each.results and each.number not in self.diverged:
                path = checkpoint_path(self._folder, each.number)
                identity = self._identity(each.number)
                write_checkpoint(path, identity, each.state, each.results, each.seconds)

    def _finish(self, members: Sequence[Begun]) -> None:
        """Write what networks that were trained together said, as one file."""
        numbers = [each.number for each in members]
        setting = self._images.setting
        predictions = make_predictions(
            _over_epochs(members, "predictions"),
            _over_epochs(members, "accuracy"),
            _over_epochs(members, "loss"),
            numbers,
            self._data,
        ).assign_coords(
            device=("network", [describe_device(setting)] * len(members)),
            precision=("network", [setting.precision] * len(members)),
            seconds=("network", [each.seconds for each in members]),
        )
        # Both ends: another job may train some of these networks with others.
        ends = sorted({numbers[0], numbers[-1]})
        path = self._folder / f"{'-'.join(f'{number:04d}' for number in ends)}.nc"
        write_predictions(predictions, path, self._definition)
        self.trained |= dict.fromkeys(numbers, path)
        for number in numbers:
            checkpoint_path(self._folder, number).unlink(missing_ok=True)

    def _fewer_than(self, networks: int, error: RuntimeError) -> int:
        """Return how many networks to train at once where so many did not fit into memory."""
        title = f"{self._ensemble.study}/{self._ensemble.name}"
        if networks == 1:
            said, *_ = str(error).split("\n")
            raise InputError(
                f"{title}: one network does not fit into the memory of "
                f"{describe_device(self._images.setting)} ({said}); lower recipe.batch_size "
                f"({self._ensemble.recipe.batch_size}), or train on another device."
            ) from error
        fewer = networks // 2
        log.warning("%s: out of memory with %d networks at once, now %d", title, networks, fewer)
        return fewer


def _over_epochs(members: Sequence[Begun], name: str) -> np.ndarray:
    """Return something of what each network said after every epoch: (network, epoch, ...)."""
    return np.array([[getattr(result, name) for result in each.results] for each in members])
