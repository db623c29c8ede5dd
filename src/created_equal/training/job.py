"""A training job: trains the networks that are missing, and writes one predictions file."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import (
    check_definition,
    definition_of,
    fingerprint,
    make_predictions,
    read_dataset,
)
from created_equal.errors import InputError
from created_equal.paths import unusable
from created_equal.study import Ensemble, predictions_folders
from created_equal.training.checkpoints import RESULTS, read_checkpoint, write_checkpoint
from created_equal.training.engine import Group, make_group
from created_equal.training.engine.device import (
    choose_setting,
    describe_device,
    is_out_of_memory,
    release_memory,
)
from created_equal.training.engine.images import Examples, load_images
from created_equal.training.engine.reading import explain_killed_readers
from created_equal.training.engine.trainee import EpochResult
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.progress import Report, make_bar
from created_equal.training.stop_request import StopRequest, listen_for_stop
from created_equal.versions import ENGINE_VERSION

# Checkpoints are written after an epoch, but not more often than this: networks whose epochs take
# seconds would otherwise spend more time on writing than on training.
SECONDS_BETWEEN_CHECKPOINTS = 60
# The interval is also at least this many times as long as the last checkpoints took to write, so
# that large networks spend at most a twentieth of their time on checkpoints.
TIMES_THEIR_COST = 20

log = logging.getLogger(__name__)


def train_networks(
    ensemble: Ensemble,
    dataset: Path,
    seeds: Sequence[int],
    output: Path,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    data_root: Path = Path(),
) -> None:
    """Train some networks of an ensemble and write their predictions.

    Networks with the same definition, data and engine version are reused if they are in a file next
    to ``output``, in another study, or in ``reference`` (see ``PredictionsFolder``). Each of the
    others is saved as soon as it is trained, and before that in a checkpoint about every minute,
    from which the next job resumes. On SIGTERM or Ctrl-C the job finishes its step, saves its
    networks, and exits with 143 or 130.

    Args:
        ensemble: the ensemble.
        dataset: path of the dataset file.
        seeds: the seeds of the networks.
        output: path of the predictions file.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        precision: ``"auto"``, ``"fp32"``, ``"tf32"`` or ``"bf16"``.
        threads: number of CPU threads; another number may change the rounding of results.
        data_root: the folder that the dataset's folder is relative to, if its images stay in files.

    Raises:
        InputError: the dataset does not match the ensemble, an image file is missing or has
            changed, the device is missing or its memory is too small for one network, or a loss is
            not finite (all other networks are saved).
    """
    if problem := unusable(output.parent):
        raise InputError(problem)
    setting = choose_setting(device, precision)
    torch.set_num_threads(threads)
    data = read_dataset(dataset)
    _check_dataset(ensemble, data, dataset)

    definition = networks_definition(ensemble, fingerprint(data))
    (folders,) = predictions_folders(ensemble)
    others = [path for path in folders if path != output.parent]
    folder = PredictionsFolder(output.parent, definition, others)
    trained = folder.find()
    missing = [seed for seed in seeds if seed not in trained]
    title = f"{ensemble.study}/{ensemble.name}"
    n_found = len(seeds) - len(missing)
    more = f", {n_found} already there" if n_found else ""
    log.info(
        "%s: %d networks to train%s, %s in %s",
        *(title, len(missing), more, setting.device, setting.precision),
    )

    images = load_images(data, setting, data_root, ensemble.recipe.augmentation)
    n_moments = len(ensemble.moments) - 1
    with listen_for_stop() as stop_request, make_bar() as bar, explain_killed_readers():
        report = Report(title, n_moments, len(missing), bar, ensemble.steps)
        job = Job(ensemble, data, images, folder, report, stop_request)
        job.train(missing)
    if job.diverged:
        raise InputError(_describe_divergence(ensemble, job.diverged))
    folder.collect(seeds, trained | job.trained, output)


def networks_definition(ensemble: Ensemble, data: str) -> dict:
    """Return everything that determines an ensemble's networks, except for their seeds.

    ``data`` is the fingerprint of its dataset.
    """
    return ensemble.definition | {"engine_version": ENGINE_VERSION, "data": data}


def _check_dataset(ensemble: Ensemble, data: xr.Dataset, path: Path) -> None:
    check_definition(path, definition_of(data), ensemble.dataset)
    ensemble.check_train_set(int((data["example_split"].values == "train").sum()))


def _describe_divergence(ensemble: Ensemble, diverged: Mapping[int, int]) -> str:
    seed, epoch = min(diverged.items())
    n_others = len(diverged) - 1
    more = f" (and {n_others} other{'s' if n_others > 1 else ''})" if n_others else ""
    where = f"{ensemble.study}/{ensemble.name}, network {seed}{more}"
    if not epoch:
        return f"{where}: the loss is not finite even before training; correct the network."
    return (
        f"{where}: the loss is not finite after {ensemble.unit} {epoch}; lower "
        f"ensembles.{ensemble.leads_to}.recipe.learning_rate "
        f"({ensemble.recipe.learning_rate:g}) or change its decay."
    )


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
        checkpoint = read_checkpoint(*self._checkpoint(seed), self._ensemble.moments)
        return Member(seed, *(checkpoint or (None, [], 0.0)))

    def _checkpoint(self, seed: int) -> tuple[Path, dict]:
        """Return the path of a network's checkpoint, and everything that determines the network."""
        # A network finishes on the type of device and in the precision in which it started.
        device, precision = self._images.setting.device.type, self._images.setting.precision
        network = {"definition": self._folder.definition, "network": seed}
        path = self._folder.checkpoint(seed, f"{device}_{precision}")
        return path, network | {"device": device, "precision": precision}

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
                write_checkpoint(
                    *self._checkpoint(each.seed), each.state, each.results, each.seconds
                )

    def _finish(self, members: Sequence[Member]) -> None:
        """Write the results of networks that were trained together to one file."""
        seeds, setting = [each.seed for each in members], self._images.setting
        # (network, epoch, ...)
        arrays = (
            np.array([[getattr(result, name) for result in each.results] for each in members])
            for name in RESULTS
        )
        predictions = make_predictions(*arrays, seeds, self._data, self._ensemble.moments)
        predictions = predictions.assign_coords(
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
                f"{describe_device(self._images.setting)} ({first_line}); lower "
                f"ensembles.{self._ensemble.leads_to}.recipe.batch_size "
                f"({self._ensemble.recipe.batch_size}), or train in another precision or on "
                "another device."
            ) from error
        fewer = n_networks // 2
        log.warning("%s: out of memory with %d networks at once, now %d", title, n_networks, fewer)
        return fewer
