"""What training a network costs, and how fast this machine does it."""

import time
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch

from created_equal.artefacts import make_dataset
from created_equal.networks import count_flops
from created_equal.study import Ensemble
from created_equal.training.engine.device import Setting
from created_equal.training.engine.plain import Images, network_of, train_network

STEPS_MEASURED = 4
EPOCHS_MEASURED = 4


@dataclass(frozen=True)
class Cost:
    """What one network costs: operations (a multiply-add is two), and seconds on this device."""

    flops: int
    seconds: float


def measure_cost(
    ensemble: Ensemble,
    examples: tuple[int, int],
    image_shape: tuple[int, int, int],
    classes: int,
    setting: Setting,
) -> Cost:
    """Estimate the cost of one network from a few steps on noise images.

    Args:
        ensemble: its definition.
        examples: in the train and in the test set.
        image_shape: (height, width, channels).
        classes: K.
        setting: where it would be trained.

    Raises:
        InputError: the images are too small for the architecture.
    """
    recipe = ensemble.recipe
    size = recipe.batch_size
    network = network_of(ensemble, image_shape, classes)
    predicting, training = count_flops(network, image_shape)
    evaluated = max(2, round(STEPS_MEASURED * size * examples[1] / examples[0]))
    images = Images(_noise(STEPS_MEASURED * size, evaluated, image_shape, classes), setting)
    short = replace(ensemble, recipe=replace(recipe, epochs=EPOCHS_MEASURED))
    moments = []
    for _ in train_network(short, 0, images):
        if setting.device.type == "cuda":
            torch.cuda.synchronize()
        moments.append(time.monotonic())
    # The quickest: the first pays for what is prepared once, others for what runs beside them.
    quickest = min(after - before for before, after in pairwise(moments))
    seconds_per_epoch = quickest * examples[0] / (STEPS_MEASURED * size)
    trained = examples[0] // size * size
    flops_per_epoch = trained * training + sum(examples) * predicting
    return Cost(
        flops=recipe.epochs * flops_per_epoch + sum(examples) * predicting,
        seconds=recipe.epochs * seconds_per_epoch,
    )


def _noise(train: int, test: int, image_shape: tuple[int, int, int], classes: int):
    generator = np.random.default_rng(0)
    examples = train + test
    # Labels as large as the real ones, in a train set that may be smaller than their number.
    labels = np.arange(examples) % min(classes, train)
    dataset = make_dataset(
        generator.integers(256, size=(examples, *image_shape), dtype=np.uint8),
        labels,
        np.arange(examples),
        np.arange(examples) >= train,
        [str(name) for name in range(min(classes, train))],
    )
    names = np.array([str(name) for name in range(classes)], dtype=object)
    return dataset.drop_vars("class_name").assign(class_name=("class", names))
