"""How many networks are right, how their votes split, and how far they err alike, at one epoch.

Of N networks, the share p_k predicts label k for an example whose own label is y. Predictions are
(network, example) labels, and metrics of examples (example,) float64. Logarithms are natural.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Modes(NamedTuple):
    """The labels that most networks predict, see ``modes``; each field is (example,)."""

    modal_label: np.ndarray
    n_modal: np.ndarray
    n_runner_up: np.ndarray


def count_dtype(n_networks: int) -> np.dtype:
    """Return the smallest unsigned type that counts 0..n_networks."""
    return np.min_scalar_type(n_networks)


def right_counts(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how many networks are right, (..., example) of ``count_dtype``.

    Predictions may have more axes than elsewhere, (network, ..., example).
    """
    return (predictions == labels).sum(axis=0, dtype=count_dtype(len(predictions)))


def majority_right(n_right: np.ndarray, n_networks: int) -> np.ndarray:
    """Return whether more than half of the networks are right, for each count in ``n_right``."""
    # In 64 bits, because here and below a product may overflow the type of the counts.
    return 2 * np.asarray(n_right, dtype=np.int64) > n_networks


def below_chance(n_right: np.ndarray, n_networks: int, classes: int) -> np.ndarray:
    """Return whether fewer than N/K networks are right, for each count in ``n_right``."""
    return np.asarray(n_right, dtype=np.int64) * classes < n_networks


def modes(predictions: np.ndarray) -> Modes:
    """Return the label that most networks predict, and the counts of the two most frequent labels.

    Returns:
        modal_label, the smallest label in a tie; n_modal in N/K..N; n_runner_up in 0..n_modal, 0 if
        all networks agree. Counts have the type ``count_dtype``.
    """
    # Runs of equal labels are counted, so memory does not depend on the number of classes.
    ordered = np.sort(predictions, axis=0)
    run = np.ones(ordered.shape[1], dtype=count_dtype(len(ordered)))
    longest, label, second = run.copy(), ordered[0].copy(), np.zeros_like(run)
    for before, here in pairwise(ordered):
        run *= here == before
        run += 1
        np.copyto(label, here, where=run > longest)
        np.maximum(longest, run, out=longest)
        # A run that becomes the longest was as long as the longest one network earlier, so `second`
        # has the overtaken length already.
        np.maximum(second, run, out=second, where=here != label)
    return Modes(label, longest, second)


def vote_margin(
    n_right: np.ndarray, n_modal: np.ndarray, n_runner_up: np.ndarray, n_networks: int
) -> np.ndarray:
    """Return p_y - max(p_k for k != y), the lead of the example's label over the best other one.

    Its mean over epochs is the area under the margin (Pleiss et al., 2020) with votes in place of
    logits. The counts of ``right_counts`` and ``modes`` may have any shape (...); the result is
    (...) float64, 1 if all networks are right and -1 if they agree on another label.
    """
    # The example's label may be the modal one, or tie with it; then the runner-up has as many.
    n_other = np.where(n_right == n_modal, n_runner_up, n_modal)
    return (np.asarray(n_right, dtype=np.float64) - n_other) / n_networks


def vote_entropy(predictions: np.ndarray) -> np.ndarray:
    """Return -sum(p_k log p_k) over labels k, in 0..log(min(K, N)) nats: how evenly networks split.

    It is the hardness of fiftyone.brain.compute_hardness if the logits are log p_k. With N votes it
    is too small by about (number of labels with votes - 1) / 2N (Miller, 1955).
    """
    count = np.arange(len(predictions) + 1, dtype=np.float64)
    of_count = count * np.log(np.maximum(count, 1))
    entropy = np.log(len(predictions)) - _sum_over_labels(predictions, of_count) / len(predictions)
    return np.maximum(entropy, 0)  # Rounding gives -1e-16 if all agree.


