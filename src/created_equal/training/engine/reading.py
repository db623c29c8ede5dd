"""Read image files in other processes, ahead of the device."""

import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from created_equal.artefacts import ImageFiles
from created_equal.errors import InputError

PREFETCHED = 2  # batches that each process decodes ahead of the device
LONGEST_WAIT = 600  # seconds for a batch
SHARED = Path("/dev/shm")
ROOM_LEFT = 0.5  # of the free shared memory, which other jobs may need too

log = logging.getLogger(__name__)

# The indices of a batch's images, and the seed of their augmentation (None for no augmentation).
Task = tuple[np.ndarray, int | None]


class Reader(Dataset):
    """Reads batches of image files, and augments those whose task has a seed."""

    def __init__(self, files: ImageFiles, augmentation: str | None):
        self.has_warned = False  # about small shared memory
        self.image_bytes = files.size**2 * 3
        self._files, self._augment = files, None
        if augmentation == "crop_and_flip":
            # Imported late: it takes a second, and images in memory are augmented without it.
            from torchvision.transforms import v2

            self._augment = v2.Compose(
                [v2.RandomResizedCrop(files.size), v2.RandomHorizontalFlip()]
            )

    def __getitem__(self, task: Task) -> np.ndarray | str:
        """Return images (example, height, width, 3) uint8, or the message of an InputError."""
        indices, seed = task
        try:
            if seed is None or self._augment is None:
                images = [self._files.pixels(index) for index in indices]
            else:
                with torch.random.fork_rng(devices=[]):
                    torch.default_generator.manual_seed(seed)
                    images = [np.asarray(self._augment(self._files.open(i))) for i in indices]
        except InputError as error:
            return str(error)
        return np.stack(images)


def read_ahead(
    reader: Reader, tasks: Sequence[Task], workers: int, pinned: bool
) -> Iterator[torch.Tensor]:
    """Yield the pixels of each task in order; close the iterator if it is not read to the end.

    Without workers, this process reads. Pinned memory permits asynchronous copies to a GPU.

    Raises:
        InputError: a file is missing or has changed.
    """
    with _batches(reader, tasks, min(workers, len(tasks)), pinned) as batches:
        for batch in batches:
            if isinstance(batch, str):
                raise InputError(batch)
            yield torch.as_tensor(batch)


@contextmanager
def explain_killed_readers() -> Iterator[None]:
    """Turn PyTorch's errors about its workers, which may occur anywhere, into an InputError."""
    try:
        yield
    except RuntimeError as error:
        if "DataLoader timed out" in str(error):
            reason = (
                f"the decoding processes sent no images for {LONGEST_WAIT} s; check that their "
                f"folder can be read and that {SHARED} is not full, then run again"
            )
        elif "DataLoader worker" in str(error):
            reason = (
                "a process that decodes images was killed, most likely because memory ran out "
                "(/dev/shm may be full, too); give the job more memory, then run again"
            )
        else:
            raise
        raise InputError(f"{reason}; training resumes from the saved networks.") from error


@contextmanager
def _batches(
    reader: Reader, tasks: Sequence[Task], workers: int, pinned: bool
) -> Iterator[Iterator[torch.Tensor | str]]:
    if not workers:
        yield map(reader.__getitem__, tasks)
        return
    largest = max(len(indices) for indices, _ in tasks)
    in_flight = workers * (PREFETCHED + 1) * largest * reader.image_bytes
    is_shared = in_flight < ROOM_LEFT * _free_shared_memory()
    if not is_shared and not reader.has_warned:
        reader.has_warned = True
        log.info(
            "%s has %d MB left, and images may take %d MB: they are handed over through pipes",
            *(SHARED, _free_shared_memory() // 10**6, in_flight // 10**6),
        )
    loader = DataLoader(
        reader,
        batch_size=None,
        sampler=tasks,
        num_workers=workers,
        prefetch_factor=PREFETCHED,
        pin_memory=pinned,
        timeout=LONGEST_WAIT,
        # Only tensors are handed over in shared memory.
        collate_fn=_as_tensor if is_shared else lambda batch: batch,
        worker_init_fn=partial(_die_with, os.getpid()),
        multiprocessing_context="fork",
        # The loader draws a seed, which must not advance the generator that networks draw from.
        generator=torch.Generator(),
    )
    batches = None
    try:
        with _blocked_signals():
            batches = iter(loader)
        yield batches
    finally:
        # The garbage collector may be too late: a traceback can hold the iterator, and then the job
        # waits for its children when it exits.
        if batches is not None:
            batches._shutdown_workers()
            # Workers that hang ignore the signal with which PyTorch would end them.
            for worker in batches._workers:
                worker.kill()


def _as_tensor(batch: np.ndarray | str) -> torch.Tensor | str:
    return batch if isinstance(batch, str) else torch.from_numpy(batch)


def _free_shared_memory() -> int:
    return shutil.disk_usage(SHARED).free if SHARED.is_dir() else 0


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block signals while processes start, so that they survive a signal to the process group.

    The processes inherit the blocked signals and keep them blocked. The job receives the signals
    when the block ends; this includes SIGCHLD, which could interrupt the start of PyTorch's loader.
    """
    blocked = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with(job: int, worker: int) -> None:
    """End this process when the job ends or is killed, to release the memory that they share."""
    if sys.platform == "linux":
        from torch.multiprocessing import _prctl_pr_set_pdeathsig

        _prctl_pr_set_pdeathsig(signal.SIGKILL)
    # If the job was killed before the previous line, the signal never comes.
    if os.getppid() != job:
        os._exit(1)
