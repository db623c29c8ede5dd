"""Files of the original data sets: checked, and downloaded where they are missing."""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from filelock import FileLock
from torchvision.datasets.utils import check_integrity, download_url

from created_equal.errors import InputError

TIMEOUT = 60.0  # seconds of silence after which a server is given up


def check_file(path: Path, md5: str) -> None:
    """Check a file's MD5 checksum.

    Raises:
        InputError: it is not that of the original, or the file cannot be read.
    """
    try:
        whole = check_integrity(path, md5)
    except OSError as error:
        raise unreadable(path, error) from error
    if not whole:
        raise InputError(
            f"{path} is damaged (its checksum is not the original's); delete it and run again "
            "with download: true, or put a whole copy in its place."
        )


def unreadable(path: Path, error: OSError) -> InputError:
    """Return what is said of a file that is there but cannot be read."""
    return InputError(
        f"{path} cannot be read ({error.strerror or error}); make it readable, or put a whole "
        "copy in its place."
    )


@contextmanager
def writing_to(data_root: Path) -> Iterator[Path]:
    """Hold ``data_root`` alone among all processes, and give an empty scratch folder in it.

    What is in the scratch folder is removed at the end; what a killed process left there, at the
    next beginning. So look again, inside, at what was missing before.

    Raises:
        InputError: data_root cannot be written to, or the disk is full.
    """
    scratch = data_root / ".unfinished"
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with FileLock(data_root / ".lock"):
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"data_root {data_root} cannot be written to ({error.strerror or error}); make room "
            "or make it writable, or set data_root to a folder where there is a whole copy."
        ) from error


def download_file(urls: Sequence[str], path: Path, md5: str, scratch: Path) -> None:
    """Download a file, from the first of ``urls`` that gives it whole; progress to stderr.

    Args:
        urls: where it is, in the order of trial.
        path: where it goes; whole or absent at any moment.
        md5: its checksum.
        scratch: a folder on the same file system as ``path``.

    Raises:
        InputError: none of the urls gives it.
    """
    failures = []
    for url in urls:
        try:
            with _socket_timeout(TIMEOUT):
                download_url(url, scratch, path.name, md5)
        except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
            failures.append(f"{url} ({getattr(error, 'reason', None) or error})")
        except RuntimeError:  # torchvision's word for a checksum that is not as it should be
            failures.append(f"{url} (what came is cut short or altered: its checksum is wrong)")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            (scratch / path.name).replace(path)
            return
    raise InputError(
        f"{path.name} cannot be downloaded from {' or '.join(failures)}; check the connection "
        f"and run again, or put the file at {path} by hand."
    )


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Set the time-out of new connections, which torchvision's downloads do not set."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
