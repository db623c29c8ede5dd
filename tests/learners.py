"""Made-up ensembles that learn the same examples in the same order, more or less."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from created_equal.artefacts import (
    label_examples,
    make_predictions,
    write_predictions,
    write_scores,
)
from created_equal.scores import score_ensemble

N, EPOCHS, TRAIN, TEST, K = 6, 5, 60, 30, 3
EXAMPLES = TRAIN + TEST
LABELS = np.arange(EXAMPLES) % K
DIFFICULTY = (np.arange(EXAMPLES) * 37 % EXAMPLES) / EXAMPLES


def value_of(statistic, units) -> float:
    """Evaluate a statistic of ``scores.bootstrap`` with every unit counted once."""
    return float(statistic(np.ones((1, units)))[0])


def examples_of(labels, is_test, classes=K, positions=None):
    """Return a dataset without images, whose classes have names."""
    positions = np.arange(len(labels)) if positions is None else positions
    return label_examples(
        labels, positions, is_test, [f"class {label}" for label in range(classes)]
    )


def predictions_of(predicted, dataset, networks=None, epochs=None) -> xr.Dataset:
    """Return predictions (network, epoch, example) with their accuracies, and losses to match.

    Args:
        predicted: labels (network, epoch, example).
        dataset: the dataset that they are about.
        networks: the number of each network; from 0 on by default.
        epochs: the number of each epoch; from 0 on by default.
    """
    right = predicted == dataset["label"].values
    is_test = dataset["example_split"].values == "test"
    accuracy = np.stack([right[..., part].mean(axis=-1) for part in (~is_test, is_test)], axis=-1)
    networks = range(len(predicted)) if networks is None else networks
    return make_predictions(predicted, accuracy, 1 - accuracy, networks, dataset, epochs)


def write_ensemble(
    folder, difficulty=DIFFICULTY, labels=LABELS, networks=N, seed=0, positions=None, source=None
):
    """Write predictions and scores of an ensemble; return the path of the scores.

    The later an example is learned, the more difficult it is.
    """
    generator = np.random.default_rng(seed)
    examples = len(labels)
    when = difficulty * EPOCHS + generator.normal(0, 0.7, (networks, 1, examples))
    right = np.arange(EPOCHS)[:, None] > when
    is_test = np.arange(examples) >= examples * TRAIN // EXAMPLES
    dataset = examples_of(labels, is_test, positions=positions)
    predictions = predictions_of(np.where(right, labels, (labels + 1) % K), dataset)
    path = folder / "predictions" / "0000-0005.nc"
    definition = {"dataset": {"source": source}, "seed": seed}
    write_predictions(predictions, path, definition)
    write_scores(score_ensemble([path]), folder / "scores.nc", definition)
    return folder / "scores.nc"


def assert_same(one: xr.Dataset, other: xr.Dataset) -> None:
    """Assert that the networks of two files are equal, bit for bit."""
    for name in ("network", "example", "prediction", "accuracy", "loss"):
        assert np.array_equal(one[name].values, other[name].values), name


@st.composite
def ensembles(draw) -> tuple[np.ndarray, np.ndarray, int]:
    """Draw predictions (network, example), labels (example) and the number of classes."""
    classes = draw(st.integers(2, 300))
    networks, examples = draw(st.integers(1, 12)), draw(st.integers(1, 8))
    # Often only a few of the classes, so that networks agree and ties are common.
    label = st.integers(0, draw(st.sampled_from([1, min(2, classes - 1), classes - 1])))
    dtype = np.min_scalar_type(classes - 1)
    return (
        draw(arrays(dtype, (networks, examples), elements=label)),
        draw(arrays(dtype, examples, elements=label)),
        classes,
    )
