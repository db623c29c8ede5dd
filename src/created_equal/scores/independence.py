"""How far networks err alike, compared with independent networks of the same accuracy."""

import numpy as np


def error_consistency(n_right: np.ndarray, accuracy: np.ndarray) -> float:
    """Return Cohen's kappa of being right, over all pairs of networks (Geirhos et al., 2020).

    It is (o - e) / (1 - e), where o is the share of examples about which two networks are both
    right or both wrong, and e is the share expected of networks that err independently, a b +
    (1 - a)(1 - b) for accuracies a and b. Both are means over all pairs.

    Args:
        n_right: (example,) how many of the N networks are right.
        accuracy: (network,) the share of these examples that each network is right about.

    Returns:
        1 if they err on the same examples, 0 if they err independently; NaN for fewer than two
        networks, and if all networks are always right.
    """
    n, k = len(accuracy), np.asarray(n_right, dtype=np.float64)
    a = np.asarray(accuracy, dtype=np.float64)
    if n < 2:
        return float("nan")
    pairs = n * (n - 1)
    observed = np.mean(k * (k - 1) + (n - k) * (n - k - 1)) / pairs
    both_right, both_wrong = (share.sum() ** 2 - (share**2).sum() for share in (a, 1 - a))
    return _kappa(observed, (both_right + both_wrong) / pairs)


def error_consistency_between(consistency: np.ndarray, other: np.ndarray) -> float:
    """Return the error consistency of the networks of one ensemble with those of another.

    It is ``error_consistency`` over all pairs of a network of each ensemble.

    Args:
        consistency: (example,) the share of the first ensemble's networks that are right.
        other: (example,) the same for the second ensemble and the same examples.
    """
    a, b = (np.asarray(each, dtype=np.float64) for each in (consistency, other))
    observed = np.mean(a * b + (1 - a) * (1 - b))
    return _kappa(observed, a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))


def variance_of_accuracy(accuracy: np.ndarray) -> float:
    """Return the sample variance of the accuracy (network,) of networks.

    Compare it with ``variance_if_independent`` (Jordan, 2024). NaN for fewer than two networks.
    """
    return float(np.var(accuracy, ddof=1, dtype=np.float64)) if len(accuracy) > 1 else float("nan")


def variance_if_independent(n_right: np.ndarray, n_networks: int) -> float:
    """Return the variance of accuracy if each example is right or wrong independently of others.

    It is N / (N - 1) sum(c (1 - c)) / n^2 over n examples with consistency c; the first factor
    makes the estimate of each c (1 - c) from N networks unbiased (Jordan, 2024).

    Args:
        n_right: (example,) how many networks are right.
        n_networks: N.

    Returns:
        NaN for fewer than two networks.
    """
    if n_networks < 2:
        return float("nan")
    right = np.asarray(n_right, dtype=np.float64)
    spread = (right * (n_networks - right)).sum() / (n_networks * (n_networks - 1))
    return float(spread / len(right) ** 2)


def _kappa(observed: float, expected: float) -> float:
    # 1 - expected is 0 if all are right, up to rounding.
    possible = 1 - expected
    return float((observed - expected) / possible) if possible > 1e-12 else float("nan")
