"""The cost of training a network, and the speed of this machine."""

import math
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import add_images, make_examples
from created_equal.networks import build_network, count_flops
from created_equal.study import Architecture, Ensemble, Recipe
from created_equal.training.engine.device import Setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import Trainee

# Larger mini-batches cost about as much per image: what is done once per mini-batch, such as the
# update of the weights, matters less. On a CPU the same is true of those with more operations.
LARGEST_BATCH = 99
MOST_OPERATIONS = 3e11
# Predict at least this many images.
PREDICTED = 64
MOST_PROCESSES = 16
# The uncertainty after many steps: even they tell no more about hours of training. That of a single
# step is twice as large.
LEAST_UNCERTAINTY = 0.15

# An ensemble, (height, width, channels) of its images, and its number of classes.
Kind = tuple[Ensemble, tuple[int, int, int], int]
# A network in training whose epochs have one mini-batch, and its images.
Pair = tuple[Images, Trainee]


class Cost(NamedTuple):
    """The cost of training on an image and of predicting it, in seconds of a core or a GPU.

    The uncertainty is a fraction of both.
    """

    trained: float
    predicted: float
    uncertainty: float

    def of_network(self, ensemble: Ensemble, examples: tuple[int, int]) -> float:
        """Return the seconds that it takes to train one network on a dataset of this size."""
        trained, predicted = _count_images(ensemble, examples)
        return trained * self.trained + predicted * self.predicted


class Share(NamedTuple):
    """The fraction of a core that each process gets; the uncertainty is a fraction of it."""

    mean: float
    uncertainty: float


def count_operations(
    ensemble: Ensemble, examples: tuple[int, int], image_shape: tuple[int, int, int], classes: int
) -> int:
    """Return the floating-point operations of training one network; a multiply-add counts as two.

    The train and test ``examples`` are all predicted at every one of ``Ensemble.moments``.
    Images are (height, width, channels).

    Raises:
        InputError: the images do not fit the architecture.
    """
    predicting, training = _count_per_image(ensemble.architecture, image_shape, classes)
    trained, predicted = _count_images(ensemble, examples)
    return trained * training + predicted * predicting


def measured_batch_size(
    ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int, device: str
) -> int:
    """Return the size of the mini-batches by which the cost of an image is measured.

    The device is "cpu" or "cuda".

    Raises:
        InputError: the images do not fit the architecture.
    """
    size = min(ensemble.recipe.batch_size, LARGEST_BATCH)
    if device == "cuda":
        return size
    _, training = _count_per_image(ensemble.architecture, image_shape, classes)
    return min(size, math.ceil(MOST_OPERATIONS / training))


@cache
def _count_per_image(
    architecture: Architecture, image_shape: tuple[int, int, int], classes: int
) -> tuple[int, int]:
    # A recipe changes none of the layers that count.
    return count_flops(build_network(architecture, Recipe(), image_shape, classes), image_shape)


def measure_costs(
    kinds: Sequence[Kind], setting: Setting, jobs: int, seconds: float
) -> tuple[list[Cost], Share]:
    """Measure the cost of training several kinds of networks, on images of noise.

    As many processes as there are jobs train at the same time, because cores that work at once
    slow each other down. On a CPU the processor time counts, which other programs change little,
    and the share of a core that a process gets is measured over all kinds together. So the costs of
    two kinds can be compared even if a machine is busy.

    It takes some ``seconds`` on the clock for all kinds together, and on a CPU for all preparations
    too; a busy machine takes fewer steps in this time, but at least one of each kind.

    Returns:
        the cost of each kind, and the share of a core that each process got, 1 on a GPU. The
        share's uncertainty is by how much it differed from step to step.

    Raises:
        InputError: the images do not fit an architecture.
    """
    if setting.device.type == "cuda":
        trainees = _warm_up(kinds, setting)
        return _measure(trainees, time.monotonic() + seconds)
    deadline = time.monotonic() + seconds
    torch.set_num_threads(1)
    # Forking is fast, and safe as long as there are no other threads. The other processes only keep
    # the cores busy, because ELU can take six times as long in a process that was forked. They are
    # forked before there are networks, whose memory would be copied while it is measured.
    context = multiprocessing.get_context("fork")
    waiting, ready = context.Pipe(duplex=False)
    arguments = (kinds, setting, os.getpid(), waiting, ready)
    others = [
        context.Process(target=_keep_busy, args=arguments, daemon=True)
        for _ in range(min(jobs, MOST_PROCESSES) - 1)
    ]
    try:
        for process in others:
            process.start()
        trainees = _warm_up(kinds, setting)
        ready.close()
        return _measure(trainees, deadline)
    finally:
        for process in others:
            process.kill()
            process.join()


