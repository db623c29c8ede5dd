"""Less frequent garbage collection: it takes a third of the processor time of short commands."""

import atexit
import gc
import os
import sys

# New objects until the next collection. Python's 700 makes thousands of collections while libraries
# are imported, and what they define stays.
THRESHOLD = 100_000


def collect_less() -> None:
    """Collect garbage less often, and skip the collection at the end of the process.

    ``import torch`` and the end of the process take 1.7 s instead of 2.5 s of processor time (an
    EPYC without AMX, one core).
    """
    gc.set_threshold(THRESHOLD)
    atexit.register(_leave_the_rest)


def _leave_the_rest() -> None:
    gc.freeze()
    if "triton" in sys.modules:
        # Triton lists its objects that were not freed. Nothing else is printed from here on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
