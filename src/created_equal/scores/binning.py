"""Bins of scores that are multiples of 1/N."""

import numpy as np

MOST_BINS = 26


def bin_edges(networks: int, most: int = MOST_BINS) -> np.ndarray:
    """Return the edges of histogram bins that hold whole numbers of the scores 0, 1/N, ..., 1.

    Up to ``most`` bins each score has its own, centred on it and 1/N wide. With more scores every
    inner bin holds the same odd number m of them, the smallest that is enough; what is left over
    goes to the two end bins in equal parts, from m/2 to 3m/2 scores each. So no bar is high or low
    for the mere reason that more or fewer scores fall into its bin than into its neighbour's, and
    the layout is symmetric about 1/2.

    Args:
        networks: N >= 1.
        most: the largest number of bins, >= 9.

    Returns:
        (bin + 1) float64, from -1/2N to 1 + 1/2N.
    """
    scores = networks + 1
    each = 1
    while scores > most * each:
        each += 2
    # Twice the end bins' size is what is left of N+1 modulo m; m is odd, so one size in m fits.
    ends = next(size for size in range((each + 1) // 2, scores) if (scores - 2 * size) % each == 0)
    inner = np.arange(ends, scores - ends + 1, each)
    return (np.concatenate([[0], inner, [scores]]) - 0.5) / networks