def _keep_busy(
    kinds: Sequence[Kind], setting: Setting, parent: int, waiting: Connection, ready: Connection
) -> None:
    """Train from when the parent closes the pipe until this process is killed.

    It ends by itself if the parent is gone, which closes the pipe too.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback.
    ready.close()
    waiting.poll(None)
    trainees = _warm_up(kinds, setting)
    while os.getppid() == parent:
        for pair in trainees:
            _take_step(*pair)


def _count_images(ensemble: Ensemble, examples: tuple[int, int]) -> tuple[int, int]:
    """Return how many images one network is trained on, and how many it predicts."""
    size, epochs = ensemble.recipe.batch_size, ensemble.recipe.epochs
    batches = ensemble.steps[-1] if ensemble.steps else epochs * (examples[0] // size)
    return batches * size, len(ensemble.moments) * sum(examples)


def _warm_up(kinds: Sequence[Kind], setting: Setting) -> list[Pair]:
    """Return a network of each kind in training, whose first mini-batch made all preparations."""
    trainees = []
    for ensemble, image_shape, classes in kinds:
        size = measured_batch_size(ensemble, image_shape, classes, setting.device.type)
        ensemble = replace(ensemble, recipe=replace(ensemble.recipe, batch_size=size))
        noise = _make_noise(size, max(PREDICTED, size + 1), image_shape, classes)
        images = Images(noise, setting)
        trainees.append((images, Trainee(ensemble, 0, images)))
    for _, trainee in trainees:
        _train(trainee)
        if setting.device.type == "cuda":
            trainee.evaluate(lambda: None)  # Predictions are compiled on their own.
    return trainees


def _make_noise(
    train: int, examples: int, image_shape: tuple[int, int, int], classes: int
) -> xr.Dataset:
    """Return a dataset of noise, in which some classes may have no image."""
    pixels = np.random.default_rng(0).integers(256, size=(examples, *image_shape), dtype=np.uint8)
    positions, names = np.arange(examples), [str(label) for label in range(classes)]
    return add_images(
        make_examples(positions % classes, positions, positions >= train, names), pixels
    )


def _measure(trainees: Sequence[Pair], deadline: float) -> tuple[list[Cost], Share]:
    """Return the cost of each kind, and the share of a core that this process got.

    All kinds take a step in turn, again and again, so that a busy minute is not one kind's alone.
    """
    taken, clocks = [], [_clocks()]
    while not taken or time.monotonic() < deadline:
        taken.append([])
        for pair in trainees:
            taken[-1].append(_take_step(*pair))
            clocks.append(_clocks())
    costs = [_cost(steps) for steps in np.swapaxes(taken, 0, 1)]
    on_gpu = trainees[0][0].setting.device.type == "cuda"
    return costs, Share(1.0, 0.0) if on_gpu else _share(np.diff(clocks, axis=0))


def _take_step(images: Images, trainee: Trainee) -> np.ndarray:
    """Return the seconds to train on an image, and to predict one."""
    start = _clock(images.setting)
    _train(trainee)
    trained = _clock(images.setting)
    trainee.evaluate(lambda: None)
    predicted = _clock(images.setting)
    return np.diff([start, trained, predicted]) / [len(images.train), len(images)]


def _train(trainee: Trainee) -> None:
    for _ in trainee.finish_epoch():
        pass


def _clock(setting: Setting) -> float:
    """Return seconds of the GPU's clock, or of this thread, the only one that computes on a CPU.

    The time of all threads advances in large steps where the processor time is limited.
    """
    if setting.device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.thread_time()


def _clocks() -> tuple[float, float]:
    return time.thread_time(), time.monotonic()


def _cost(taken: np.ndarray) -> Cost:
    """Return the cost from steps (step, 2): seconds to train on an image, and to predict one.

    The fastest step counts, because other programs can only make it slower.
    """
    trained, predicted = taken.min(axis=0)
    spread = np.median(taken.sum(axis=1)) / (trained + predicted) - 1
    least = LEAST_UNCERTAINTY * (1 + 1 / len(taken))
    return Cost(trained, predicted, float(np.hypot(least, spread)))


def _share(steps: np.ndarray) -> Share:
    """Return the share of a core from (step, 2) seconds of the processor and of the clock."""
    used, elapsed = steps.T
    mean = used.sum() / elapsed.sum()
    spread = np.sqrt(np.average((used / elapsed - mean) ** 2, weights=elapsed))
    return Share(float(mean), float(spread / mean))
