"""Aligning two artefacts by the names of their examples."""

import numpy as np
import xarray as xr

from created_equal.artefacts import select_split
from created_equal.errors import InputError


def align(
    one: xr.Dataset, other: xr.Dataset, split: str, figure: str, names: tuple[str, str]
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one split of two artefacts, with the examples of both in the order of the first.

    Args:
        one: scores or predictions.
        other: scores or predictions.
        split: ``"train"`` or ``"test"``.
        figure: the figure's name, for error messages.
        names: names of the two ensembles or baselines, for error messages.

    Raises:
        InputError: their examples in this split differ, or the labels of these examples.
    """
    first, second = select_split(one, split), select_split(other, split)
    if np.array_equal(np.sort(first["example"].values), np.sort(second["example"].values)):
        second = second.sel(example=first["example"].values)
        if np.array_equal(first["label"].values, second["label"].values):
            return first, second
    raise InputError(
        f"{figure} compares {names[0]} with {names[1]}, but their {split} examples or labels "
        "differ; name two of the same dataset in the study."
    )
