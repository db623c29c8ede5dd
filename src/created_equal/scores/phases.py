"""The four phases of learning, and one epoch for each."""

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, iterate_epochs
from created_equal.errors import InputError
from created_equal.scores.agreement import below_chance
from created_equal.scores.bimodality import distance_from_middle, mean_consistency

PHASES = ("initialisation", "beginning", "bi-modality", "end")


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
            f"first epoch of these scores is {first}; record the predictions before training "
            "too, or name epochs in the study."
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
    beginning = _beginning(np.array(below[: last - 1]), _progress(train, 1 / classes))
    between = np.arange(beginning + 1, last)
    measure = scores["bimodality"].sel(split="train").values[between]
    uninformative = np.maximum(*map(distance_from_middle, (train, test)))[between]
    # The last key decides first; an undefined measure comes last.
    lowest = between[np.lexsort((np.nan_to_num(measure, nan=np.inf), uninformative))[0]]
    epochs = scores["epoch"].values[[0, beginning, lowest, last]]
    return dict(zip(PHASES, epochs.tolist(), strict=True))


def _progress(mean: np.ndarray, chance: float) -> np.ndarray:
    reach = mean.max() - chance
    return (mean - chance) / reach if reach > 0 else np.zeros_like(mean)


def _beginning(below: np.ndarray, progress: np.ndarray) -> int:
    # A quarter is a quarter, although its difference in binary may be a little more.
    early = progress[1 : len(below)] <= 0.25 + 1e-9
    return 1 + int(np.argmax(np.where(early, below[1:], -1)))
