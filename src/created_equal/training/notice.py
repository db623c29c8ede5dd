"""Notice that a job has to end: from a scheduler some time before it kills, or from the user."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# A scheduler's, and that of Ctrl-C.
SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class Notice:
    """The signal that told the job to end; None: it may go on."""

    def __init__(self):
        self.signal: signal.Signals | None = None

    @property
    def given(self) -> bool:
        """Whether the job has been told to end."""
        return self.signal is not None

    def end(self) -> NoReturn:
        """End the job with 128 and the signal's number, as one that it killed: it is no success."""
        log.info(
            "told to end (%s); what is unfinished is kept, and goes on when run again",
            self.signal.name,
        )
        raise SystemExit(128 + self.signal)


@contextmanager
def notice() -> Iterator[Notice]:
    """Take SIGTERM and Ctrl-C (SIGINT) as notice within the block, in place of dying at once.

    A second Ctrl-C ends the job at once; SIGTERM schedulers send more than once. What is ignored,
    as Ctrl-C by jobs in a shell's background, stays so.
    """
    received = Notice()

    def take(number: int, frame: object) -> None:
        received.signal = signal.Signals(number)
        if number == signal.SIGINT:
            signal.signal(number, before[number])

    handlers = {each: signal.getsignal(each) for each in SIGNALS}
    before = {each: was for each, was in handlers.items() if was is not signal.SIG_IGN}
    for each in before:
        signal.signal(each, take)
    try:
        yield received
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
