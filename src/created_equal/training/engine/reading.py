"""Image files, decoded ahead of the device by other processes."""

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

AHEAD = 2  # batches of each process that wait for the device

# The images of a batch, and a seed for their random changes (None: they are not changed).
Task = tuple[np.ndarray, int | None]


class Reader(Dataset):
    """Reads batches of image files: from a task to pixels, or to a sentence about what is wrong.

    Args:
        files: the images.
        augmentation: how the images of a task with a seed are changed, as in the recipe.
    """

    def __init__(self, files: ImageFiles, augmentation: str | None):
        self._files = files
        self._change = _crop_and_flip(files.size) if augmentation == "crop_and_flip" else None

    def __getitem__(self, task: Task) -> torch.Tensor | str:
        """Return images (example, height, width, 3) uint8, or the sentence of an InputError."""
        indices, seed = task
        try:
            if seed is None or self._change is None:
                images = [self._files.pixels(index) for index in indices]
            else:
                images = self._changed(indices, seed)
        except InputError as error:
            return str(error)
        return torch.from_numpy(np.stack(images))

    def _changed(self, indices: np.ndarray, seed: int) -> list[np.ndarray]:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return [np.asarray(self._change(self._files.open(index))) for index in indices]


def read_ahead(
    reader: Reader, tasks: Sequence[Task], workers: int, pinned: bool
) -> Iterator[torch.Tensor]:
    """Yield the pixels of tasks, in their order; close an iterator that is not read to its end.

    Args:
        reader: of the files.
        tasks: what to read.
        workers: processes that read; with 0, this process reads a task when its turn comes.
        pinned: whether the pixels are in memory from which a GPU copies while it computes.

    Raises:
        InputError: a file is missing or has changed.
    """
    with _batches(reader, tasks, min(workers, len(tasks)), pinned) as batches:
        for batch in batches:
            if isinstance(batch, str):
                raise InputError(batch)
            yield batch


@contextmanager
def readers_named() -> Iterator[None]:
    """Turn PyTorch's error about a killed reader, which may come at any place, into a sentence.

    Raises:
        InputError: a process that reads was killed.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise InputError(
            "a process that decodes images was killed, most likely for want of memory (which "
            "/dev/shm may limit too); give the job more, and run again: networks that were saved "
            "resume."
        ) from error


@contextmanager
def _batches(
    reader: Reader, tasks: Sequence[Task], workers: int, pinned: bool
) -> Iterator[Iterator[torch.Tensor | str]]:
    if not workers:
        yield map(reader.__getitem__, tasks)
        return
    loader = DataLoader(
        reader,
        batch_size=None,
        sampler=tasks,
        num_workers=workers,
        prefetch_factor=AHEAD,
        pin_memory=pinned,
        worker_init_fn=partial(_die_with, os.getpid()),
        multiprocessing_context="fork",
        # The loader draws a seed, which must not come from the generator that networks draw from.
        generator=torch.Generator(),
    )
    batches = None
    try:
        with _signals_held():
            batches = iter(loader)
        yield batches
    finally:
        # This is not left to the garbage collector: a traceback may hold the iterator, and the job
        # would wait for its children when it exits.
        if batches is not None:
            batches._shutdown_workers()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Start processes that a signal to the whole process group does not end before the job ends.

    They inherit the blocked signals for good. The job itself receives them as soon as the processes
    are started; so does it the end of one of them, which would otherwise interrupt PyTorch's loader
    while it is made.
    """
    held = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with(job: int, worker: int) -> None:
    """End this process with the job, even if the job is killed: it would keep the job's memory."""
    _prctl_pr_set_pdeathsig(signal.SIGKILL)
    # If the job was killed before this line, no signal comes any more.
    if os.getppid() != job:
        os._exit(1)


def _crop_and_flip(size: int) -> v2.Transform:
    return v2.Compose([v2.RandomResizedCrop(size), v2.RandomHorizontalFlip()])
