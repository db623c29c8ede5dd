"""Read image files in other processes, ahead of the device."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch.multiprocessing import _prctl_pr_set_pdeathsig
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from created_equal.artefacts import ImageFiles
from created_equal.errors import InputError

PREFETCHED = 2  # batches that each process decodes ahead of the device

# The indices of a batch's images, and the seed of their augmentation (None for no augmentation).
Task = tuple[np.ndarray, int | None]


class Reader(Dataset):
    """Reads batches of image files, and augments those whose task has a seed."""

    def __init__(self, files: ImageFiles, augmentation: str | None):
        self._files = files
        self._augment = None
        if augmentation == "crop_and_flip":
            self._augment = v2.Compose(
                [v2.RandomResizedCrop(files.size), v2.RandomHorizontalFlip()]
            )

    def __getitem__(self, task: Task) -> torch.Tensor | str:
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
        return torch.from_numpy(np.stack(images))


def read_ahead(
    reader: Reader, tasks: Sequence[Task], workers: int, pinned: bool
) -> Iterator[torch.Tensor]:
    """Yield the pixels of each task in order; close the iterator if it is not read to the end.

    Without workers, this process reads. Pinned memory permits asynchronous copies to a GPU.

    Raises:
        InputError: a file is missing or has changed.
    """
    workers = min(workers, len(tasks))
    batches = None
    try:
        if workers:
            loader = DataLoader(
                reader,
                batch_size=None,
                sampler=tasks,
                num_workers=workers,
                prefetch_factor=PREFETCHED,
                pin_memory=pinned,
                worker_init_fn=partial(_die_with, os.getpid()),
                multiprocessing_context="fork",
                # A generator of its own: the loader draws a seed, and networks draw from PyTorch's.
                generator=torch.Generator(),
            )
            with _blocked_signals():
                batches = iter(loader)
        for batch in map(reader.__getitem__, tasks) if batches is None else batches:
            if isinstance(batch, str):
                raise InputError(batch)
            yield batch
    finally:
        # The garbage collector may be too late: a traceback can hold the iterator, and then the job
        # waits for its children when it exits.
        if batches is not None:
            batches._shutdown_workers()


@contextmanager
def explain_killed_readers() -> Iterator[None]:
    """Turn PyTorch's error about a killed worker, which may occur anywhere, into an InputError."""
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise InputError(
            "a process that decodes images was killed, most likely because memory ran out "
            "(/dev/shm may be full, too); give the job more memory and run again: saved networks "
            "resume."
        ) from error


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block signals while processes start, so that they outlive a signal to the process group.

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
    _prctl_pr_set_pdeathsig(signal.SIGKILL)
    # If the job was killed before the previous line, the signal never comes.
    if os.getppid() != job:
        os._exit(1)
