"""Requests to stop a job, from a scheduler that will kill it soon or from the user."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# Schedulers send SIGTERM, Ctrl-C sends SIGINT.
SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Seconds for the step in progress. Schedulers kill a job about 30 seconds after SIGTERM.
PATIENCE = 20

log = logging.getLogger(__name__)


class StopRequest:
    """Whether the job was asked to stop, and by which ``signal`` (None if it was not)."""

    def __init__(self):
        self.signal: signal.Signals | None = None

    @property
    def stop_requested(self) -> bool:
        """Whether the job was asked to stop; reading it ends the time limit of the step."""
        if self.signal is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return self.signal is not None

    def exit(self) -> NoReturn:
        """Exit with 128 plus the signal's number, as if the signal had killed the job."""
        log.info(
            "asked to stop (%s): unfinished networks are saved and resume in the next run",
            self.signal.name,
        )
        raise SystemExit(128 + self.signal)

    def give_up(self, *_: object) -> NoReturn:
        """Exit in the middle of a step that does not end, for example if images do not arrive."""
        log.warning(
            "asked to stop (%s), but the current step did not finish within %d s; abandoning it: "
            "unfinished networks resume from their last checkpoint",
            *(self.signal.name, PATIENCE),
        )
        raise SystemExit(128 + self.signal)


@contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Turn SIGTERM and Ctrl-C (SIGINT) into requests to stop within the block.

    A step that does not end in ``PATIENCE`` seconds is abandoned. A second Ctrl-C ends the job at
    once. A second SIGTERM does not, because schedulers send more than one. An ignored signal, such
    as Ctrl-C in a shell's background jobs, stays ignored.
    """
    request, before = StopRequest(), signal.getsignal(signal.SIGALRM)

    def receive(number: int, frame: object) -> None:
        if request.signal is None:  # Another signal must not restart a limit that has ended.
            # Not earlier, because the caller may use the timer too.
            signal.signal(signal.SIGALRM, request.give_up)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        request.signal = signal.Signals(number)
        if number == signal.SIGINT:
            signal.signal(number, replaced[number])

    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    replaced = {key: each for key, each in handlers.items() if each is not signal.SIG_IGN}
    for number in replaced:
        signal.signal(number, receive)
    try:
        yield request
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        if request.signal is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
