from types import SimpleNamespace

import numpy as np
import pytest
from learners import examples_of, predictions_of

from created_equal.artefacts import write_predictions


@pytest.fixture(scope="session")
def made_up_ensemble():
    """A function that makes up networks which learn examples one after the other."""

    def make(networks=6, epochs=5, examples=40, classes=3, seed=0):
        generator = np.random.default_rng(seed)
        labels = np.arange(examples) % classes
        shape = (networks, epochs, examples)
        learned = np.linspace(0, 1, epochs)[:, None] > generator.random(examples)
        right = generator.random(shape) < 0.9 * learned
        return SimpleNamespace(
            predictions=np.where(right, labels, generator.integers(classes, size=shape)),
            labels=labels,
            is_test=np.arange(examples) // classes % 4 == 3,
            classes=classes,
        )

    return make


@pytest.fixture(scope="session")
def write_batches():
    """A function that writes an ensemble's predictions, one file a batch of network numbers."""

    def write(folder, ensemble, batches, definition="made up"):
        positions = 100 + np.arange(len(ensemble.labels))
        dataset = examples_of(ensemble.labels, ensemble.is_test, ensemble.classes, positions)
        paths = []
        for batch in map(list, batches):
            paths.append(folder / f"{definition}-{batch[0]}-{batch[-1]}.nc")
            made = predictions_of(ensemble.predictions[batch], dataset, batch)
            write_predictions(made, paths[-1], {"ensemble": definition})
        return paths

    return write
