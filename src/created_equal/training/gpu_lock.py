"""One GPU per training job: locks that are released when the process that holds them ends."""

import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from created_equal.errors import NO_LOCKS, InputError
from created_equal.extras import can_use_gpus

log = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Seconds between two attempts to lock a GPU, between two lines in the log, and altogether.
PAUSE = 1
BETWEEN_LINES = 600
LONGEST_WAIT = 48 * 3600
# Seconds for nvidia-smi, which may hang if a GPU or its driver fails.
LONGEST_LIST = 60


def lock_gpu(device: str) -> None:
    """Lock a GPU that no other training job uses, and make it the only one visible to CUDA.

    Call this before CUDA is initialized. It locks the first free GPU among those that
    CUDA_VISIBLE_DEVICES permits, and waits for one if none is free. The kernel releases the lock
    when this process ends, even if it is killed. Without a GPU that PyTorch can use, or if
    ``device`` is cpu, nothing is locked. Only jobs of the same user respect each other's locks.

    Raises:
        InputError: the folder of the locks belongs to another user, or no GPU became free in
            ``LONGEST_WAIT``.
    """
    if device == "cpu":
        return
    gpus = visible_gpus(list_gpus(), os.environ.get(VISIBLE))
    if not gpus:
        if device == "auto":
            log.info("no GPU is visible: networks are trained on the CPU")
        return
    if device == "auto" and not can_use_gpus():
        log.info("PyTorch cannot use the GPU: networks are trained on the CPU")
        return
    os.environ[VISIBLE] = gpu = _wait_for_lock(gpus, _make_lock_folder())
    log.info("training on GPU %s", gpu)


def list_gpus() -> list[str]:
    """Return the UUIDs of this machine's GPUs from nvidia-smi, or those of their MIG instances."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "-L"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_LIST)
    except subprocess.TimeoutExpired:
        log.warning("nvidia-smi -L has not answered for %d s: no GPU is used", LONGEST_LIST)
        return []
    if done.returncode != 0:
        message = " ".join((done.stdout + done.stderr).split())
        log.warning("nvidia-smi lists no GPU: %s", message)
        return []
    uuids = re.findall(r"\(UUID: ([^)]+)\)", done.stdout)
    instances = [uuid for uuid in uuids if uuid.startswith("MIG-")]
    # A process can use only one MIG instance, and no GPU that is divided into them.
    return instances or uuids


def visible_gpus(gpus: Sequence[str], visible: str | None) -> list[str]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES permits, in its order.

    The variable is parsed as CUDA does: entries are indices from 0, UUIDs or prefixes of UUIDs, and
    the first invalid entry ends the list. Indices are nvidia-smi's, which are equal to CUDA's if
    all GPUs are of the same model. ``visible`` is None if the variable is not set.
    """
    if visible is None:
        return list(gpus)
    chosen = []
    for entry in (each.strip() for each in visible.split(",")):
        if entry.isdecimal():
            matches = list(gpus[int(entry) : int(entry) + 1])
        else:
            matches = [gpu for gpu in gpus if entry and gpu.startswith(entry)]
        if len(matches) != 1:
            break
        chosen += matches
    return list(dict.fromkeys(chosen))


def _wait_for_lock(gpus: Sequence[str], folder: Path) -> str:
    """Lock one of the GPUs, and return its UUID."""
    for attempt in range(LONGEST_WAIT // PAUSE):
        for gpu in gpus:
            if _try_to_lock(folder / f"{gpu.replace('/', '_')}.lock"):
                return gpu
        if attempt % (BETWEEN_LINES // PAUSE) == 0:
            log.info(
                "all %d GPUs are used by other training jobs: waiting for one; --resources gpu=%d "
                "starts at most one job per GPU",
                *(len(gpus), len(gpus)),
            )
        time.sleep(PAUSE)
    raise InputError(
        f"all {len(gpus)} GPUs have been used by other training jobs for {LONGEST_WAIT // 3600} "
        f"hours; end those (fuser {folder}/* shows them), and run again."
    )


def _try_to_lock(path: Path) -> bool:
    """Lock a file until this process ends; return whether that worked."""
    import fcntl  # Imported here, because Windows does not have it.

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        log.warning("%s: this file system has no locks; other jobs may use the same GPU", path)
    return True


def _make_lock_folder() -> Path:
    """Make the folder of this user's locks, on a local disk, because locks are per machine."""
    folder = Path(tempfile.gettempdir(), f"created-equal-gpus-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise InputError(f"{folder} belongs to another user; set TMPDIR to a folder of your own.")
    return folder
