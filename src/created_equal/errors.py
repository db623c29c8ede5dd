"""Exceptions whose messages are shown to the user."""

import errno
from pathlib import Path

CONSOLE_VARIABLE = "CREATED_EQUAL_CONSOLE"
"""The environment variable with the file descriptor of a workflow's console."""
DELETE = "delete it and run again to rebuild it."
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, 524}
"""Errors of file systems without locks; 524 is the kernel's ENOTSUPP."""
FULL = {errno.ENOSPC, errno.EDQUOT}


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


def fact_of(error: InputError) -> str:
    """Return what the sentence of an error says before its remedy."""
    return str(error).partition("; ")[0]


def because(error: OSError, otherwise: str) -> str:
    """Return the end of a sentence: the reason of a system error, and the remedy.

    Args:
        error: the system's error.
        otherwise: the remedy for errors without a remedy of their own.
    """
    match error.errno:
        case number if number in FULL:
            remedy = "make room on that disk, and run again: finished results are kept"
        case errno.EFBIG:
            remedy = "raise the limit of a file's size, for example with: ulimit -f unlimited"
        case errno.EMFILE | errno.ENFILE:
            remedy = "raise the limit of open files (ulimit -Hn shows it), or close other programs"
        case errno.EACCES | errno.EPERM:
            remedy = f"change the permissions (ls -ld shows them), or {otherwise}"
        case errno.EROFS:
            remedy = "choose a folder on a file system that is not read-only"
        case errno.EIO | errno.ESTALE | errno.ENOTCONN | errno.EHOSTDOWN:
            remedy = "check the disk or the network file system, and run again"
        case errno.ENAMETOOLONG:
            remedy = "shorten the path"
        case errno.EISDIR:
            remedy = "a folder has this path, where a file is needed: move it elsewhere"
        case errno.EEXIST | errno.ENOTDIR:
            remedy = "a file has this path, where a folder is needed: move it elsewhere"
        case errno.ELOOP:
            remedy = "correct the links in the path, which lead back to themselves"
        case errno.ENOMEM:
            remedy = "free some memory, and run again"
        case number if number in NO_LOCKS:
            remedy = "choose a folder on a file system with locks"
        case _:
            remedy = otherwise
    return f"({error.strerror or error}); {remedy}."
