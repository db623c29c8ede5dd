"""The order and speed of learning: accessibility, and epochs of equal accuracy."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.errors import InputError


class MatchedEpochs(NamedTuple):
    """Epochs at which two ensembles are about equally accurate; difference = first - second."""

    epoch_a: int
    epoch_b: int
    difference: float


def accessibility(n_right: np.ndarray, n_networks: int, epochs: np.ndarray) -> np.ndarray:
    """Return the mean consistency of each example over all epochs after the untrained one.

    It is higher if more networks learn the example, and learn it earlier (the paper's "speed of
    learning").

    Args:
        n_right: (epoch, example), how many networks are right.
        n_networks: N.
        epochs: (epoch,) the number of each epoch, where 0 is untrained.

    Returns:
        (example,) float64 in 0..1, exactly equal for equal sums of counts.

    Raises:
        InputError: there is no epoch after epoch 0.
    """
    trained = n_right[epochs > 0]
    if not len(trained):
        raise InputError(
            "accessibility needs an epoch after the untrained one, and there is none; train for "
            "at least one epoch."
        )
    return trained.sum(axis=0, dtype=np.float64) / (n_networks * len(trained))


def accuracy_by_epoch(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return the networks' mean accuracy from epoch 0 to the last, (epoch,).

    It is NaN at an epoch that was not recorded.
    """
    mean = scores["accuracy"].sel(split=split).mean("network")
    return mean.reindex(epoch=np.arange(int(scores["epoch"].max()) + 1)).values


def matched_epochs(
    accuracy_a: np.ndarray, accuracy_b: np.ndarray, tolerance: float = 0.01
) -> list[MatchedEpochs]:
    """Return all pairs of trained epochs at which two ensembles are equally accurate.

    Args:
        accuracy_a: (epoch,) mean accuracy of the first ensemble in 0..1, from epoch 0 on; NaN at an
            epoch that was not recorded.
        accuracy_b: (epoch,) that of the second; the lengths may differ.
        tolerance: the largest difference that counts as equal.

    Returns:
        the pairs, without epoch 0, sorted by epoch_a and then by epoch_b.
    """
    accuracies = [np.asarray(each, dtype=np.float64) for each in (accuracy_a, accuracy_b)]
    # Only the recorded epochs, because numbers of steps may be large.
    epochs = [np.flatnonzero(~np.isnan(each[1:])) + 1 for each in accuracies]
    recorded = [each[of] for each, of in zip(accuracies, epochs, strict=True)]
    differences = np.subtract.outer(*recorded)
    # 0.40 and 0.39 match, although their difference in binary is slightly more than 0.01.
    matches = np.argwhere(np.abs(differences) <= tolerance + 1e-6)
    return [
        MatchedEpochs(int(epochs[0][a]), int(epochs[1][b]), float(differences[a, b]))
        for a, b in matches.tolist()
    ]


def nearest_matches(accuracy_a: np.ndarray, accuracy_b: np.ndarray) -> list[MatchedEpochs]:
    """Return, for each epoch of the first ensemble, its pair that is nearest in accuracy, if any.

    The pairs are those of ``matched_epochs``, sorted by the first's epoch; in a tie, the second's
    latest epoch counts.
    """
    nearest: dict[int, MatchedEpochs] = {}
    for pair in matched_epochs(accuracy_a, accuracy_b):
        best = nearest.setdefault(pair.epoch_a, pair)
        if abs(pair.difference) <= abs(best.difference):
            nearest[pair.epoch_a] = pair
    return list(nearest.values())


def best_matched_pairs(
    accuracy_a: np.ndarray, accuracy_b: np.ndarray, tolerance: float = 0.01
) -> tuple[MatchedEpochs, MatchedEpochs]:
    """Return one early and one late pair of ``matched_epochs``, the less accurate pair first.

    In the range of accuracies that both ensembles reach after epoch 0, the target of the late pair
    is the upper end and that of the early pair is at one third. The best pair has the smallest sum
    of two differences: of its mean accuracy from the target, and of its accuracies; in a tie, it is
    the earliest. The two pairs are different if there are two.

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

    def nearest(target: float, pairs: list[MatchedEpochs]) -> MatchedEpochs:
        def rank(pair: MatchedEpochs) -> tuple[float, int]:
            # Rounded, so that the last bit of a sum does not decide between equals.
            distance = round(abs(accuracy(pair) - target) + abs(pair.difference), 9)
            return distance, pair.epoch_a + pair.epoch_b

        return min(pairs, key=rank)

    low = max(np.nanmin(accuracy_a[1:]), np.nanmin(accuracy_b[1:]))
    high = min(np.nanmax(accuracy_a[1:]), np.nanmax(accuracy_b[1:]))
    late = nearest(high, pairs)
    early = nearest(low + (high - low) / 3, [pair for pair in pairs if pair != late] or pairs)
    return (early, late) if accuracy(early) <= accuracy(late) else (late, early)


def _range(accuracy: np.ndarray) -> str:
    trained = accuracy[1:][~np.isnan(accuracy[1:])]
    return f"{trained.min():.2f} to {trained.max():.2f}" if len(trained) else "none"
