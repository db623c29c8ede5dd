"""A training job, which saves its networks as soon as they are finished."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.artefacts import make_predictions
from created_equal.errors import InputError
from created_equal.study import Ensemble
from created_equal.training.checkpoints import RESULTS, read_checkpoint, write_checkpoint
from created_equal.training.engine import Group, make_group
from created_equal.training.engine.device import describe_device, is_out_of_memory, release_memory
from created_equal.training.engine.images import Examples
from created_equal.training.engine.trainee import EpochResult
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.progress import Report
from created_equal.training.stop_request import StopRequest

# Checkpoints are written after an epoch, but not more often than this: networks whose epochs take
# seconds would otherwise spend more time on writing than on training.
SECONDS_BETWEEN_CHECKPOINTS = 60
# The interval is also at least this many times as long as the last checkpoints took to write, so
# that large networks spend at most a twentieth of their time on checkpoints.
TIMES_THEIR_COST = 20

log = logging.getLogger(__name__)


class Member(NamedTuple):
    """A network of a group: its results so far, and the state to resume from (None: untrained)."""

    seed: int
    state: dict | None
    results: list[EpochResult]
    seconds: float

    @property
    def progress(self) -> tuple[int, int]:
        """Number of finished mini-batches, and of results."""
        return self.state["step"] if self.state else 0, len(self.results)


class Job:
    """Trains networks of one ensemble, and saves them and their checkpoints in a folder.

    Attributes:
        trained: seed -> predictions file, for finished networks.
        diverged: seed -> first epoch, for networks whose loss is not finite.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        data: xr.Dataset,
        images: Examples,
        folder: PredictionsFolder,
        report: Report,
        stop_request: StopRequest,
    ):
        self._ensemble, self._data, self._images = ensemble, data, images
        self._folder, self._report, self._stop_request = folder, report, stop_request
        self.trained: dict[int, Path] = {}
        self.diverged: dict[int, int] = {}

    def train(self, seeds: Sequence[int]) -> None:
        """Train networks, as many at once as fit into the device's memory.

        Raises:
            InputError: the device's memory is too small for one network alone.
            SystemExit: the job was asked to stop.
        """
        at_once = len(seeds)
        while left := [seed for seed in seeds if seed not in self.trained | self.diverged]:
            pending = [self._load_member(seed) for seed in left]
            # Only networks with as many steps and results can take the next step together.
            furthest = max(each.progress for each in pending)
            members = [each for each in pending if each.progress == furthest][:at_once]
            try:
                self._train_together(members)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                at_once = self._halve(len(members), error)
            release_memory()

    def _load_member(self, seed: int) -> Member:
        """Load a network from its checkpoint, or start it untrained."""
        path, moments = self._checkpoint(seed), self._ensemble.moments
        checkpoint = read_checkpoint(path, self._identity(seed), moments)
        return Member(seed, *(checkpoint or (None, [], 0.0)))

    def _checkpoint(self, seed: int) -> Path:
        setting = self._images.setting
        return self._folder.checkpoint(seed, f"{setting.device.type}_{setting.precision}")

    def _identity(self, seed: int) -> dict:
        """Return everything that determines a network in training."""
        setting = self._images.setting
        return {
            "definition": self._folder.definition,
            "network": seed,
            # A network finishes on the type of device and in the precision in which it started.
            "device": setting.device.type,
            "precision": setting.precision,
        }

    def _train_together(self, members: Sequence[Member]) -> None:
        """Train networks that are at the same step, as many of them as fit in a group."""
        started = saved = time.monotonic()
        pause = SECONDS_BETWEEN_CHECKPOINTS
        moments = self._ensemble.moments
        group = make_group(self._ensemble, [each.seed for each in members], self._images)
        members = members[: len(group.seeds)]
        if members[0].state:
            group.restore([each.state for each in members])
        for each in members:
            self._report.resumed(each.seed, each.results)

        def current() -> list[Member]:
            spent = (time.monotonic() - started) / len(members)
            return [
                each._replace(state=state, seconds=each.seconds + spent)
                for each, state in zip(members, group.states(), strict=True)
            ]

        def stop_if_requested() -> None:
            if self._stop_request.stop_requested:
                self._write_checkpoints(current())
                self._stop_request.exit()

        # Moment 0 has the results of the untrained network. A network that was stopped during an
        # evaluation resumes with that evaluation, without training.
        for moment in moments[len(members[0].results) :]:
            while group.moment < moment:
                for _ in group.finish_epoch():
                    stop_if_requested()
                    if group.moment == moment:
                        break
            self._evaluate(members, group, stop_if_requested)
            if all(each.seed in self.diverged for each in members):
                self._report.given_up(len(members), len(moments) - len(members[0].results))
                return
            if moment < moments[-1] and (now := time.monotonic()) - saved > pause:
                self._write_checkpoints(current())
                saved = time.monotonic()
                pause = max(SECONDS_BETWEEN_CHECKPOINTS, TIMES_THEIR_COST * (saved - now))
        self._finish([each for each in current() if each.seed not in self.diverged])

    def _evaluate(
        self, members: Sequence[Member], group: Group, after_batch: Callable[[], None]
    ) -> None:
        """Append this epoch's results to each network's, and note which networks diverged."""
        for each, result in zip(members, group.evaluate(after_batch), strict=True):
            each.results.append(result)
            if not np.isfinite(result.loss).all():
                self.diverged.setdefault(each.seed, result.epoch)
        latest = {each.seed: each.results[-1] for each in members}
        self._report.epoch(latest, self._images.waited)

    def _write_checkpoints(self, members: Sequence[Member]) -> None:
        for each in members:
            if each.results and each.seed not in self.diverged:
                path, identity = self._checkpoint(each.seed), self._identity(each.seed)
                write_checkpoint(path, identity, each.state, each.results, each.seconds)

    def _finish(self, members: Sequence[Member]) -> None:
        """Write the results of networks that were trained together to one file."""
        seeds = [each.seed for each in members]
        setting = self._images.setting
        # (network, epoch, ...)
        arrays = (
            np.array([[getattr(result, name) for result in each.results] for each in members])
            for name in RESULTS
        )
        moments = self._ensemble.moments
        predictions = make_predictions(*arrays, seeds, self._data, moments).assign_coords(
            device=("network", [describe_device(setting)] * len(members)),
            precision=("network", [setting.precision] * len(members)),
            seconds=("network", [each.seconds for each in members]),
        )
        path = self._folder.write_part(predictions)
        self.trained |= dict.fromkeys(seeds, path)
        for seed in seeds:
            self._folder.remove_checkpoints(seed)

    def _halve(self, n_networks: int, error: RuntimeError) -> int:
        """Return a smaller number of networks, after ``n_networks`` did not fit into memory."""
        title = f"{self._ensemble.study}/{self._ensemble.name}"
        if n_networks == 1:
            first_line, *_ = str(error).split("\n")
            raise InputError(
                f"{title}: one network does not fit into the memory of "
                f"{describe_device(self._images.setting)} ({first_line}); lower recipe.batch_size "
                f"({self._ensemble.recipe.batch_size}) or train on another device."
            ) from error
        fewer = n_networks // 2
        log.warning("%s: out of memory with %d networks at once, now %d", title, n_networks, fewer)
        return fewer
