"""Check files of the original data sets, and download missing ones."""

import logging
import os
import platform
import re
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from torchvision.datasets.utils import check_integrity, download_url

from created_equal.errors import NO_LOCKS, InputError, because
from created_equal.study import Config

TIMEOUT = 60.0  # seconds without data after which a download fails
LONGEST_WAIT = 3600.0  # seconds for another process that downloads
PAUSE = 0.2
LOCK = ".lock"
UNFINISHED = ".unfinished."

log = logging.getLogger(__name__)


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
    otherwise = "make it readable, or replace it by an intact copy"
    return InputError(f"{path} cannot be read {because(error, otherwise)}")


@contextmanager
def lock_for_writing(data_root: Path) -> Iterator[Path]:
    """Lock ``data_root`` against other processes, and yield an empty scratch folder in it.

    The scratch folder is removed at the end, or by the next process if this one is killed. Check
    again inside the block which files are missing: another process may have added them. On a file
    system without locks, two processes may download the same files, which does no harm.

    Raises:
        InputError: data_root is not writable or does not exist, the disk is full, or another
            process has been downloading for ``LONGEST_WAIT``.
    """
    if not data_root.exists() and data_root != Config.data_root:
        raise InputError(
            f"data_root {data_root} does not exist; make the folder, or correct data_root."
        )
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with (data_root / LOCK).open("a+") as file:
            if _wait_for_lock(file):
                for left in data_root.glob(f"{UNFINISHED}*"):
                    shutil.rmtree(left, ignore_errors=True)
            with TemporaryDirectory(prefix=UNFINISHED, dir=data_root) as scratch:
                yield Path(scratch)
    except OSError as error:
        otherwise = "make it writable, or set data_root to a folder with a complete copy"
        place = f"data_root {data_root}"
        # Another user of a shared folder may have made it.
        if Path(error.filename or "").name == LOCK and data_root.is_dir():
            place = f"{error.filename}, the lock of that data_root,"
        raise InputError(f"{place} cannot be written to {because(error, otherwise)}") from error


def _wait_for_lock(file: TextIOWrapper) -> bool:
    """Lock a file, waiting for other processes; return False if there are no locks here."""
    import fcntl  # Windows has none.

    started = time.monotonic()
    for attempt in count():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            log.warning("%s: this file system has no locks; going on without", file.name)
            return False
        if attempt == 0:
            log.warning("waiting for another download (lock: %s, held by %s)", file.name, holder)
        if time.monotonic() - started > LONGEST_WAIT:
            raise InputError(
                f"another process ({holder}) has held the lock {file.name} for "
                f"{LONGEST_WAIT / 60:.0f} minutes; end it, and run again."
            )
        time.sleep(PAUSE)
    file.truncate(0)
    file.write(f"{platform.node()}, process {os.getpid()}")
    file.flush()
    return True


def download_file(urls: Sequence[str], path: Path, md5: str, scratch: Path) -> None:
    """Download a file from the first of ``urls`` that works; log the progress to stderr.

    It is written atomically, by way of the folder ``scratch`` on the same file system.

    Raises:
        InputError: the download failed from all addresses.
    """
    failures = []
    for url in urls:
        try:
            with _socket_timeout(TIMEOUT):
                download_url(url, scratch, path.name, md5)
        # A proxy with odd characters raises ValueError, of which UnicodeError is a kind.
        except (URLError, HTTPException, ConnectionError, TimeoutError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            failures.append(f"{url}{_proxy_words(url)} ({reason})")
        except RuntimeError:  # torchvision raises this if the checksum is wrong
            failures.append(f"{url} (the download was cut short or altered: wrong checksum)")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            (scratch / path.name).replace(path)
            return
    checked = "the connection" + (" and the proxy" if "proxy" in " ".join(failures) else "")
    raise InputError(
        f"{path.name} cannot be downloaded from {' or '.join(failures)}; check {checked} and run "
        f"again, or put the file at {path} by hand."
    )


def _proxy_words(url: str) -> str:
    """Return through which proxy an address is fetched, without its password."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    named = re.sub("^(.*//)?.*@", r"\1...@", proxy)
    return f" through the proxy {named!a}"


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Set the timeout of new connections, which torchvision does not set."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
