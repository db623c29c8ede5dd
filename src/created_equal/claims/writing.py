"""Text files that are whole or absent."""

import os
from pathlib import Path

from created_equal.errors import InputError


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 so that ``path`` is whole or absent at any moment.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}); make room or make the folder "
            "writable, and run again."
        ) from error
    finally:
        # Not unlink(missing_ok=True), which fails where a file stands in a folder's place.
        if beside.is_file():
            beside.unlink()
