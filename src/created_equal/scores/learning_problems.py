"""Whether an ensemble learned, judged by its scores alone."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.artefacts import definition_of, select_split

# Accuracies are stored in single precision.
ROUNDING = 1e-4
# On random labels, test accuracy may be this many standard deviations of guessing from chance.
DEVIATIONS = 5


class LearningProblem(NamedTuple):
    """Why an ensemble's results may mean nothing; both parts are phrases without a full stop.

    Attributes:
        sentence: what is wrong; it follows the ensemble's name, ``"... did not learn: ..."``.
        remedy: what to do about it.
    """

    sentence: str
    remedy: str


def learning_problems(scores: xr.Dataset) -> list[LearningProblem]:
    """Return the problems with an ensemble's learning; most ensembles have none.

    An ensemble did not learn if the train loss of a network does not fall (``falls``), or if the
    mean accuracy at the last epoch is at chance, 1/K, or below, on either split. The test set is an
    exception for two kinds of ensembles: networks trained on the hardest examples may have any
    accuracy there, and networks trained on random labels must be near chance.

    Args:
        scores: from ``open_scores``, with all epochs; the counts of examples are not read.
    """
    problems = []
    if reasons := list(_reasons(scores)):
        problems.append(
            LearningProblem(
                f"did not learn: {', '.join(reasons)}",
                "lower learning_rate or raise epochs in its recipe",
            )
        )
    if "labels" in _derived(scores):
        chance, accuracy = _chance(scores), _last_accuracy(scores, "test")
        examples = select_split(scores, "test").sizes["example"]
        margin = DEVIATIONS * math.sqrt(chance * (1 - chance) / examples)
        if abs(accuracy - chance) > margin:
            problems.append(
                LearningProblem(
                    f"is not at chance on random labels: test accuracy {accuracy:.4f} at the last "
                    f"epoch, guessing is within {margin:.4f} of {chance:.4f}",
                    "look for images that are in both the train and the test set",
                )
            )
    return problems


def learning_warnings(name: str, scores: xr.Dataset) -> list[str]:
    """Return the learning problems of an ensemble in full: name, problem, remedy."""
    return [f"{name} {sentence}; {remedy}." for sentence, remedy in learning_problems(scores)]


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
    derived, chance = _derived(scores), _chance(scores)
    above_on_test = "labels" not in derived and derived.get("keep", "random") == "random"
    found = {
        split: _last_accuracy(scores, split)
        for split in (("train", "test") if above_on_test else ("train",))
    }
    at_chance = [
        f"{split} accuracy {accuracy:.4f}"
        for split, accuracy in found.items()
        if accuracy <= chance + ROUNDING
    ]
    if at_chance:
        yield f"{' and '.join(at_chance)} at the last epoch, chance is {chance:.4f}"


def _derived(scores: xr.Dataset) -> dict:
    """Return how the ensemble's dataset was derived from its study's; empty if it was not."""
    return definition_of(scores).get("dataset", {}).get("derived", {})


def _chance(scores: xr.Dataset) -> float:
    return 1 / scores.attrs["classes"]


def _last_accuracy(scores: xr.Dataset, split: str) -> float:
    return float(scores["accuracy"].sel(split=split).isel(epoch=-1).mean(dtype=float))
