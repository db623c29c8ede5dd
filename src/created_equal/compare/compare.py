"""Comparing an ensemble with another one, or with a published score, on each split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, open_predictions, select_split
from created_equal.compare.matching import names_of_rows
from created_equal.compare.published import Published
from created_equal.errors import InputError
from created_equal.scores import (
    FEWEST_NETWORKS,
    MOST_PREDICTIONS,
    Estimate,
    compare_scores,
    read_answers,
    resamples_networks,
)

FEWEST = 3
"""Fewer examples have no correlation."""
FOLDER = "predictions"


@dataclass(frozen=True, eq=False)
class Ours:
    """An ensemble: its name, its scores, and the files of its predictions, if they are there."""

    name: str
    scores: xr.Dataset
    predictions: Sequence[Path] = ()

    def score_of(self, examples: np.ndarray) -> np.ndarray:
        """Return the accessibility of examples by network, (network, example).

        It is a single row, their mean, unless there are predictions of enough networks to resample.
        """
        size = self.scores.sizes["network"] * self.scores.sizes["epoch"] * len(examples)
        enough = self.scores.sizes["network"] >= FEWEST_NETWORKS and size <= MOST_PREDICTIONS
        if not (enough and self.predictions):
            return self.scores["accessibility"].sel(example=examples).values[None]
        return read_answers(self.name, list(self.predictions), self.scores, examples).by_network


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two scores of the same examples of a split.

    Attributes:
        split: ``"train"`` or ``"test"``.
        examples: (example,) their names, in ascending order.
        one: (example,) accessibility in the first ensemble.
        other: (example,) that in the second, or the published score.
        labels: (example,)
        found: the ``scores.correlations``.
        over: what the intervals are over.
    """

    split: str
    examples: np.ndarray
    one: np.ndarray
    other: np.ndarray
    labels: np.ndarray
    found: dict[str, Estimate]
    over: str


def predictions_beside(path: Path, scores: xr.Dataset) -> list[Path]:
    """Return the predictions files next to scores that hold their networks; none if one is missing.

    Args:
        path: the scores file; predictions are in the folder ``FOLDER`` next to it.
        scores: what is in it.
    """
    found, numbers = {}, scores["network"].values
    for file in sorted((path.parent / FOLDER).glob("*.nc")):
        with open_predictions(file) as contents:
            held = contents["network"].values[np.isin(contents["network"].values, numbers)]
            if len(held) and np.array_equal(contents["epoch"].values, scores["epoch"].values):
                found[file] = held
    whole = sorted(number for held in found.values() for number in held) == sorted(numbers)
    return list(found) if whole else []


def compare(ours: Ours, other: Ours | Published, split: str | None = None) -> list[Comparison]:
    """Return the comparison of each split of which both have at least ``FEWEST`` examples.

    Args:
        ours: an ensemble.
        other: another one, or a published score.
        split: the set that the rows of the published score are of, if it has to be said.

    Raises:
        InputError: they share no examples, or have other labels for them; a score is constant; or
            see ``names_of_rows``.
    """
    for each in (ours, other):
        if isinstance(each, Ours) and "accessibility" not in each.scores:
            raise InputError(
                f"the scores of {each.name} have no accessibility, which is a mean over epochs; "
                "record the predictions after several epochs."
            )
    names = names_of_rows(other, ours.scores, split) if isinstance(other, Published) else None
    found = []
    for each in SPLITS:
        part = select_split(ours.scores, each)
        others = select_split(other.scores, each)["example"].values if names is None else names
        examples = np.intersect1d(part["example"].values, others)
        if len(examples) >= FEWEST:
            labels = part["label"].sel(example=examples).values.astype(np.int64)
            theirs = _score_of(other, names, examples, labels, ours.name)
            found.append(_comparison(each, examples, ours, other, theirs, labels))
    if not found:
        raise InputError(
            f"{ours.name} and {name_of(other)} share fewer than {FEWEST} examples of one set; "
            "compare scores of the same data set."
        )
    return found


