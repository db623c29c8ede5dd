"""Check files of the original data sets, and download missing ones."""

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

TIMEOUT = 60.0  # seconds without data after which a download fails


def check_file(path: Path, md5: str) -> None:
    """Check a file's MD5 checksum.

    Raises:
        InputError: the checksum is wrong, or the file cannot be read.
    """
    try:
        is_intact = check_integrity(path, md5)
    except OSError as error:
        raise unreadable(path, error) from error
    if not is_intact:
        raise InputError(
            f"{path} is damaged (its checksum is wrong); delete it and run again with download: "
            "true, or replace it by an intact copy."
        )


def unreadable(path: Path, error: OSError) -> InputError:
    """Return the error for a file that exists but cannot be read."""
    return InputError(
        f"{path} cannot be read ({error.strerror or error}); make it readable, or replace it by an "
        "intact copy."
    )


@contextmanager
def lock_for_writing(data_root: Path) -> Iterator[Path]:
    """Lock ``data_root`` against other processes, and yield an empty scratch folder in it.

    The scratch folder is removed at the end, or by the next process if this one is killed. Check
    again inside the block which files are missing: another process may have added them.

    Raises:
        InputError: data_root is not writable, or the disk is full.
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
            f"data_root {data_root} cannot be written to ({error.strerror or error}); free space "
            "or make it writable, or set data_root to a folder with a complete copy."
        ) from error


def download_file(urls: Sequence[str], path: Path, md5: str, scratch: Path) -> None:
    """Download a file from the first of ``urls`` that works; log the progress to stderr.

    Args:
        urls: the addresses to try, in this order.
        path: the file, which is written atomically.
        md5: its checksum.
        scratch: a folder on the same file system as ``path``.

    Raises:
        InputError: the download failed from all addresses.
    """
    failures = []
    for url in urls:
        try:
            with _socket_timeout(TIMEOUT):
                download_url(url, scratch, path.name, md5)
        except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
            failures.append(f"{url} ({getattr(error, 'reason', None) or error})")
        except RuntimeError:  # torchvision raises this if the checksum is wrong
            failures.append(f"{url} (the download was cut short or altered: wrong checksum)")
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
    """Set the timeout of new connections, which torchvision does not set."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
