"""The epochs and the examples that a figure shows."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, select_split
from created_equal.errors import InputError
from created_equal.scores import PHASES, phases


def check_splits(figure: str, splits: Sequence[str], *shown: xr.Dataset) -> None:
    """Raise InputError if scores have no examples of a split that a figure shows."""
    for split in splits:
        if any(split not in scores["example_split"].values for scores in shown):
            raise InputError(
                f"{figure} shows the {split} set, but the scores have no {split} examples; score "
                "both sets together, with the split of each example."
            )


def check_epochs(scores: xr.Dataset, epochs: Sequence[int], count: int, figure: str) -> list[int]:
    """Return ``epochs`` as a list after checking them.

    Raises:
        InputError: there are not ``count`` epochs, the networks were not trained that long, or an
            epoch was not recorded.
    """
    recorded = scores["epoch"].values.tolist()
    if len(epochs) != count:
        raise InputError(
            f"{figure} shows {count} epochs, but {len(epochs)} are named; name {count} epochs in "
            "the study, or none to have them chosen."
        )
    missing = [epoch for epoch in epochs if epoch not in recorded]
    if missing and missing[0] < recorded[-1]:
        raise InputError(
            f"{figure} should show epoch {missing[0]}, which was not recorded; name some of the "
            f"epochs {', '.join(map(str, recorded))}."
        )
    if missing:
        raise InputError(
            f"{figure} should show epoch {missing[0]}, but the networks were trained for "
            f"{recorded[-1]} epochs; name epochs from 0 to {recorded[-1]} in the study."
        )
    return list(epochs)


def phase_epochs(scores: xr.Dataset, epochs: Sequence[int] | None, figure: str) -> dict[str, int]:
    """Return the epoch of each phase by name; without ``epochs``, ``scores.phases`` chooses them.

    Raises:
        InputError: see ``check_epochs``, or a split has no examples.
    """
    check_splits(figure, SPLITS, scores)
    if epochs is None:
        return phases(scores)
    return dict(zip(PHASES, check_epochs(scores, epochs, len(PHASES), figure), strict=True))


def align(
    one: xr.Dataset, other: xr.Dataset, split: str, figure: str, names: tuple[str, str]
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one split of two scores or predictions, with both in the first's order of examples.

    Raises:
        InputError: one has no examples of this split, or its examples or their labels differ.
    """
    check_splits(figure, [split], one, other)
    first, second = select_split(one, split), select_split(other, split)
    if np.array_equal(np.sort(first["example"].values), np.sort(second["example"].values)):
        second = second.sel(example=first["example"].values)
        if np.array_equal(first["label"].values, second["label"].values):
            return first, second
    raise InputError(
        f"{figure} compares {names[0]} with {names[1]}, but their {split} examples or labels "
        "differ; name two of the same dataset in the study."
    )
