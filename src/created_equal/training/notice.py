"""Notice that a job has to end: SIGTERM, which a scheduler sends some time before it kills."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

log = logging.getLogger(__name__)


class Notice:
    """Whether the job has been told to end."""

    def __init__(self):
        self.given = False

    def end(self) -> NoReturn:
        """End the job with 143, as one that SIGTERM killed; no scheduler takes it for success."""
        log.info("told to end (SIGTERM); what is unfinished is kept, and goes on when run again")
        raise SystemExit(128 + signal.SIGTERM)


@contextmanager
def notice() -> Iterator[Notice]:
    """Take SIGTERM as notice within the block, in place of dying at once."""
    received = Notice()

    def take(number: int, frame: object) -> None:
        received.given = True

    before = signal.signal(signal.SIGTERM, take)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)
