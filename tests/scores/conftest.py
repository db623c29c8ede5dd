from types import SimpleNamespace

import numpy as np
import pytest

from created_equal.artefacts import make_dataset, make_predictions, write_predictions


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

    def write(folder, ensemble, batches, definition="made up", first_position=100):
        examples = len(ensemble.labels)
        dataset = make_dataset(
            images=np.zeros((examples, 1, 1, 1), dtype=np.uint8),
            labels=ensemble.labels,
            positions=first_position + np.arange(examples),
            is_test=ensemble.is_test,
            class_names=[f"class {k}" for k in range(ensemble.classes)],
        )
        paths = []
        for batch in map(list, batches):
            predictions = ensemble.predictions[batch]
            right = predictions == ensemble.labels
            splits = (~ensemble.is_test, ensemble.is_test)
            accuracy = np.stack([right[..., split].mean(axis=-1) for split in splits], axis=-1)
            paths.append(folder / f"{definition}-{batch[0]}-{batch[-1]}.nc")
            write_predictions(
                make_predictions(predictions, accuracy, 1 - accuracy, batch, dataset),
                paths[-1],
                {"ensemble": definition},
            )
        return paths

    return write
