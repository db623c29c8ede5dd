"""The four phases of learning, one epoch for each, and where bi-modality is informative."""

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, iterate_epochs
from created_equal.errors import InputError
from created_equal.scores.agreement import below_chance

PHASES = ("initialisation", "beginning", "bi-modality", "end")
# Bi-modality is informative only if the mean consistency is in this range.
MIDDLE = (0.05, 0.9)


def mean_consistency(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return the mean consistency of the examples of a split at each epoch, (epoch,) float64."""
    n_networks = scores.sizes["network"]
    rows = iterate_epochs(scores, "n_right", split)
    return np.array([row.sum() / (n_networks * len(row)) for row in rows])


def distance_from_middle(mean: np.ndarray) -> np.ndarray:
    """Return the distance of mean consistencies from ``MIDDLE``; 0 within it."""
    return np.abs(mean - np.clip(mean, *MIDDLE))


def informative_epochs(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return whether the bi-modality of a split is informative at each epoch, (epoch,) bool.

    If nearly all examples have the same score, bi-modality grows without bound, or is 0 because of
    a single other example. So it counts only if the mean consistency is within ``MIDDLE``.
    """
    return distance_from_middle(mean_consistency(scores, split)) == 0


def phases(scores: xr.Dataset) -> dict[str, int]:
    """Choose an epoch for each phase of learning (section 3 of the paper, Fig 1), by ``PHASES``.

    The train set decides. Progress is its mean consistency, scaled from 0 at chance to 1 at its
    highest. The epochs are strictly increasing:

    - initialisation: epoch 0.
    - beginning: the epoch within the first quarter of progress at which most examples are below
      chance; otherwise epoch 1.
    - bi-modality: the epoch with the lowest bi-modality between beginning and end, among those at
      which it is informative on both splits (see ``informative_epochs``) or nearest to that.
    - end: the last epoch.

    Raises:
        InputError: epoch 0 was not recorded, or there are fewer than three epochs after it.
    """
    first = int(scores["epoch"][0])
    if first:
        raise InputError(
            "the four phases of learning begin with the untrained networks (epoch 0), but the "
            f"first epoch of these scores is {first}; record the predictions before training too."
        )
    last = scores.sizes["epoch"] - 1
    if last < 3:
        raise InputError(
            f"the four phases of learning need at least 3 epochs after the untrained one, and "
            f"these scores have {last}; train for longer."
        )
    classes, n_networks = scores.attrs["classes"], scores.sizes["network"]
    train, test = (mean_consistency(scores, split) for split in SPLITS)
    below = [
        below_chance(row, n_networks, classes).mean()
        for row in iterate_epochs(scores, "n_right", "train")
    ]
    reach = train.max() - 1 / classes
    progress = (train - 1 / classes) / reach if reach > 0 else np.zeros_like(train)
    # A quarter is a quarter, although its difference in binary may be a little more.
    early = progress[1 : last - 1] <= 0.25 + 1e-9
    beginning = 1 + int(np.argmax(np.where(early, below[1 : last - 1], -1)))
    between = np.arange(beginning + 1, last)
    measure = scores["bimodality"].sel(split="train").values[between]
    uninformative = np.maximum(*map(distance_from_middle, (train, test)))[between]
    # The last key decides first; an undefined measure comes last.
    lowest = between[np.lexsort((np.nan_to_num(measure, nan=np.inf), uninformative))[0]]
    epochs = scores["epoch"].values[[0, beginning, lowest, last]]
    return dict(zip(PHASES, epochs.tolist(), strict=True))
