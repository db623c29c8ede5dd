"""Whether an ensemble learned, how fast, and the epochs at which two are equally accurate."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, definition_of

REMEDY = "lower its learning rate or train it for longer"
# Accuracies are stored in single precision.
ROUNDING = 1e-4
# The largest difference of accuracies that count as equal.
TOLERANCE = 0.01


class MatchedEpochs(NamedTuple):
    """Epochs at which two ensembles are about equally accurate; difference = first - second."""

    epoch_a: int
    epoch_b: int
    difference: float


def accessibility(n_right: np.ndarray, n_networks: int, epochs: np.ndarray) -> np.ndarray:
    """Return the mean consistency of each example over all epochs after the untrained one, 0.

    It is higher if more networks learn the example, and learn it earlier (the paper's "speed of
    learning"). ``n_right`` is (epoch, example), and epochs (epoch,). The result is (example,)
    float64, exactly equal for equal sums of counts.
    """
    trained = n_right[epochs > 0]
    return trained.sum(axis=0, dtype=np.float64) / (n_networks * len(trained))


def accuracy_by_epoch(scores: xr.Dataset, split: str) -> pd.Series:
    """Return the networks' mean accuracy at each recorded epoch, (epoch,), by its number."""
    return scores["accuracy"].sel(split=split).mean("network").to_series()


def matched_epochs(accuracy_a: pd.Series, accuracy_b: pd.Series) -> list[MatchedEpochs]:
    """Return all pairs of epochs after epoch 0 at which two ensembles are equally accurate.

    Accuracies are those of ``accuracy_by_epoch``, NaN where an epoch does not count, and equal if
    they differ by at most ``TOLERANCE``. The pairs are sorted by epoch_a and then by epoch_b.
    """
    trained = [_trained(each) for each in (accuracy_a, accuracy_b)]
    epochs = [each.index for each in trained]
    differences = np.subtract.outer(*(each.to_numpy(np.float64) for each in trained))
    # 0.40 and 0.39 match, although their difference in binary is slightly more than 0.01.
    matches = np.argwhere(np.abs(differences) <= TOLERANCE + 1e-6)
    return [
        MatchedEpochs(int(epochs[0][a]), int(epochs[1][b]), float(differences[a, b]))
        for a, b in matches.tolist()
    ]


def nearest_matches(accuracy_a: pd.Series, accuracy_b: pd.Series) -> list[MatchedEpochs]:
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
    accuracy_a: pd.Series, accuracy_b: pd.Series
) -> tuple[MatchedEpochs, MatchedEpochs]:
    """Return one early and one late pair of ``matched_epochs``, the less accurate pair first.

    In the range of accuracies that both ensembles reach after epoch 0, the target of the late pair
    is the upper end and that of the early pair is at one third. The best pair has the smallest sum
    of two differences: of its mean accuracy from the target, and of its accuracies; in a tie, it is
    the earliest. The two pairs are different if there are two; there has to be one.
    """
    pairs = matched_epochs(accuracy_a, accuracy_b)

    def accuracy(pair: MatchedEpochs) -> float:
        return float(accuracy_a[pair.epoch_a] + accuracy_b[pair.epoch_b]) / 2

    def rank(pair: MatchedEpochs, target: float) -> tuple[float, int]:
        # Rounded, so that the last bit of a sum does not decide between equals.
        distance = round(abs(accuracy(pair) - target) + abs(pair.difference), 9)
        return distance, pair.epoch_a + pair.epoch_b

    trained = [_trained(each) for each in (accuracy_a, accuracy_b)]
    low, high = max(each.min() for each in trained), min(each.max() for each in trained)
    late = min(pairs, key=lambda pair: rank(pair, high))
    others = [pair for pair in pairs if pair != late] or pairs
    early = min(others, key=lambda pair: rank(pair, low + (high - low) / 3))
    return tuple(sorted((early, late), key=accuracy))


def learning_problem(scores: xr.Dataset) -> str:
    """Return why an ensemble's results may mean nothing, a phrase after its name; "" if it learned.

    An ensemble did not learn if the train loss of a network does not fall (``falls``), or if the
    mean accuracy at the last epoch is at chance, 1/K, or below, on either split. Networks trained
    on the hardest examples, or on random labels, may have any accuracy on the test set. The scores
    must have all epochs; the counts of examples are not read.
    """
    definition, reasons = definition_of(scores), []
    if "steps" in definition:
        return ""  # Within the first epochs, nothing has been learned yet.
    of_train = scores[["loss", "accuracy"]].sel(split="train").transpose("network", "epoch")
    error = 1 - of_train["accuracy"].values.astype(float)
    # Recorded labels come without a loss.
    is_known = of_train["loss"].notnull().any()
    loss = of_train["loss"].values.astype(float) if is_known else error
    stuck = scores["network"].values[[not falls(each) for each in loss]].tolist()
    # One epoch, or a train set without examples, cannot show whether it falls.
    if stuck and loss.shape[1] > 1 and not np.isnan(error).all():
        shown = ", ".join(map(str, stuck[:5])) + (", ..." if len(stuck) > 5 else "")
        what = "loss" if is_known else "error"
        reasons.append(
            f"the train {what} of {len(stuck)} of {len(loss)} networks ({shown}) does not fall"
        )
    # How its dataset was derived from its study's.
    derived = definition.get("dataset", {}).get("derived", {})
    chance = 1 / scores.attrs["classes"]
    above_on_test = "labels" not in derived and derived.get("keep", "random") == "random"
    at_chance = []
    for split in SPLITS if above_on_test else ("train",):
        accuracy = float(scores["accuracy"].sel(split=split).isel(epoch=-1).mean(dtype=float))
        if accuracy <= chance + ROUNDING:
            at_chance.append(f"{split} accuracy {accuracy:.4f}")
    if at_chance:
        reasons.append(f"{' and '.join(at_chance)} at the last epoch, chance is {chance:.4f}")
    return f"did not learn: {', '.join(reasons)}" if reasons else ""


def learning_warnings(name: str, scores: xr.Dataset) -> list[str]:
    """Return a warning with the name, the problem and the remedy if an ensemble did not learn."""
    problem = learning_problem(scores)
    return [f"{name} {problem}; {REMEDY}."] if problem else []


def falls(loss: np.ndarray) -> bool:
    """Return whether a network's loss (epoch,) falls during training.

    The loss counts as at most the first: an epoch may raise it far above that before it falls. In
    the range of its values, it must end in the lowest quarter (mean of the last tenth of the
    epochs). This holds for networks that learn at once, slowly, or late, as with random labels, but
    not for networks that diverge, and hardly ever for fluctuations.
    """
    if not np.isfinite(loss).all():
        return False
    loss = np.minimum(loss, loss[0])
    end = loss[-max(1, len(loss) // 10) :].mean()
    return bool(end < loss[0] and end - loss.min() <= 0.25 * np.ptp(loss))


def _trained(accuracy: pd.Series) -> pd.Series:
    """Return the accuracies (epoch,) of epochs after epoch 0 that count."""
    return accuracy[accuracy.index > 0].dropna()