def vote_el2n(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the length of p - e_y, where e_y is 1 at the example's label and 0 elsewhere.

    It is the L2 norm of the error of votes, from 0, if all networks are right, to sqrt(2); EL2N
    (Paul et al., 2021) uses probabilities instead.
    """
    n = len(predictions)
    squares = _sum_over_labels(predictions, np.arange(n + 1) ** 2)
    # sum(p_k^2) - 2 p_y + 1, in whole numbers until the end.
    n_right = right_counts(predictions, labels).astype(np.int64)
    return np.sqrt(squares - 2 * n * n_right + n * n) / n


def disagreement(predictions: np.ndarray) -> np.ndarray:
    """Return N / (N - 1) (1 - sum(p_k^2)), the share of pairs of networks that disagree.

    Its mean over test examples is close to the test error of one network if networks are calibrated
    as an ensemble (Jiang et al., 2022; Nakkiran and Bansal, 2020). NaN for a single network.
    """
    n = len(predictions)
    if n < 2:
        return np.full(predictions.shape[1], np.nan)
    return 1 - agreeing_pairs(predictions) / (n * (n - 1))


def agreeing_pairs(predictions: np.ndarray) -> np.ndarray:
    """Return how many of the N (N - 1) ordered pairs of networks predict one label, (example,)."""
    count = np.arange(len(predictions) + 1)
    return _sum_over_labels(predictions, count * (count - 1))


def error_consistency(n_right: np.ndarray, accuracy: np.ndarray) -> float:
    """Return Cohen's kappa of being right, over all pairs of networks (Geirhos et al., 2020).

    It is (o - e) / (1 - e), where o is the share of examples about which two networks are both
    right or both wrong, and e is the share expected of networks that err independently, a b +
    (1 - a)(1 - b) for accuracies a and b. Both are means over all pairs. It is 1 if networks err on
    the same examples, and NaN for fewer than two networks, and if all are always right.

    Args:
        n_right: (example,) how many of the N networks are right.
        accuracy: (network,) the share of these examples that each network is right about.
    """
    n, k = len(accuracy), np.asarray(n_right, dtype=np.float64)
    a = np.asarray(accuracy, dtype=np.float64)
    if n < 2:
        return np.nan
    pairs = n * (n - 1)
    observed = np.mean(k * (k - 1) + (n - k) * (n - k - 1)) / pairs
    both_right, both_wrong = (share.sum() ** 2 - (share**2).sum() for share in (a, 1 - a))
    return kappa(observed, (both_right + both_wrong) / pairs)


def error_consistency_between(consistency: np.ndarray, other: np.ndarray) -> float:
    """Return ``error_consistency`` over all pairs of a network of each of two ensembles.

    Both have the consistency (example,) of the same examples.
    """
    a, b = (np.asarray(each, dtype=np.float64) for each in (consistency, other))
    observed = np.mean(a * b + (1 - a) * (1 - b))
    return kappa(observed, a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))


def variance_of_accuracy(accuracy: np.ndarray) -> float:
    """Return the sample variance of the accuracy (network,) of networks.

    Compare it with ``variance_if_independent`` (Jordan, 2024). NaN for fewer than two networks.
    """
    return float(np.var(accuracy, ddof=1, dtype=np.float64)) if len(accuracy) > 1 else np.nan


def variance_if_independent(n_right: np.ndarray, n_networks: int) -> float:
    """Return the variance of accuracy if each example is right or wrong independently of others.

    It is N / (N - 1) sum(c (1 - c)) / n^2 over n examples with consistency c; the first factor
    makes the estimate of each c (1 - c) from N networks unbiased (Jordan, 2024). ``n_right`` is
    (example,); NaN for fewer than two networks.
    """
    if n_networks < 2:
        return np.nan
    right = np.asarray(n_right, dtype=np.float64)
    spread = (right * (n_networks - right)).sum() / (n_networks * (n_networks - 1))
    return float(spread / len(right) ** 2)


def _sum_over_labels(predictions: np.ndarray, of_count: np.ndarray) -> np.ndarray:
    """Return the sum of of_count[n_k] over labels k, where n_k networks predict k: (example,).

    ``of_count`` (N + 1,) is 0 at 0. Labels are sorted, and each step in a run of equal labels adds
    the difference of two values, so memory does not depend on the number of labels.
    """
    steps = np.diff(of_count)
    length = np.zeros(predictions.shape[1], dtype=np.intp)
    total = np.full(predictions.shape[1], steps[0])
    for before, here in pairwise(np.sort(predictions, axis=0)):
        length = np.where(here == before, length + 1, 0)
        total += steps[length]
    return total


def kappa(observed: float, expected: float) -> float:
    """Return by how much agreement exceeds chance, of what is possible; NaN if chance is 1."""
    # 1 - expected is 0 if all are right, up to rounding.
    possible = 1 - expected
    return float((observed - expected) / possible) if possible > 1e-12 else np.nan
