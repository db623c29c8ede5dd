"""A made-up ensemble of six networks that learn 24 images of three classes, which have files."""

import numpy as np
import pytest
from learners import predictions_of

from created_equal.artefacts import make_dataset, write_predictions
from created_equal.scores import score_ensemble

CLASSES = ("cat", "dog, or wolf", "12")
EXAMPLES, NETWORKS, EPOCHS = 24, 6, 5


@pytest.fixture(scope="session")
def dataset():
    generator = np.random.default_rng(0)
    labels = np.arange(EXAMPLES) % len(CLASSES)
    return make_dataset(
        generator.integers(0, 256, (EXAMPLES, 6, 5, 3), dtype=np.uint8),
        labels,
        100 + 2 * np.arange(EXAMPLES),
        np.arange(EXAMPLES) >= 15,
        CLASSES,
        [f"{'test' if number >= 15 else 'train'}/{number}.png" for number in range(EXAMPLES)],
    )


@pytest.fixture(scope="session")
def predictions(dataset):
    """Labels (network, epoch, example) that are right more and more often; epoch 0 is untrained."""
    generator = np.random.default_rng(1)
    shape = NETWORKS, EPOCHS, EXAMPLES
    learned = np.linspace(0, 1, EPOCHS)[:, None] > generator.random(EXAMPLES)
    right = generator.random(shape) < 0.9 * learned
    return np.where(right, dataset["label"].values, generator.integers(0, 3, shape))


@pytest.fixture(scope="session")
def scores(dataset, predictions, tmp_path_factory):
    path = tmp_path_factory.mktemp("predictions") / "0000-0005.nc"
    write_predictions(predictions_of(predictions, dataset), path, {"made": "up"})
    return score_ensemble([path])
