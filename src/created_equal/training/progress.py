"""The progress of a training job: a bar on a terminal, or a line per epoch in a log."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from created_equal.training.engine.trainee import EpochResult

SECONDS_BETWEEN_CONSOLE_LINES = 30

log = logging.getLogger(__name__)


class Report:
    """Reports finished epochs of ``n_networks`` networks, with networks per hour and the time left.

    It shows them in the bar, or logs a line per epoch if there is none. With ``steps``, the results
    come after these numbers of mini-batches instead of after epochs.
    """

    def __init__(
        self,
        title: str,
        epochs: int,
        n_networks: int,
        bar: Progress | None,
        steps: Sequence[int] = (),
    ):
        self._title, self._epochs, self._n_networks, self._bar = title, epochs, n_networks, bar
        self._started = self._reported = time.monotonic()
        self._waited = 0.0
        self._unit, self._last = ("step", steps[-1]) if steps else ("epoch", epochs)
        self._done = self._skipped = self._finished = 0
        self._on_console = self._started
        if bar is not None:
            self._task = bar.add_task(title, total=epochs * n_networks, state="starting")

    def resumed(self, seed: int, results: Sequence[EpochResult]) -> None:
        """Report that a network resumes, if it has results already."""
        if results:
            self._skipped += len(results) - 1
            after = self._unit, results[-1].epoch
            log.info("%s network %d resumes after %s %d", self._title, seed, *after)

    def given_up(self, n_networks: int, epochs_left: int) -> None:
        """Report that networks are not trained on, because they diverged."""
        self._skipped += n_networks * epochs_left

    def epoch(self, results: Mapping[int, EpochResult], waited: float | None = None) -> None:
        """Report one epoch of networks that are trained together: seed -> result.

        ``waited`` is the seconds spent waiting for images so far, None if all are in memory.
        """
        epoch = next(iter(results.values())).epoch
        if epoch:
            self._done += len(results)
        if epoch == self._last:
            self._finished += sum(np.isfinite(each.loss).all() for each in results.values())
        train, test = np.mean([result.accuracy for result in results.values()], axis=0)
        networks = f"network {min(results)}" if len(results) == 1 else f"{len(results)} networks"
        state = f"train {train:.3f}, test {test:.3f}{self._format_speed()}"
        if waited is not None:
            state += self._format_waiting(waited)
        if self._bar is not None:
            state = f"{networks}, {self._unit} {epoch}/{self._last}: {state}"
            self._bar.update(self._task, completed=self._done + self._skipped, state=state)
        else:
            at = self._unit, epoch, self._last
            log.info("%s %s %s %d/%d: %s", self._title, networks, *at, state)
        if self._done and time.monotonic() - self._on_console > SECONDS_BETWEEN_CONSOLE_LINES:
            self._on_console = time.monotonic()
            log.info(
                "%s: %d of %d networks of this job finished, %s %d of %d%s",
                *(self._title, self._finished, self._n_networks, self._unit, epoch, self._last),
                self._format_speed(),
                extra={"on_console": True},
            )

    def _format_speed(self) -> str:
        """Format networks per hour and the time left, once an epoch is finished."""
        if not self._done:
            return ""
        seconds = (time.monotonic() - self._started) / self._done
        epochs_left = self._epochs * self._n_networks - self._done - self._skipped
        left = timedelta(seconds=round(seconds * epochs_left))
        return f"; {3600 / (seconds * self._epochs):.1f} networks/h, {left} left"

    def _format_waiting(self, waited: float) -> str:
        """Format the share of the time since the last report that was spent waiting for images."""
        now = time.monotonic()
        share = (waited - self._waited) / (now - self._reported)
        self._waited, self._reported = waited, now
        return f"; {100 * share:.0f} % waiting for images"


def make_bar() -> AbstractContextManager[Progress | None]:
    """Make a bar for a ``Report``, none if standard error is not a terminal."""
    if not sys.stderr.isatty():
        return nullcontext()
    description, state = TextColumn("{task.description}"), TextColumn("{task.fields[state]}")
    return Progress(description, BarColumn(), state, console=Console(stderr=True))
