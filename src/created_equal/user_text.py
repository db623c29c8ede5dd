"""Text that users write: names that look alike, paths with variables, columns of tables."""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from created_equal.errors import InputError

SEPARATORS = {";": "semicolons", "\t": "tabs"}


def shown(name: str) -> str:
    """Return a name for a message, with its characters spelt out if they may be mistaken.

    Composed and decomposed letters, letters of other alphabets, and blanks at the ends look alike.
    """
    is_plain = name.isascii() and name.isprintable() and name == name.strip()
    return name if is_plain else f"{name.strip()} ({name!a})"


def lookalike(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that differs in case, blanks or the composition of letters only."""
    return next((each for each in known if _folded(each) == _folded(name)), None)


def expand(path: str | Path) -> Path:
    """Return a path with ``~`` and variables such as ``$SCRATCH`` replaced; one that exists stays.

    Raises:
        InputError: a variable is not set.
    """
    text = str(path)
    if Path(text).exists():
        return Path(text)
    # Path.expanduser raises RuntimeError for a user that does not exist.
    expanded = os.path.expandvars(os.path.expanduser(text))  # noqa: PTH111
    if "$" in expanded:
        raise InputError(
            f"{text} has a variable that is not set; set it, or write the path itself."
        )
    return Path(expanded)


def check_separator(path: Path, columns: Iterable[str]) -> None:
    """Raise InputError if a table has semicolons or tabs between its columns, not commas."""
    (first, *others) = [*map(str, columns)] or [""]
    mark = next((mark for mark in SEPARATORS if mark in first), None)
    if mark and not others:
        raise InputError(
            f"{path} has {SEPARATORS[mark]} between its columns, and perhaps decimal commas; save "
            "it with commas between them, and decimal points."
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
