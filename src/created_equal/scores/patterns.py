"""The patterns in which the consistency of single examples changes with the epochs."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from created_equal.errors import InputError

PATTERNS = (
    "jumps to 1 in one epoch",
    "dips, then rises to 1",
    "falls fast to 0",
    "stays constant",
    "high, then falls to 0",
)
LEAST_FIT = 0.5
"""From here on an example shows a pattern."""
EXAMPLES_AT_ONCE = 2**16


class PatternExample(NamedTuple):
    """The example that shows a pattern: its index on the example axis, and its fit in 0..1."""

    index: int
    fit: float


def example_patterns(
    n_right: np.ndarray | xr.DataArray, networks: int, chance: float
) -> dict[str, PatternExample]:
    """Find one example of each of the five patterns of Fig 11.

    Args:
        n_right: (epoch, example) how many networks are right, from epoch 0 on; a block of examples
            is read at a time.
        networks: N.
        chance: the consistency of guessing, 1/K.

    Returns:
        as ``shown_patterns`` of ``pattern_fits``.

    Raises:
        InputError: fewer than five examples, or fewer than two epochs after epoch 0.
    """
    return shown_patterns(pattern_fits(n_right, networks, chance))


def pattern_fits(n_right: np.ndarray | xr.DataArray, networks: int, chance: float) -> np.ndarray:
    """Return how well each example fits each of the five patterns.

    With c(e) an example's consistency, e from 0 to the last epoch, and "the end" the mean of the
    last tenth of the epochs, every example fits each pattern by a number in 0..1:

    - jumps to 1 in one epoch: the largest product, over e >= 1, of c(e)'s rise above all before
      it, of the mean of c from e on, and of 1 - (highest - lowest before e);
    - dips, then rises to 1: the largest product, over e >= 1, of the fall from the highest c
      before e to c(e), as a fraction of that highest c or of chance if that is higher, and of the
      rise from c(e) to the end;
    - falls fast to 0: 1 - mean of c(e >= 1), times c(0) / chance where c(0) is below chance;
    - stays constant: 1 - (highest - lowest) / 0.4, so an example whose consistency varies by at
      most 0.2 fits by at least 0.5, at whatever level;
    - high, then falls to 0: highest c(e >= 1) - the end.

    Args:
        n_right: (epoch, example) how many networks are right, from epoch 0 on; a block of examples
            is read at a time.
        networks: N.
        chance: the consistency of guessing, 1/K.

    Returns:
        (pattern, example) in 0..1, in the order above.

    Raises:
        InputError: fewer than five examples, or fewer than two epochs after epoch 0.
    """
    epochs, examples = n_right.shape
    if epochs < 3 or examples < 5:
        raise InputError(
            "the five patterns of learning need at least 5 examples and 2 epochs after the "
            f"untrained one, and there are {examples} and {epochs - 1}; score an ensemble that "
            "has more."
        )
    blocks = (
        np.asarray(n_right[:, start : start + EXAMPLES_AT_ONCE]) / networks
        for start in range(0, examples, EXAMPLES_AT_ONCE)
    )
    return np.concatenate([_fits(block, chance) for block in blocks], axis=1)


def shown_patterns(fits: np.ndarray) -> dict[str, PatternExample]:
    """Return the examples that show the patterns best.

    The five examples are all different and maximise the sum of the fits; the fits say how well the
    patterns are met at all.

    Args:
        fits: (pattern, example) from ``pattern_fits``.

    Returns:
        The index and the fit by pattern, in the order of ``pattern_fits``.
    """
    _, chosen = linear_sum_assignment(fits, maximize=True)
    return {
        pattern: PatternExample(int(index), float(fit[index]))
        for pattern, fit, index in zip(PATTERNS, fits, chosen, strict=True)
    }


def _fits(consistency: np.ndarray, chance: float) -> np.ndarray:
    """Return (pattern, example): how well each example fits each of ``PATTERNS``."""
    end = consistency[-max(1, len(consistency) // 10) :].mean(axis=0)
    return np.stack(
        [
            _jumps(consistency),
            _dips(consistency, chance, end),
            _falls(consistency, chance),
            _constant(consistency),
            np.clip(consistency[1:].max(axis=0) - end, 0, 1),
        ]
    )


def _jumps(consistency: np.ndarray) -> np.ndarray:
    highest = np.maximum.accumulate(consistency, axis=0)[:-1]
    lowest = np.minimum.accumulate(consistency, axis=0)[:-1]
    rise = np.clip(consistency[1:] - highest, 0, 1)
    from_here_on = np.cumsum(consistency[:0:-1], axis=0)[::-1]
    from_here_on /= np.arange(len(rise), 0, -1)[:, None]
    return (rise * from_here_on * (1 - (highest - lowest))).max(axis=0)


def _dips(consistency: np.ndarray, chance: float, end: np.ndarray) -> np.ndarray:
    highest = np.maximum.accumulate(consistency, axis=0)[:-1]
    fall = np.clip(highest - consistency[1:], 0, 1) / np.maximum(highest, chance)
    return (fall * np.clip(end - consistency[1:], 0, 1)).max(axis=0)


def _falls(consistency: np.ndarray, chance: float) -> np.ndarray:
    return (1 - consistency[1:].mean(axis=0)) * np.minimum(consistency[0] / chance, 1)


def _constant(consistency: np.ndarray) -> np.ndarray:
    return np.clip(1 - np.ptp(consistency, axis=0) / 0.4, 0, 1)
