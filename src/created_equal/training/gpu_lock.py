"""One GPU for each training job of a machine: a lock that ends with the process that holds it."""

import fcntl
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from created_equal.errors import InputError

log = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Seconds between two looks for a GPU that was released.
PAUSE = 1.0


def lock_gpu(device: str) -> int | None:
    """Lock a GPU that no other training job has, and make it the only one that CUDA shows.

    Call it before CUDA is initialised. It takes the first free GPU of those that
    CUDA_VISIBLE_DEVICES leaves, and waits for one if none is free. The kernel releases the lock
    when this process ends, however it ends. Only jobs of the same user respect each other's locks.

    Args:
        device: as in the config; ``"cpu"`` locks nothing.

    Returns:
        a file descriptor that holds the lock as long as it is open, or None without a GPU.

    Raises:
        InputError: the folder of the locks is somebody else's.
    """
    if device == "cpu":
        return None
    gpus = visible_gpus(list_gpus(), os.environ.get(VISIBLE))
    if not gpus:
        if device == "auto":
            log.info("no GPU is visible here: networks are trained on the processor")
        return None
    gpu, lock = _wait_for_one(gpus, _folder())
    os.environ[VISIBLE] = gpu
    log.info("GPU %s", gpu)
    return lock


def list_gpus() -> list[str]:
    """Return the UUIDs of this machine's GPUs as nvidia-smi lists them, or of their MIG parts."""
    if shutil.which("nvidia-smi") is None:
        return []
    done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    if done.returncode != 0:
        message = " ".join((done.stdout + done.stderr).split())
        log.warning("nvidia-smi lists no GPU: %s", message)
        return []
    uuids = re.findall(r"\(UUID: ([^)]+)\)", done.stdout)
    parts = [uuid for uuid in uuids if uuid.startswith("MIG-")]
    # CUDA gives a process at most one part, and no GPU that is divided.
    return parts or uuids


def visible_gpus(gpus: Sequence[str], visible: str | None) -> list[str]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES leaves, in its order.

    It is read like CUDA reads it: entries are numbers from 0, UUIDs or their beginnings, and the
    first entry that is none of these ends the list. The numbers are nvidia-smi's, which are CUDA's
    if all GPUs are of one kind.

    Args:
        gpus: UUIDs.
        visible: the variable's value; None if it is not set.
    """
    if visible is None:
        return list(gpus)
    chosen = []
    for entry in (part.strip() for part in visible.split(",")):
        if entry.isdecimal():
            found = list(gpus[int(entry) : int(entry) + 1])
        else:
            found = [gpu for gpu in gpus if entry and gpu.startswith(entry)]
        if len(found) != 1:
            break
        chosen += found
    return list(dict.fromkeys(chosen))


def _wait_for_one(gpus: Sequence[str], folder: Path) -> tuple[str, int]:
    waiting = False
    while True:
        for gpu in gpus:
            lock = _try_to_lock(folder / f"{gpu.replace('/', '_')}.lock")
            if lock is not None:
                return gpu, lock
        if not waiting:
            log.info(
                "all of %d GPUs are taken by other training jobs: waiting for one; --resources "
                "gpu=%d starts no more jobs than there are GPUs",
                len(gpus),
                len(gpus),
            )
            waiting = True
        time.sleep(PAUSE)


def _try_to_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _folder() -> Path:
    """Return the folder of this user's locks, on a disk of this machine."""
    folder = Path(tempfile.gettempdir(), f"created-equal-gpus-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise InputError(f"{folder} belongs to somebody else; set TMPDIR to a folder of your own.")
    return folder
