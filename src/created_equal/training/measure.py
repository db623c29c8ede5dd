"""The cost of training a network, and the speed of this machine."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
import xarray as xr

from created_equal.artefacts import make_dataset
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

    Args:
        ensemble: the ensemble.
        examples: the numbers of train and of test examples. All of them are predicted before the
            first epoch and after every epoch.
        image_shape: (height, width, channels).
        classes: K.

    Raises:
        InputError: the images are too small for the architecture.
    """
    recipe = ensemble.recipe
    network = make_network(ensemble, image_shape, classes)
    predicting, training = count_flops(network, image_shape)
    trained = examples[0] // recipe.batch_size * recipe.batch_size
    return recipe.epochs * trained * training + (recipe.epochs + 1) * sum(examples) * predicting


def measure_speed(
    ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int, setting: Setting
) -> float:
    """Measure the floating-point operations per second of a short training on noise.

    Args:
        ensemble: the ensemble; its number of epochs and its data do not matter.
        image_shape: (height, width, channels).
        classes: K.
        setting: the device and precision.

    Raises:
        InputError: the images are too small for the architecture.
    """
    size = ensemble.recipe.batch_size
    train = max(1, IMAGES_MEASURED // size) * size
    examples = (train, max(2, train // 5))
    images = Images(_make_noise(*examples, image_shape, classes), setting)
    times = []
    recipe = replace(ensemble.recipe, epochs=EPOCHS_MEASURED)
    for _ in train_network(replace(ensemble, recipe=recipe), 0, images):
        if setting.device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.monotonic())
    # The fastest epoch counts: others include preparations or were slowed by other processes.
    fastest = min(after - before for before, after in pairwise(times))
    one, two = (
        count_operations(
            replace(ensemble, recipe=replace(recipe, epochs=epochs)), examples, image_shape, classes
        )
        for epochs in (1, 2)
    )
    return (two - one) / fastest


def _make_noise(
    train: int, test: int, image_shape: tuple[int, int, int], classes: int
) -> xr.Dataset:
    generator = np.random.default_rng(0)
    examples = train + test
    # A train set with fewer images than classes cannot have all classes.
    n_present = min(classes, train)
    dataset = make_dataset(
        generator.integers(256, size=(examples, *image_shape), dtype=np.uint8),
        np.arange(examples) % n_present,
        np.arange(examples),
        np.arange(examples) >= train,
        [str(name) for name in range(n_present)],
    )
    names = np.array([str(name) for name in range(classes)], dtype=object)
    return dataset.drop_vars("class_name").assign(class_name=("class", names))
