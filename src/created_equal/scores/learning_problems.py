"""Whether an ensemble learned, judged by its scores alone."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, definition_of

REMEDY = "lower learning_rate or raise epochs in its recipe"
# Accuracies are stored in single precision.
ROUNDING = 1e-4


def learning_problem(scores: xr.Dataset) -> str:
    """Return why an ensemble's results may mean nothing, a phrase after its name; "" if it learned.

    An ensemble did not learn if the train loss of a network does not fall (``falls``), or if the
    mean accuracy at the last epoch is at chance, 1/K, or below, on either split. Networks trained
    on the hardest examples, or on random labels, may have any accuracy on the test set.

    Args:
        scores: from ``open_scores``, with all epochs; the counts of examples are not read.
    """
    reasons = ", ".join(_reasons(scores))
    return f"did not learn: {reasons}" if reasons else ""


def learning_warnings(name: str, scores: xr.Dataset) -> list[str]:
    """Return a warning with the name, the problem and the remedy if an ensemble did not learn."""
    problem = learning_problem(scores)
    return [f"{name} {problem}; {REMEDY}."] if problem else []


def falls(loss: np.ndarray) -> bool:
    """Return whether a network's loss (epoch,) falls during training.

    In the range of its values, it must begin in the upper half and end in the lowest quarter (mean
    of the last tenth of the epochs). This holds for networks that learn at once, slowly, or late,
    as with random labels, but not for networks that diverge, and hardly ever for fluctuations.
    """
    if not np.isfinite(loss).all() or np.ptp(loss) == 0:
        return False
    place = (loss - loss.min()) / np.ptp(loss)
    return bool(place[0] >= 0.5 and place[-max(1, len(loss) // 10) :].mean() <= 0.25)


def _reasons(scores: xr.Dataset) -> Iterator[str]:
    if "steps" in definition_of(scores):
        return  # Within the first epochs, nothing has been learned yet.
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
        yield f"the train {what} of {len(stuck)} of {len(loss)} networks ({shown}) does not fall"
    # How its dataset was derived from its study's.
    derived = definition_of(scores).get("dataset", {}).get("derived", {})
    chance = 1 / scores.attrs["classes"]
    above_on_test = "labels" not in derived and derived.get("keep", "random") == "random"
    at_chance = []
    for split in SPLITS if above_on_test else ("train",):
        accuracy = float(scores["accuracy"].sel(split=split).isel(epoch=-1).mean(dtype=float))
        if accuracy <= chance + ROUNDING:
            at_chance.append(f"{split} accuracy {accuracy:.4f}")
    if at_chance:
        yield f"{' and '.join(at_chance)} at the last epoch, chance is {chance:.4f}"
