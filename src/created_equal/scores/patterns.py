"""The patterns in which the consistency of single examples changes with the epochs."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.errors import InputError
from created_equal.extras import library

# An example with at least this fit shows a pattern.
LEAST_FIT = 0.5
# The paper's "after a few epochs". It calls "0-10 epochs" a very short phase.
FEW_EPOCHS = 10
# Examples that are read at once, and those whose consistency fits into a processor's cache.
EXAMPLES_AT_ONCE = 2**14
EXAMPLES_IN_CACHE = 2**8


class PatternExample(NamedTuple):
    """The example that shows a pattern: its index on the example axis, and its fit in 0..1."""

    index: int
    fit: float


def example_patterns(
    n_right: np.ndarray | xr.DataArray, n_networks: int, chance: float
) -> dict[str, PatternExample]:
    """Return five different examples that maximize the sum of ``pattern_fits``, by pattern.

    It takes what ``pattern_fits`` does.
    """
    fits = pattern_fits(n_right, n_networks, chance)
    _, chosen = library("scipy.optimize").linear_sum_assignment(fits, maximize=True)
    return {
        pattern: PatternExample(int(index), float(fit[index]))
        for pattern, fit, index in zip(PATTERNS, fits, chosen, strict=True)
    }


def pattern_fits(
    n_right: np.ndarray | xr.DataArray,
    n_networks: int,
    chance: float,
    patterns: Sequence[str] | None = None,
) -> np.ndarray:
    """Return the fit of each example to each of the five patterns, (pattern, example) in 0..1.

    c(e) is an example's consistency at epoch e, and "the end" its mean over the last tenth of the
    epochs. The fits, in the order of the rows:

    - jumps to 1 in one epoch: the largest product, over e >= 1, of c(e)'s rise above all before
      it, of the mean of c from e on, and of 1 - (highest - lowest before e);
    - dips, then rises to 1: the largest product, over e, of the fall from c(e) to the lowest c of
      the next ten epochs, as a fraction of c(e) or of chance if that is higher, and of the rise
      from there to c(e + 10), or to the end if that is lower;
    - falls fast to 0: 1 - highest c(e >= 10), or of the second half of fewer than 20 epochs, times
      c(0) / chance if c(0) is below chance;
    - stays constant: 1 - (highest - lowest) / 0.4, so an example whose consistency varies by at
      most 0.2 fits by at least 0.5, at any level;
    - high, then falls to 0: highest c(e >= 1) - the end.

    Args:
        n_right: (epoch, example), how many networks are right, from epoch 0 on; it is read in
            blocks of examples.
        n_networks: N.
        chance: the consistency of guessing, 1/K.
        patterns: some of ``PATTERNS``; default: all.
    """
    blocks = (
        np.asarray(n_right[:, start : start + EXAMPLES_AT_ONCE]) / n_networks
        for start in range(0, n_right.shape[1], EXAMPLES_AT_ONCE)
    )
    parts = (
        block[:, start : start + EXAMPLES_IN_CACHE]
        for block in blocks
        for start in range(0, block.shape[1], EXAMPLES_IN_CACHE)
    )
    fits = [_FITS[pattern] for pattern in (PATTERNS if patterns is None else patterns)]
    return np.concatenate([[fit(part, chance) for fit in fits] for part in parts], axis=1)


def check_for_patterns(name: str, epochs: np.ndarray, examples: int) -> None:
    """Raise InputError if an ensemble lacks an epoch (epoch,), or has too few epochs or examples.

    Patterns begin with epoch 0, and last for a number of epochs.
    """
    is_other = epochs != np.arange(len(epochs))
    if is_other.any():
        raise InputError(
            f"{name} has no record of epoch {is_other.argmax()}, but the patterns of figure 11 "
            "need every epoch from 0 on; record it too."
        )
    if len(epochs) < 3 or examples < 5:
        raise InputError(
            "the five patterns of learning need at least 5 examples and 2 epochs after the "
            f"untrained one, and {name} has {examples} and {len(epochs) - 1}; score an ensemble "
            "that has more."
        )


def _jumps(consistency: np.ndarray, _: float) -> np.ndarray:
    highest = _accumulate(np.maximum, consistency)[:-1]
    lowest = _accumulate(np.minimum, consistency)[:-1]
    rise = np.clip(consistency[1:] - highest, 0, 1)
    mean_after = _accumulate(np.add, consistency[:0:-1])[::-1]
    mean_after /= np.arange(len(rise), 0, -1)[:, None]
    return (rise * mean_after * (1 - (highest - lowest))).max(axis=0)


def _dips(consistency: np.ndarray, chance: float) -> np.ndarray:
    starts, last = np.arange(len(consistency) - 1), len(consistency) - 1
    within = [consistency[np.minimum(starts + n, last)] for n in range(1, FEW_EPOCHS + 1)]
    lowest, before = np.minimum.reduce(within), consistency[:-1]
    fall = np.clip(before - lowest, 0, 1) / np.maximum(before, chance)
    rise = np.clip(np.minimum(within[-1], _end(consistency)) - lowest, 0, 1)
    return (fall * rise).max(axis=0)


def _falls(consistency: np.ndarray, chance: float) -> np.ndarray:
    soon = min(FEW_EPOCHS, (len(consistency) - 1) // 2)
    return (1 - consistency[soon:].max(axis=0)) * np.minimum(consistency[0] / chance, 1)


def _constant(consistency: np.ndarray, _: float) -> np.ndarray:
    return np.clip(1 - np.ptp(consistency, axis=0) / 0.4, 0, 1)


def _falls_at_last(consistency: np.ndarray, _: float) -> np.ndarray:
    return np.clip(consistency[1:].max(axis=0) - _end(consistency), 0, 1)


def _accumulate(function: np.ufunc, rows: np.ndarray) -> np.ndarray:
    """Return what ``function.accumulate(rows)`` returns, in a fraction of its time."""
    accumulated = rows.copy()
    for before, row in pairwise(accumulated):
        function(before, row, out=row)
    return accumulated


def _end(consistency: np.ndarray) -> np.ndarray:
    return consistency[-max(1, len(consistency) // 10) :].mean(axis=0)


_FITS = {
    "jumps to 1 in one epoch": _jumps,
    "dips, then rises to 1": _dips,
    "falls fast to 0": _falls,
    "stays constant": _constant,
    "high, then falls to 0": _falls_at_last,
}
PATTERNS = tuple(_FITS)
