"""A folder that is whole or absent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from created_equal.errors import InputError, because
from created_equal.paths import dead_link


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder next to ``path`` to write into; it is renamed to ``path`` at the end.

    After an error, or if the process is killed, there is no ``path``.

    Raises:
        InputError: ``path`` exists and is not an empty folder, or it cannot be written.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100, for paths such as "." and "here/.."
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path} exists already; name a new folder, or remove that one.")
    if link := dead_link(path):
        raise InputError(link)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as unfinished:
            folder = Path(unfinished, path.name)
            folder.mkdir()
            yield folder
            folder.rename(path)
    except OSError as error:
        otherwise = "make the folder above it writable, and run again"
        raise InputError(f"{path} cannot be written {because(error, otherwise)}") from error
