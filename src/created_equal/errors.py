"""The exceptions that speak to the user."""

from pathlib import Path

DELETE = "delete it and run again to rebuild it."


class InputError(Exception):
    """Something that the user gave cannot be used.

    Its message is what the user reads, and all of it: one sentence that says what is wrong, where,
    and what to do about it. The command line prints it without a stack trace and exits with 2.
    """


class DamagedError(InputError):
    """A file is not what was written there, so the step that makes it has to make it again.

    Its message, all that a notebook hands on, is ``PATH is damaged (HOW)...; `` and ``DELETE``.
    """

    @property
    def path(self) -> Path:
        """The file."""
        return Path(str(self).split(" is damaged (")[0])
