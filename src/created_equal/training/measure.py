"""The cost of training a network, and the speed of this machine."""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from created_equal.networks import count_flops
from created_equal.study import Ensemble
from created_equal.training.engine.device import Setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import Trainee, make_network

# Larger batches cost about as much per image.
LARGEST_BATCH = {"cpu": 50, "cuda": 99}
PREDICTED = 100  # train and test images, one batch on a CPU
MOST_PROCESSES = 16
LEAST_UNCERTAINTY = 0.15  # a few steps tell no more about hours of training

# An ensemble, (height, width, channels) of its images, and its number of classes.
Kind = tuple[Ensemble, tuple[int, int, int], int]


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
    ensemble: Ensemble,
    examples: tuple[int, int],
    image_shape: tuple[int, int, int],
    classes: int,
) -> int:
    """Return the floating-point operations of training one network; a multiply-add counts as two.

    The train and test ``examples`` are all predicted at every one of ``Ensemble.moments``.
    Images are (height, width, channels).

    Raises:
        InputError: the images are too small for the architecture.
    """
    predicting, training = count_flops(make_network(ensemble, image_shape, classes), image_shape)
    trained, predicted = _count_images(ensemble, examples)
    return trained * training + predicted * predicting


def measure_costs(
    kinds: Sequence[Kind], setting: Setting, jobs: int, seconds: float
) -> tuple[list[Cost], Share]:
    """Measure what networks of several kinds cost, on noise.

    As many processes as there are jobs train at the same time, because cores that work at once
    slow each other down. On a CPU the processor time counts, which other programs change little,
    and the share of a core that a process gets is measured over all kinds together. So the costs of
    two kinds compare well even if a machine is busy.

    Args:
        kinds: an ensemble of each kind, with the shape of the images and the number of classes.
        setting: the device and precision.
        jobs: how many networks are trained at the same time.
        seconds: for all kinds together, about; three steps of each kind are taken at least.

    Returns:
        the cost of each kind, and the share of a core that each process got, 1 on a GPU. The
        share's uncertainty is by how much it differed from round to round.

    Raises:
        InputError: the images are too small for an architecture.
    """
    if setting.device.type == "cpu":
        torch.set_num_threads(1)
    for ensemble, image_shape, classes in kinds:
        # Here, because the error of a process would not be a sentence.
        make_network(ensemble, image_shape, classes)
    if setting.device.type == "cuda":
        return _measure(kinds, setting, seconds)[0], Share(1.0, 0.0)
    # Forking is fast, and safe as long as there are no other threads. The other processes only keep
    # the cores busy, because ELU can take six times as long in a process that was forked.
    context = multiprocessing.get_context("fork")
    others = [
        context.Process(target=_keep_busy, args=(kinds, setting, os.getpid()), daemon=True)
        for _ in range(min(jobs, MOST_PROCESSES) - 1)
    ]
    try:
        for process in others:
            process.start()
        return _measure(kinds, setting, seconds)
    finally:
        for process in others:
            process.kill()
            process.join()


def _keep_busy(kinds: Sequence[Kind], setting: Setting, parent: int) -> None:
    """Train until this process is killed, or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback.
    while os.getppid() == parent:
        _measure(kinds, setting, 0)


def _count_images(ensemble: Ensemble, examples: tuple[int, int]) -> tuple[int, int]:
    """Return how many images one network is trained on, and how many it predicts."""
    size, epochs = ensemble.recipe.batch_size, ensemble.recipe.epochs
    batches = ensemble.steps[-1] if ensemble.steps else epochs * (examples[0] // size)
    return batches * size, len(ensemble.moments) * sum(examples)


def _measure(kinds: Sequence[Kind], setting: Setting, seconds: float) -> tuple[list[Cost], Share]:
    """Return the cost of each kind, and the share of a core that this process got.

    All kinds take a step in turn, again and again, so that a busy minute is not one kind's alone.
    """
    clocks = [(time.process_time(), time.monotonic())]
    trainees = [_make_trainee(*kind, setting) for kind in kinds]
    taken = [[] for _ in kinds]
    while len(taken[0]) < 3 or clocks[-1][1] - clocks[0][1] < seconds:
        for (images, trainee), times in zip(trainees, taken, strict=True):
            times.append(_take_step(images, trainee))
        clocks.append((time.process_time(), time.monotonic()))
    # The first step includes preparations.
    costs = [_cost(np.array(times[1:])) for times in taken]
    return costs, _share(np.diff(clocks, axis=0))


def _share(rounds: np.ndarray) -> Share:
    """Return the share of a core from (round, 2) seconds of the processor and of the clock."""
    used, elapsed = rounds.T
    mean = used.sum() / elapsed.sum()
    spread = np.sqrt(np.average((used / elapsed - mean) ** 2, weights=elapsed))
    return Share(float(mean), float(spread / mean))


def _make_trainee(
    ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int, setting: Setting
) -> tuple[Images, Trainee]:
    """Return a network in training whose epochs have one mini-batch, and its images."""
    size = min(ensemble.recipe.batch_size, LARGEST_BATCH[setting.device.type])
    ensemble = replace(ensemble, recipe=replace(ensemble.recipe, batch_size=size))
    images = Images(_make_noise(size, PREDICTED - size, image_shape, classes), setting)
    return images, Trainee(ensemble, 0, images)


def _take_step(images: Images, trainee: Trainee) -> np.ndarray:
    """Return the seconds to train on an image, and to predict one."""
    start = _clock(images.setting)
    for _ in trainee.finish_epoch():
        pass
    trained = _clock(images.setting)
    trainee.evaluate(lambda: None)
    predicted = _clock(images.setting)
    return np.diff([start, trained, predicted]) / [len(images.train), len(images)]


def _cost(taken: np.ndarray) -> Cost:
    """Return the cost from steps (step, 2): seconds to train on an image, and to predict one.

    The fastest step counts, because other programs can only make it slower.
    """
    trained, predicted = taken.min(axis=0)
    spread = np.median(taken.sum(axis=1)) / (trained + predicted) - 1
    return Cost(trained, predicted, float(np.hypot(LEAST_UNCERTAINTY, spread)))


def _clock(setting: Setting) -> float:
    if setting.device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def _make_noise(
    train: int, test: int, image_shape: tuple[int, int, int], classes: int
) -> xr.Dataset:
    """Return the parts of a dataset that ``Images`` reads; some classes may have no image."""
    examples, channels = train + test, image_shape[-1]
    pixels = np.random.default_rng(0).integers(256, size=(examples, *image_shape), dtype=np.uint8)
    return xr.Dataset(
        {
            "image": (("example", "height", "width", "channel"), pixels),
            "label": ("example", np.arange(examples) % classes),
            "channel_mean": ("channel", np.full(channels, 127.5)),
            "channel_std": ("channel", np.full(channels, 73.9)),
            "class": range(classes),
            "example_split": ("example", np.repeat(["train", "test"], (train, test))),
        }
    )
