"""Metrics of the networks' votes at one epoch: how they split, not only how many are right.

Of N networks, the share p_k predicts label k for an example whose own label is y. Predictions are
(network, example) labels, and metrics (example,) float64. Logarithms are natural. With a single
network p_k is 0 or 1, and most of these metrics only show whether it is right.
"""

from itertools import pairwise

import numpy as np

from created_equal.scores.agreement import right_counts


def vote_margin(
    n_right: np.ndarray, n_modal: np.ndarray, n_runner_up: np.ndarray, n_networks: int
) -> np.ndarray:
    """Return p_y - max(p_k for k != y), the lead of the example's label over the best other one.

    Its mean over epochs is the area under the margin (Pleiss et al., 2020) with votes in place of
    logits.

    Args:
        n_right: (...) how many networks are right; this and the next two are in scores files.
        n_modal: (...) how many predict the most frequent label.
        n_runner_up: (...) how many predict the second most frequent label.
        n_networks: N.

    Returns:
        (...) float64 in -1..1: 1 if all networks are right, -1 if they agree on another label.
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


def _sum_over_labels(predictions: np.ndarray, of_count: np.ndarray) -> np.ndarray:
    """Return the sum of of_count[n_k] over labels k, where n_k networks predict k: (example,).

    ``of_count`` (N + 1,) is 0 at 0. Labels are sorted, and each step in a run of equal labels adds
    the difference of two values, so memory does not depend on the number of labels.
    """
    steps = np.diff(of_count)
    ordered = np.sort(predictions, axis=0)
    length = np.zeros(predictions.shape[1], dtype=np.intp)
    total = np.full(predictions.shape[1], steps[0])
    for before, here in pairwise(ordered):
        length = np.where(here == before, length + 1, 0)
        total += steps[length]
    return total
