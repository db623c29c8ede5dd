"""The cost of training a network, and the speed of this machine."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
import xarray as xr

from created_equal.networks import count_flops
from created_equal.study import Ensemble
from created_equal.training.engine.device import Setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import make_network, train_network

# The measured speed is within 8 % of the speed with twice as many images or with three epochs.
IMAGES_MEASURED = 200
EPOCHS_MEASURED = 2


def count_operations(
    ensemble: Ensemble,
    examples: tuple[int, int],
    image_shape: tuple[int, int, int],
    classes: int,
) -> int:
    """Return the floating-point operations of training one network; a multiply-add counts as two.

    The train and test ``examples`` are all predicted before the first epoch and after every epoch.
    Images are (height, width, channels).

    Raises:
        InputError: the images are too small for the architecture.
    """
    recipe = ensemble.recipe
    predicting, training = count_flops(make_network(ensemble, image_shape, classes), image_shape)
    trained = examples[0] // recipe.batch_size * recipe.batch_size
    return recipe.epochs * trained * training + (recipe.epochs + 1) * sum(examples) * predicting


def measure_speed(
    ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int, setting: Setting
) -> float:
    """Measure the floating-point operations per second of a short training on noise.

    Arguments and errors are those of ``count_operations``; the ensemble's number of epochs and its
    data do not matter.
    """
    size = ensemble.recipe.batch_size
    train = max(1, IMAGES_MEASURED // size) * size
    test = max(2, train // 5)
    images = Images(_make_noise(train, test, image_shape, classes), setting)
    times = []
    recipe = replace(ensemble.recipe, epochs=EPOCHS_MEASURED)
    for _ in train_network(replace(ensemble, recipe=recipe), 0, images):
        if setting.device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.monotonic())
    # The fastest epoch counts: others include preparations or were slowed by other processes.
    fastest = min(after - before for before, after in pairwise(times))
    predicting, training = count_flops(make_network(ensemble, image_shape, classes), image_shape)
    return (train * training + (train + test) * predicting) / fastest


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
