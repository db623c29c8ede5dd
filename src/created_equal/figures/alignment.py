"""Two artefacts on the same examples, lined up by the examples' names."""

import numpy as np
import xarray as xr

from created_equal.artefacts import of_split
from created_equal.errors import InputError


def lined_up(
    one: xr.Dataset, other: xr.Dataset, split: str, figure: str, names: tuple[str, str]
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one split of two artefacts, the examples of the second in the order of the first.

    Args:
        one: scores or predictions, with the variable label.
        other: scores or predictions.
        split: ``"train"`` or ``"test"``.
        figure: the figure's name, for the message.
        names: the names of the two ensembles or baselines, for the message.

    Raises:
        InputError: they have different examples in this split, or different labels for them.
    """
    first, second = of_split(one, split), of_split(other, split)
    if np.array_equal(np.sort(first["example"].values), np.sort(second["example"].values)):
        second = second.sel(example=first["example"].values)
        if np.array_equal(first["label"].values, second["label"].values):
            return first, second
    raise InputError(
        f"{figure} compares {names[0]} with {names[1]} on the same {split} examples, and theirs, "
        "or the labels of these, differ; name two of the same dataset in the study."
    )
