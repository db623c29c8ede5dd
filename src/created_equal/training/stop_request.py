"""A request that the job stops: by a scheduler some time before it kills, or by the user."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# Schedulers send SIGTERM, Ctrl-C sends SIGINT.
SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


class StopRequest:
    """Whether the job was asked to stop, and by which signal (None: it was not)."""

    def __init__(self):
        self.signal: signal.Signals | None = None

    @property
    def stop_requested(self) -> bool:
        """Whether the job was asked to stop."""
        return self.signal is not None

    def exit(self) -> NoReturn:
        """Exit with 128 plus the signal's number, as if the signal had killed the job."""
        log.info(
            "asked to stop (%s): unfinished networks are saved, and resume with the next run",
            self.signal.name,
        )
        raise SystemExit(128 + self.signal)


@contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Within the block, SIGTERM and Ctrl-C (SIGINT) are requests to stop and do not kill.

    A second Ctrl-C ends the job at once. A second SIGTERM does not, because schedulers send more
    than one. A signal that is ignored stays ignored, like Ctrl-C by jobs in a shell's background.
    """
    request = StopRequest()

    def receive(number: int, frame: object) -> None:
        request.signal = signal.Signals(number)
        if number == signal.SIGINT:
            signal.signal(number, before[number])

    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    before = {
        number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, receive)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
