"""Bins of scores that are multiples of 1/N."""

import numpy as np

MOST_BINS = 26


def bin_edges(n_networks: int, most: int = MOST_BINS) -> np.ndarray:
    """Return the edges of histogram bins for the scores 0, 1/N, ..., 1: (bin + 1,) float64.

    Up to ``most`` scores (at least 9) have one bin each, centered on the score and 1/N wide. With
    more scores, every inner bin has the same odd number m of them, as small as possible; the rest
    is divided equally between the two end bins, which have m/2 to 3m/2 scores each. So no inner bar
    is high or low only because its bin has more or fewer scores than its neighbors, and the bins
    are symmetric about 1/2.
    """
    scores = n_networks + 1
    each = 1
    while scores > most * each:
        each += 2
    # The inner bins have a multiple of m scores in all; m is odd, so one size of end bins fits.
    ends = next(size for size in range((each + 1) // 2, scores) if (scores - 2 * size) % each == 0)
    inner = np.arange(ends, scores - ends + 1, each)
    return (np.concatenate([[0], inner, [scores]]) - 0.5) / n_networks
