"""How the order of examples depends on the number of networks, and how fast examples rise.

``n_right`` (epoch, example) is how many of the N networks are right.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from created_equal.scores.correlation import log10_p_of, nan_mean, pearson, spearman

EXAMPLES_AT_ONCE = 2**16


def spearman_brown(r: float, factor: float) -> float:
    """Return the correlation of two means of ``factor`` times as many networks each.

    If two means over n networks each correlate by r, means over f n networks correlate by
    f r / (1 + (f - 1) r) (Spearman and Brown, 1910). NaN for an r so far below 0, as
    between a few noisy networks, that the result would be below -1.
    """
    return factor * r / (1 + (factor - 1) * r) if 1 + (2 * factor - 1) * r > 0 else np.nan


def of_equal_halves(r: float, sizes: Sequence[int]) -> float:
    """Return the correlation of two halves of an ensemble, given the correlation r of two parts.

    The parts may differ in size, because the number of networks may be odd, or networks are drawn.
    If two networks correlate by p, means over n and over m other networks correlate by the root of
    p(n) p(m), where p(n) = n p / (1 + (n - 1) p) (Spearman and Brown, 1910).
    """
    n, m = sizes
    if n == m or not r > 0:
        return r
    # The equation for r squared is a p^2 - b p - r^2 = 0.
    a, b = n * m - r**2 * (n - 1) * (m - 1), r**2 * (n + m - 2)
    p = (b + np.sqrt(b**2 + 4 * a * r**2)) / (2 * a)
    return float(spearman_brown(p, (n + m) / 2))


def correlations_of_drawn_halves(
    n_right: np.ndarray, networks: int, correlation: Callable[[np.ndarray, np.ndarray], float]
) -> list[float]:
    """Return ``pearson`` or ``spearman`` of consistency in two halves of an ensemble, by epoch.

    For each example a random half of the networks is drawn (seed 0), so counts are enough. If
    networks err about whole classes, the result is larger than the correlation of real halves.
    """
    generator, half = np.random.default_rng(0), networks // 2
    found = []
    for row in n_right:
        row = row.astype(np.int64)
        drawn = generator.hypergeometric(row, networks - row, half)
        found.append(of_equal_halves(correlation(drawn, row - drawn), (half, networks - half)))
    return found


def correlation_with_more(
    r: float, halves: Sequence[float], factors: Sequence[float]
) -> tuple[float, float]:
    """Return the correlation of two ensembles that is expected with more networks.

    ``r`` is their correlation with the networks that they have, and ``halves`` are the correlations
    of the halves of each. The results are with infinitely many networks (Spearman's correction for
    attenuation), and with numbers of networks that grow by the factors; both in -1..1, NaN if
    halves do not correlate.
    """
    here, there = (
        np.prod([spearman_brown(half, 2 * by) for half, by in zip(halves, each, strict=True)])
        for each in ([1] * len(halves), factors)
    )
    free = r / np.sqrt(here) if here > 0 and min(halves) > 0 else np.nan
    return tuple(float(np.clip(of, -1, 1)) for of in (free, free * np.sqrt(max(there, 0))))


def forms_of_correlation(
    correlation: Callable[[np.ndarray, np.ndarray], float],
    pairs: Iterable[Sequence[np.ndarray]],
    within: Iterable[Sequence[np.ndarray]],
    halves: Sequence[Sequence[float]],
    factors: Sequence[float],
) -> dict[str, float]:
    """Return other forms of the mean of a correlation over pairs of scores.

    Args:
        correlation: ``pearson`` or ``spearman``.
        pairs: the pairs of scores, each (example,).
        within: the same pairs ``without_class_means``.
        halves: for each ensemble, the correlation of its halves, by pair.
        factors: for each ensemble, the factor by which its number of networks grows.

    Returns:
        "spearman", "within_class" (Pearson's), "spearman_within_class", both of
        ``correlation_with_more`` as "corrected" and "expected", and, of Pearson's correlation of a
        single pair, "log10_p".
    """
    names = ("spearman", "within_class", "spearman_within_class", "corrected", "expected")
    rows, log10_p = [], []
    # One pair at a time, because there may be a pair of a million examples for each epoch.
    for pair, inside, *of_halves in zip(pairs, within, *halves, strict=True):
        r = correlation(*pair)
        more = correlation_with_more(r, of_halves, factors)
        rows.append((spearman(*pair), pearson(*inside), spearman(*inside), *more))
        log10_p.append(log10_p_of(r, len(pair[0])) if correlation is pearson else np.nan)
    means = map(nan_mean, zip(*rows, strict=True))
    found = dict(zip(names, means, strict=True))
    return found | {"log10_p": log10_p[0] if len(log10_p) == 1 else np.nan}


def rapidity(n_right: np.ndarray, networks: int, epochs: np.ndarray) -> float:
    """Return how long examples take to rise, relative to how far apart they rise.

    It is the median number of epochs that an example takes (see ``rises``), divided by the
    interquartile range of the midpoints of the rises; NaN if no example rises, or most rise at the
    same time. Below 1, the networks learn an example quickly, compared with the time between
    examples. Epochs are numbers (epoch,).
    """
    start, end = epochs[rises(n_right, networks)]
    apart = np.subtract(*np.percentile(start + end, [75, 25])) / 2 if start.size else 0
    return float(np.median(end - start) / apart) if apart else np.nan


def rises(n_right: np.ndarray, networks: int) -> np.ndarray:
    """Return the epochs between which the consistency of examples rises from 1/6 to 5/6.

    The result is (2, rising example) indices of epochs. The second is the first epoch with a
    consistency of at least 5/6, the first is the last one before it with at most 1/6. Examples
    without these two are left out.
    """
    found = []
    for start in range(0, n_right.shape[1], EXAMPLES_AT_ONCE):
        block = n_right[:, start : start + EXAMPLES_AT_ONCE]
        # In whole numbers, because fractions would need eight times the memory.
        high = block >= -(-5 * networks // 6)
        # 0 without any, before which no epoch can be low.
        first = high.argmax(axis=0)
        low = (block <= networks // 6) & (np.arange(len(block))[:, None] < first)
        last = len(low) - 1 - low[::-1].argmax(axis=0)
        found.append(np.stack([last, first])[:, low.any(axis=0)])
    return np.concatenate(found, axis=1)
