"""Comparing an ensemble with another one, or with a published score, on each split."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, belong_to, definition_of, open_predictions, select_split
from created_equal.compare.matching import counts_on, names_of, positions_of_rows
from created_equal.compare.published import ENOUGH, Published
from created_equal.errors import InputError
from created_equal.scores import (
    FEWEST_NETWORKS,
    MOST_PREDICTIONS,
    Estimate,
    compare_scores,
    mean_score,
    read_answers,
    resamples_networks,
)

FEWEST = 3
"""The smallest number of examples that have a correlation."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Ours:
    """An ensemble: its name, its scores, and its predictions files, if they exist."""

    name: str
    scores: xr.Dataset
    predictions: Sequence[Path] = ()

    def score_of(self, examples: np.ndarray) -> np.ndarray:
        """Return the accessibility of examples by network, (network, example).

        Without predictions of enough networks to resample, it is a single row, their mean.
        """
        size = self.scores.sizes["network"] * self.scores.sizes["epoch"] * len(examples)
        enough = self.scores.sizes["network"] >= FEWEST_NETWORKS and size <= MOST_PREDICTIONS
        if not (enough and self.predictions):
            return self.scores["accessibility"].sel(example=examples).values[None]
        answers = read_answers(self.name, self.predictions, self.scores, examples)
        places = pd.Index(answers.axis.names).get_indexer(examples)
        return answers.by_network.take(places, axis=1)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two scores of the same examples of a split."""

    split: str
    examples: np.ndarray  # (example,) our names of them, ascending.
    of: int  # How many examples of the split the first has.
    one: np.ndarray  # (example,) accessibility.
    other: np.ndarray  # (example,) the score to compare it with.
    correlations: dict[str, Estimate]  # See ``scores.correlations``.
    over: str  # What was resampled: "examples", or "examples and networks".


def find_predictions(path: Path, scores: xr.Dataset) -> list[Path]:
    """Return the predictions files of the networks in scores; none if a network is missing.

    If they are not the predictions that were scored (another definition, or another number of
    networks that are right in the last epoch), none are returned either, with a warning. They are
    in the folder ``predictions`` next to the scores file, or, if recorded or imported, in files
    next to it whose names begin with a digit. They may have more epochs than the scores, as those
    of networks that were trained for longer than others have.
    """
    found, wanted, is_stale = [], set(scores["network"].values.tolist()), False
    right: dict[int, np.ndarray] = {}  # (example,) bool, of each network
    for file in sorted([*path.parent.glob("predictions/*.nc"), *path.parent.glob("[0-9]*.nc")]):
        with open_predictions(file) as contents:
            networks = contents["network"].values.tolist()
            # Two files may contain the same network, if jobs of another size wrote one of them.
            is_new = not (wanted - right.keys()).isdisjoint(networks)
            if not (is_new and scores["epoch"].isin(contents["epoch"]).all()):
                continue
            if not belong_to(contents, scores):
                is_stale = True
                continue
            found.append(file)
            last = contents["prediction"].sel(epoch=scores["epoch"].values[-1]).values
            last = last == contents["label"].values
            right.update(zip(networks, last, strict=True))
    if wanted <= right.keys():
        n_right = np.sum([right[network] for network in wanted], axis=0)
        if np.array_equal(n_right, scores["n_right"].isel(epoch=-1).values):
            return found
        is_stale = True
    if is_stale:
        log.warning(
            "%s was made from other predictions than those next to it, which are left out; score "
            "them again to resample networks too",
            path,
        )
    return []


def compare(ours: Ours, other: Ours | Published, split: str | None = None) -> list[Comparison]:
    """Return the comparison of each split of which they share at least ``FEWEST`` examples.

    Args:
        ours: an ensemble.
        other: another one, or a published score.
        split: the set to which the rows of the published score belong, if the file leaves it open.

    Raises:
        InputError: they share too few examples, or have different labels; a score is constant; or
            see ``positions_of_rows``.
    """
    if isinstance(other, Published):
        rows = pd.Series(other.values, positions_of_rows(other, ours.scores, split))
        common = {}
        for each in SPLITS:
            examples = select_split(ours.scores, each)["example"].values
            common[each] = (np.intersect1d(examples, rows.index),) * 2
    else:
        common = _common_examples(ours, other)
    comparisons = []
    for each, (examples, in_other) in common.items():
        if len(examples) < FEWEST:
            continue
        if isinstance(other, Published):
            theirs = rows.loc[in_other].to_numpy()
        else:
            _check_labels(ours, other, examples, in_other)
            theirs = other.score_of(in_other)
        comparisons.append(_comparison(each, examples, ours, other, theirs))
    if not comparisons:
        raise InputError(
            f"{ours.name} and {other.name} share fewer than {FEWEST} examples of one set; "
            "compare scores of the same data set."
        )
    return comparisons


def sentence(comparisons: Sequence[Comparison], ours: Ours, other: Ours | Published) -> str:
    """Return the result in one sentence, with the meaning of the sign of the correlation."""
    parts = []
    for each in comparisons:
        numbers = ", ".join(f"{name} {in_words(of)}" for name, of in each.correlations.items())
        shared = len(each.examples)
        of = f" of {each.of:,}" if shared < each.of else ""
        parts.append(f"on {shared:,}{of} {each.split} examples {numbers}")
    over = comparisons[0].over
    if any(each.over != over for each in comparisons):  # Large splits have too many predictions.
        over = ", ".join(f"{each.over} on {each.split}" for each in comparisons)
    return (
        f"Accessibility in {ours.name} and "
        f"{'in ' if isinstance(other, Ours) else ''}{other.name}: {'; '.join(parts)} "
        f"(95 % intervals over {over}); {direction(comparisons, other)}."
    )


def in_words(of: Estimate) -> str:
    """Return, for example, ``"0.81 (0.79 to 0.83)"``."""
    if np.isnan(of.value):
        return "undefined"
    value, *ends = (f"{number:z.2f}".replace("-", "−") for number in (of.value, of.lower, of.upper))
    return f"{value} ({' to '.join(ends)})"


def direction(comparisons: Sequence[Comparison], other: Ours | Published) -> str:
    """Return the meaning of the signs of Spearman's correlations, if all intervals agree on it."""
    if isinstance(other, Ours):
        return "both are high for easy examples, so a positive number means the same order"
    column, found = other.column, [each.correlations["Spearman"] for each in comparisons]
    if all(each.upper < 0 for each in found):
        return f"{column} rises where accessibility falls, as a score of difficulty does"
    if all(each.lower > 0 for each in found):
        return f"{column} rises with accessibility, which is high for easy examples"
    return (
        f"accessibility is high for easy examples, and it is not clear whether {column} rises or "
        "falls with it"
    )


