"""The band of a mean over examples."""

import numpy as np

from created_equal.scores.bimodality import LEVELS, REPLICATES


def band_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap band of means over examples.

    Args:
        values: (..., example) numbers, of at least one example; all share the same resamples.

    Returns:
        (..., 2) float64, lower and upper; the same values always give the same band.
    """
    examples = values.shape[-1]
    generator = np.random.default_rng(0)
    weights = generator.multinomial(examples, np.full(examples, 1 / examples), REPLICATES)
    means = values @ weights.T / examples
    return np.moveaxis(np.percentile(means, LEVELS, axis=-1), 0, -1)
