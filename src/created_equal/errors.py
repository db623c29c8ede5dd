"""Exceptions whose messages are shown to the user."""

from pathlib import Path

DELETE = "delete it and run again to rebuild it."


class InputError(Exception):
    """Invalid input from the user.

    The message is one sentence that says what is wrong, where, and how to fix it. The command line
    prints only this sentence, without a traceback, and exits with 2.
    """


class DamagedError(InputError):
    """A file is corrupt and must be rebuilt.

    The message is ``PATH is damaged (HOW)...; `` followed by ``DELETE``. The path is read from the
    message, because an exception in a notebook loses its attributes.
    """

    @property
    def path(self) -> Path:
        """The damaged file."""
        return Path(str(self).split(" is damaged (")[0])