def table_of(comparisons: Sequence[Comparison]) -> pd.DataFrame:
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
        for each in comparisons
        for name, of in each.correlations.items()
    )


def _common_examples(ours: Ours, other: Ours) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the examples that both have, by split, as they are numbered in each, (example,) int64.

    They have the same name or, in a split in which not both have names, the same number. Those in
    the first ascend. Recorders and imports count the test examples after the train ones, of which
    two ensembles may have different numbers, so theirs are counted within the split.

    Raises:
        InputError: there is no split with names most of which are in both.
    """
    common, shares = {}, []
    both = [each.scores for each in (ours, other)]
    are_studies = all("dataset" in definition_of(scores) for scores in both)
    within_split = not are_studies and all(map(counts_on, both))
    for split in SPLITS:
        parts = [select_split(scores, split) for scores in both]
        numbers = [part["example"].values for part in parts]
        are_named = all(map(names_of, parts))
        if are_named:
            keys = [part["example_name"].values.astype(str) for part in parts]
        else:
            keys = [np.arange(len(each)) for each in numbers] if within_split else numbers
        _, *places = np.intersect1d(*keys, return_indices=True)
        examples, in_other = (each[of] for each, of in zip(numbers, places, strict=True))
        order = np.argsort(examples)
        common[split] = examples[order], in_other[order]
        if are_named:
            shares.append(len(examples) / min(map(len, numbers)))
    if shares and max(shares) <= ENOUGH:
        raise InputError(
            f"{ours.name} and {other.name} have examples of different names (of the train or the "
            f"test set, they share {max(shares):.0%} at most); compare scores of the same data set."
        )
    return common


def _check_labels(ours: Ours, other: Ours, examples: np.ndarray, in_other: np.ndarray) -> None:
    """Raise InputError if the labels of the same examples differ."""
    labels, theirs = (
        each.scores["label"].sel(example=of).values
        for each, of in ((ours, examples), (other, in_other))
    )
    if not np.array_equal(labels, theirs):
        raise InputError(
            f"{ours.name} and {other.name} have different labels for the same examples, so they "
            "learn different things; compare ensembles of the same data set."
        )


def _comparison(
    split: str, examples: np.ndarray, ours: Ours, other: Ours | Published, theirs: np.ndarray
) -> Comparison:
    both = ours.score_of(examples), theirs
    means = [mean_score(score) for score in both]
    for each, mean in zip((ours, other), means, strict=True):
        if np.ptp(mean) == 0:
            score = f"accessibility in {each.name}" if isinstance(each, Ours) else each.name
            raise InputError(
                f"{score} is the same for all {len(examples):,} {split} examples, so it orders "
                "nothing; compare scores that vary."
            )
    labels = ours.scores["label"].sel(example=examples).values.astype(np.int64)
    over = "examples and networks" if resamples_networks(*both) else "examples"
    size = int((ours.scores["example_split"] == split).sum())
    return Comparison(split, examples, size, *means, compare_scores(*both, labels), over)
