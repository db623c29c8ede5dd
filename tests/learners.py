"""Made-up ensembles that learn the same examples in the same order, more or less."""

import numpy as np

from created_equal.artefacts import (
    make_dataset,
    make_predictions,
    write_predictions,
    write_scores,
)
from created_equal.scores import score_ensemble

N, EPOCHS, TRAIN, TEST, K = 6, 5, 60, 30, 3
EXAMPLES = TRAIN + TEST
LABELS = np.arange(EXAMPLES) % K
DIFFICULTY = (np.arange(EXAMPLES) * 37 % EXAMPLES) / EXAMPLES


def write_ensemble(
    folder, difficulty=DIFFICULTY, labels=LABELS, networks=N, seed=0, positions=None, source=None
):
    """Write predictions and scores of an ensemble; return the path of the scores.

    The later an example is learned, the more difficult it is.
    """
    generator = np.random.default_rng(seed)
    examples = len(labels)
    positions = np.arange(examples) if positions is None else positions
    when = difficulty * EPOCHS + generator.normal(0, 0.7, (networks, 1, examples))
    right = np.arange(EPOCHS)[:, None] > when
    images = np.zeros((examples, 1, 1, 1), dtype=np.uint8)
    is_test = np.arange(examples) >= examples * TRAIN // EXAMPLES
    dataset = make_dataset(images, labels, positions, is_test, list("abc"))
    accuracy = np.stack([right[..., part].mean(axis=-1) for part in (~is_test, is_test)], axis=-1)
    predictions = make_predictions(
        np.where(right, labels, (labels + 1) % K), accuracy, 1 - accuracy, range(networks), dataset
    )
    path = folder / "predictions" / "0000-0005.nc"
    definition = {"dataset": {"source": source}, "seed": seed}
    write_predictions(predictions, path, definition)
    write_scores(score_ensemble([path]), folder / "scores.nc", definition)
    return folder / "scores.nc"