def name_of(other: Ours | Published) -> str:
    """Return the name of an ensemble, or of a published score: ``"scores of cscores.npz"``."""
    return other.name if isinstance(other, Ours) else f"{other.column} of {other.path.name}"


def sentence(found: Sequence[Comparison], ours: Ours, other: Ours | Published) -> str:
    """Return the result in one sentence, which says what a negative correlation means."""
    parts = []
    for each in found:
        numbers = ", ".join(f"{name} {in_words(of)}" for name, of in each.found.items())
        parts.append(f"on {len(each.examples):,} {each.split} examples {numbers}")
    return (
        f"Accessibility in {ours.name} and "
        f"{'in ' if isinstance(other, Ours) else ''}{name_of(other)}: {'; '.join(parts)} "
        f"(95 % intervals over {found[0].over}); {direction(found, other)}."
    )


def in_words(of: Estimate) -> str:
    """Return, for example, ``"0.81 (0.79 to 0.83)"``."""
    value, *ends = (f"{number:.2f}".replace("-", "−") for number in (of.value, of.lower, of.upper))
    return f"{value} ({' to '.join(ends)})"


def direction(found: Sequence[Comparison], other: Ours | Published) -> str:
    """Return what the signs of Spearman's correlations say, if all their intervals agree."""
    if isinstance(other, Ours):
        return "both are high for easy examples, so a positive number means the same order"
    column = other.column
    ends = [(each.found["Spearman"].lower, each.found["Spearman"].upper) for each in found]
    if all(upper < 0 for _, upper in ends):
        return f"{column} rises where accessibility falls, as a score of difficulty does"
    if all(lower > 0 for lower, _ in ends):
        return f"{column} rises with accessibility, which is high for easy examples"
    return (
        f"accessibility is high for easy examples, and whether {column} rises or falls with it "
        "cannot be told"
    )


def table_of(found: Sequence[Comparison]) -> pd.DataFrame:
    """Return a row for each split and statistic: split, examples, statistic, value and interval."""
    return pd.DataFrame(
        {
            "split": each.split,
            "examples": len(each.examples),
            "statistic": name,
            "value": of.value,
            "lower": of.lower,
            "upper": of.upper,
            "interval_over": each.over,
        }
        for each in found
        for name, of in each.found.items()
    )


def _score_of(
    other: Ours | Published,
    names: np.ndarray | None,
    examples: np.ndarray,
    labels: np.ndarray,
    first: str,
) -> np.ndarray:
    """Return the second score of examples, see ``Ours.score_of``."""
    if isinstance(other, Published):
        order = np.argsort(names)
        return other.values[order[np.searchsorted(names[order], examples)]]
    if not np.array_equal(other.scores["label"].sel(example=examples).values, labels):
        raise InputError(
            f"{first} and {other.name} have other labels for the same examples, so they learn "
            "different things; compare ensembles of the same data set."
        )
    return other.score_of(examples)


def _comparison(
    split: str,
    examples: np.ndarray,
    ours: Ours,
    other: Ours | Published,
    theirs: np.ndarray,
    labels: np.ndarray,
) -> Comparison:
    both = (ours.score_of(examples), theirs)
    means = [score.mean(axis=0) if score.ndim == 2 else score for score in both]
    names = [f"accessibility in {ours.name}", name_of(other)]
    if isinstance(other, Ours):
        names[1] = f"accessibility in {other.name}"
    for name, mean in zip(names, means, strict=True):
        if np.ptp(mean) == 0:
            raise InputError(
                f"{name} is the same for all {len(examples):,} {split} examples, so it orders "
                "nothing; compare scores that vary."
            )
    over = "examples and networks" if resamples_networks(*both) else "examples"
    return Comparison(split, examples, *means, labels, compare_scores(*both, labels), over)
