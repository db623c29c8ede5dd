"""The order and the speed of learning: accessibility, and epochs of equal accuracy."""

from typing import NamedTuple

import numpy as np

from created_equal.errors import InputError


class MatchedEpochs(NamedTuple):
    """Epochs at which two ensembles are about equally accurate; difference = first - second."""

    epoch_a: int
    epoch_b: int
    difference: float


def accessibility(n_right: np.ndarray, networks: int) -> np.ndarray:
    """Return the mean consistency of each example over all epochs after the untrained one.

    Args:
        n_right: (epoch, example) how many networks are right, from epoch 0 on.
        networks: N.

    Returns:
        (example,) float64 in 0..1, exactly equal where networks are right as often; the higher,
        the sooner and by the more networks the example is learnt (the paper's "speed of
        learning").

    Raises:
        InputError: there is no epoch after epoch 0.
    """
    if len(n_right) < 2:
        raise InputError(
            "accessibility needs an epoch after the untrained one, and there is none; train for "
            "at least one epoch."
        )
    return n_right[1:].sum(axis=0, dtype=np.float64) / (networks * (len(n_right) - 1))


def matched_epochs(
    accuracy_a: np.ndarray, accuracy_b: np.ndarray, tolerance: float = 0.01
) -> list[MatchedEpochs]:
    """Return all pairs of trained epochs at which two ensembles are equally accurate.

    Args:
        accuracy_a: (epoch,) the first ensemble's mean accuracy in 0..1, from epoch 0 on.
        accuracy_b: (epoch,) the second's, of any length.
        tolerance: the largest difference of the mean errors that still counts as equal.

    Returns:
        The pairs, ordered by epoch_a, then by epoch_b; epoch 0 is in none.
    """
    differences = np.subtract.outer(
        np.asarray(accuracy_a, dtype=np.float64)[1:], np.asarray(accuracy_b, dtype=np.float64)[1:]
    )
    # 0.40 and 0.39 match, although their difference in binary is a little more than 0.01.
    matches = np.argwhere(np.abs(differences) <= tolerance + 1e-6)
    return [MatchedEpochs(a + 1, b + 1, float(differences[a, b])) for a, b in matches.tolist()]


def best_matched_pairs(
    accuracy_a: np.ndarray, accuracy_b: np.ndarray, tolerance: float = 0.01
) -> tuple[MatchedEpochs, MatchedEpochs]:
    """Return one early and one late pair of epochs at which two ensembles are equally accurate.

    Of the range of accuracies that both ensembles reach after epoch 0, the late pair is sought at
    the end and the early one at one third. Of all matched pairs, the best is the one whose mean
    accuracy is nearest to what is sought, the pair's own difference added; of equals the earliest.
    The early pair is another than the late one wherever there are two.

    Args:
        accuracy_a: (epoch,) the first ensemble's mean accuracy in 0..1, from epoch 0 on.
        accuracy_b: (epoch,) the second's.
        tolerance: as for ``matched_epochs``.

    Returns:
        The early and the late pair, the less accurate first.

    Raises:
        InputError: no two epochs match.
    """
    accuracy_a, accuracy_b = np.asarray(accuracy_a), np.asarray(accuracy_b)
    pairs = matched_epochs(accuracy_a, accuracy_b, tolerance)
    if not pairs:
        raise InputError(
            f"no trained epochs of the two ensembles have accuracies within {tolerance:g} of each "
            f"other (the first's are {_range(accuracy_a)}, the second's {_range(accuracy_b)}); "
            "train both for longer, or compare ensembles whose accuracies overlap."
        )

    def accuracy(pair: MatchedEpochs) -> float:
        return float(accuracy_a[pair.epoch_a] + accuracy_b[pair.epoch_b]) / 2

    def nearest_to(sought: float, among: list[MatchedEpochs]) -> MatchedEpochs:
        return min(
            among,
            key=lambda pair: (
                abs(accuracy(pair) - sought) + abs(pair.difference),
                pair.epoch_a + pair.epoch_b,
            ),
        )

    low = max(accuracy_a[1:].min(), accuracy_b[1:].min())
    high = min(accuracy_a[1:].max(), accuracy_b[1:].max())
    late = nearest_to(high, pairs)
    early = nearest_to(low + (high - low) / 3, [pair for pair in pairs if pair != late] or pairs)
    return (early, late) if accuracy(early) <= accuracy(late) else (late, early)


def _range(accuracy: np.ndarray) -> str:
    trained = accuracy[1:]
    return f"{trained.min():.2f} to {trained.max():.2f}" if len(trained) else "none"
