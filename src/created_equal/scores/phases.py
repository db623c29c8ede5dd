"""The four phases of learning, and one epoch for each."""

import numpy as np
import xarray as xr

from created_equal.artefacts import each_epoch
from created_equal.errors import InputError
from created_equal.scores.agreement import below_chance

PHASES = ("initialisation", "beginning", "bi-modality", "end")


def phases(scores: xr.Dataset) -> dict[str, int]:
    """Choose the epoch that shows each phase of learning (section 3 of the paper, Fig 1).

    The train set decides; progress is its mean consistency, from 0 at chance to 1 at its highest.
    - initialisation: epoch 0.
    - beginning: within the first quarter of progress, most examples below chance; or epoch 1.
    - bi-modality: within the middle half of progress, or nearest to it, the lowest bi-modality.
    - end: the last epoch.

    The middle half keeps out late epochs with a handful of outliers, which look bi-modal to the
    measure: it is 0 for any two points, however unequal.

    Args:
        scores: as ``read_scores`` returns them.

    Returns:
        The four epochs, strictly increasing, by ``PHASES``.

    Raises:
        InputError: there are fewer than three epochs after epoch 0.
    """
    last = scores.sizes["epoch"] - 1
    if last < 3:
        raise InputError(
            f"the four phases of learning need at least 3 epochs after the untrained one, and "
            f"these scores hold {last}; train for longer."
        )
    classes = scores.attrs["classes"]
    mean, below = np.array(
        [
            (consistency.mean(dtype=np.float64), below_chance(consistency, classes).mean())
            for consistency in each_epoch(scores, "consistency", "train")
        ]
    ).T
    progress = _progress(mean, 1 / classes)
    beginning = _beginning(below[: last - 1], progress)
    later = np.arange(beginning + 1, last)
    measure = scores["bimodality"].sel(split="train").values[later]
    off_middle = np.maximum(np.abs(progress[later] - 0.5) - 0.25, 0)
    # The last key decides first; an undefined measure comes last.
    bimodal = later[np.lexsort((np.nan_to_num(measure, nan=np.inf), off_middle))[0]]
    epochs = scores["epoch"].values[[0, beginning, bimodal, last]]
    return dict(zip(PHASES, epochs.tolist(), strict=True))


def _progress(mean_consistency: np.ndarray, chance: float) -> np.ndarray:
    reach = mean_consistency.max() - chance
    return (mean_consistency - chance) / reach if reach > 0 else np.zeros_like(mean_consistency)


def _beginning(below: np.ndarray, progress: np.ndarray) -> int:
    early = progress[1 : len(below)] <= 0.25
    return 1 + int(np.argmax(np.where(early, below[1:], -1)))
