"""The progress of a training job: a bar on a terminal, a line per epoch in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from created_equal.training.engine.trainee import EpochResult

log = logging.getLogger(__name__)


class Report:
    """Reports the epochs of a job's networks, with networks per hour and the time left.

    Args:
        title: study and ensemble.
        epochs: epochs that one network is trained for.
        to_train: networks to train.
        bar: where to draw, or None to log a line per epoch.
        waited: returns the seconds that were spent waiting for images so far; None if all are in
            memory.
    """

    def __init__(
        self,
        title: str,
        epochs: int,
        to_train: int,
        bar: Progress | None,
        waited: Callable[[], float | None] = lambda: None,
    ):
        self._title, self._epochs, self._to_train, self._bar = title, epochs, to_train, bar
        self._started = self._reported = time.monotonic()
        self._waited, self._waited_before = waited, waited()
        self._done = self._resumed = 0
        if bar is not None:
            self._task = bar.add_task(title, total=epochs * to_train, state="starting")

    def resumed(self, seed: int, results: Sequence[EpochResult]) -> None:
        """Report a network that resumes, unless it has no results yet."""
        if not results:
            return
        self._resumed += len(results) - 1
        log.info("%s network %d resumes after epoch %d", self._title, seed, results[-1].epoch)

    def epoch(self, results: Mapping[int, EpochResult]) -> None:
        """Report one epoch of the networks that are trained together: seed -> result."""
        epoch = next(iter(results.values())).epoch
        if epoch:
            self._done += len(results)
        train, test = np.mean([result.accuracy for result in results.values()], axis=0)
        who = f"network {min(results)}" if len(results) == 1 else f"{len(results)} networks"
        state = f"train {train:.3f}, test {test:.3f}{self._pace()}{self._waiting()}"
        if self._bar is not None:
            state = f"{who}, epoch {epoch}/{self._epochs}: {state}"
            self._bar.update(self._task, completed=self._done + self._resumed, state=state)
        else:
            log.info("%s %s epoch %d/%d: %s", self._title, who, epoch, self._epochs, state)

    def _pace(self) -> str:
        if not self._done:
            return ""
        seconds = (time.monotonic() - self._started) / self._done
        left = timedelta(
            seconds=round(seconds * (self._epochs * self._to_train - self._done - self._resumed))
        )
        return f"; {3600 / (seconds * self._epochs):.1f} networks/h, {left} left"

    def _waiting(self) -> str:
        """Return which share of the time since the last report was spent waiting for images."""
        waited, now = self._waited(), time.monotonic()
        if waited is None:
            return ""
        share = (waited - self._waited_before) / (now - self._reported)
        self._waited_before, self._reported = waited, now
        return f"; {share:.0%} waiting for images".replace("%", " %")


@contextmanager
def reporting(
    title: str, epochs: int, to_train: int, waited: Callable[[], float | None] = lambda: None
) -> Iterator[Report]:
    """Give a ``Report`` that suits standard error, a terminal or not; it has the same arguments."""
    if sys.stderr.isatty():
        description, state = TextColumn("{task.description}"), TextColumn("{task.fields[state]}")
        with Progress(description, BarColumn(), state, console=Console(stderr=True)) as bar:
            yield Report(title, epochs, to_train, bar, waited)
    else:
        yield Report(title, epochs, to_train, None, waited)
