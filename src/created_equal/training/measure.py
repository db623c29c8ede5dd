"""What training a network costs, and how fast this machine does it."""

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
from created_equal.training.engine.trainee import network_of, train_network

# The speed is within 8 % of that of twice as many images and of three epochs.
IMAGES_MEASURED = 200
EPOCHS_MEASURED = 2


def count_operations(
    ensemble: Ensemble,
    examples: tuple[int, int],
    image_shape: tuple[int, int, int],
    classes: int,
) -> int:
    """Return the floating-point operations that one network costs, a multiply-add being two.

    Args:
        ensemble: its definition.
        examples: in the train and in the test set, all predicted before and after every epoch.
        image_shape: (height, width, channels).
        classes: K.

    Raises:
        InputError: the images are too small for the architecture.
    """
    recipe = ensemble.recipe
    network = network_of(ensemble, image_shape, classes)
    predicting, training = count_flops(network, image_shape)
    trained = examples[0] // recipe.batch_size * recipe.batch_size
    return recipe.epochs * trained * training + (recipe.epochs + 1) * sum(examples) * predicting


def measure_speed(
    ensemble: Ensemble, image_shape: tuple[int, int, int], classes: int, setting: Setting
) -> float:
    """Return the operations per second of training and predicting, from a few steps on noise.

    Args:
        ensemble: its definition, of which the number of epochs and the data do not matter.
        image_shape: (height, width, channels).
        classes: K.
        setting: where it would be trained.

    Raises:
        InputError: the images are too small for the architecture.
    """
    size = ensemble.recipe.batch_size
    train = max(1, IMAGES_MEASURED // size) * size
    examples = (train, max(2, train // 5))
    images = Images(_noise(*examples, image_shape, classes), setting)
    moments = []
    recipe = replace(ensemble.recipe, epochs=EPOCHS_MEASURED)
    for _ in train_network(replace(ensemble, recipe=recipe), 0, images):
        if setting.device.type == "cuda":
            torch.cuda.synchronize()
        moments.append(time.monotonic())
    # The fastest epoch counts: the first includes preparations, others what else was running.
    quickest = min(after - before for before, after in pairwise(moments))
    one, two = (
        count_operations(
            replace(ensemble, recipe=replace(recipe, epochs=epochs)), examples, image_shape, classes
        )
        for epochs in (1, 2)
    )
    return (two - one) / quickest


def _noise(train: int, test: int, image_shape: tuple[int, int, int], classes: int) -> xr.Dataset:
    generator = np.random.default_rng(0)
    examples = train + test
    # A train set of fewer images than classes has only so many of them.
    there = min(classes, train)
    dataset = make_dataset(
        generator.integers(256, size=(examples, *image_shape), dtype=np.uint8),
        np.arange(examples) % there,
        np.arange(examples),
        np.arange(examples) >= train,
        [str(name) for name in range(there)],
    )
    names = np.array([str(name) for name in range(classes)], dtype=object)
    return dataset.drop_vars("class_name").assign(class_name=("class", names))
