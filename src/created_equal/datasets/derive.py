"""Derive datasets with shuffled labels, or with fewer examples in the train set.

Examples keep their names (positions in the source), their pixels and their order. The means and
deviations of the channels remain those of the study's train set, so that an example is the same
input to the networks of every ensemble.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, absent_classes, definition_of, fingerprint
from created_equal.datasets.choice import due_times, random_order
from created_equal.definitions import in_study
from created_equal.errors import InputError
from created_equal.study import Ensemble, derivation


def derive_dataset(
    ensemble: Ensemble,
    dataset: xr.Dataset,
    scores: xr.Dataset | None = None,
    earlier: pd.DataFrame | None = None,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Derive the dataset of an ensemble.

    Args:
        ensemble: the ensemble, which has a ``derived`` step.
        dataset: the dataset of the ensemble that ranks the examples, or the study's if there is no
            ranking.
        scores: the scores of the ensemble that ranks, see ``read_scores``; None if there is none.
        earlier: the table of the previous round; None in the first round.

    Returns:
        the derived dataset, see ``make_dataset``, and the table of chosen examples in the order of
        their choice, after those of previous rounds; see ``write_chosen``.

    Raises:
        InputError: the scores belong to other networks or to another dataset; or no example would
            be chosen, no full mini-batch would be left, or a class would have no train examples.
    """
    step = ensemble.derived
    if "labels" in step:
        return shuffle_labels(dataset, step["seed"])
    where = f"{ensemble.study}/{ensemble.name}"
    train = np.flatnonzero(dataset["example_split"].values == "train")
    sizes = derivation.sizes(step, len(train) + (0 if earlier is None else len(earlier)))
    if problem := derivation.problem_of_sizes(sizes, ensemble.recipe.batch_size):
        raise InputError(f"{where}: {problem}")
    cut = step.get("cut", 1)
    accessibility = np.full(len(train), np.nan)
    if scores is not None:
        _check_ranking(ensemble, dataset, scores)
        names = dataset["example"].values[train]
        accessibility = scores["accessibility"].sel(example=names).values
    order = _rank(step, dataset.isel(example=train), accessibility)
    rows = train[order[: sizes[cut - 1] - sizes[cut]]]
    action = "moved" if "move_to_test" in step else "removed"
    chosen = _make_table(dataset, rows, accessibility[order[: len(rows)]], cut, action)
    if earlier is not None:
        chosen = pd.concat([earlier, chosen], ignore_index=True)
    if action == "moved":
        split = dataset["example_split"].values.copy()
        split[rows] = "test"
        derived = dataset.assign_coords(example_split=("example", split))
    else:
        left = np.setdiff1d(np.arange(dataset.sizes["example"]), rows)
        derived = dataset.isel(example=left)
    _check_classes(where, derived, "keep" in step)
    return derived, chosen


def shuffle_labels(dataset: xr.Dataset, seed: int) -> tuple[xr.Dataset, pd.DataFrame]:
    """Shuffle the labels within the train set and within the test set.

    Returns:
        the dataset, in which each class keeps its number of examples in each split, and the table
        of the examples whose labels changed, with their old labels.
    """
    labels = dataset["label"].values.copy()
    for stream, split in enumerate(SPLITS):
        rows = np.flatnonzero(dataset["example_split"].values == split)
        labels[rows] = labels[rows][random_order(seed, stream, len(rows))]
    changed = np.flatnonzero(labels != dataset["label"].values)
    table = _make_table(dataset, changed, np.full(len(changed), np.nan), 1, "relabelled")
    return dataset.assign(label=("example", labels)), table


def _rank(step: Mapping, train: xr.Dataset, accessibility: np.ndarray) -> np.ndarray:
    """Return indices of the train examples in the order in which they are moved or removed."""
    if "half" in step:
        order = random_order(step["seed"], len(SPLITS), train.sizes["example"])
        order = order[np.argsort(train["label"].values[order], kind="stable")]
        # Every second example of each class; those of the other half are removed first.
        halves = {"first": order[::2], "second": order[1::2]}
        own = halves.pop(step["half"])
        return np.concatenate([*halves.values(), own])
    if "ranked_by" not in step:
        order = random_order(step["seed"], len(SPLITS), train.sizes["example"])
    else:
        order = np.lexsort((train["example"].values, -accessibility))
        if step.get("move_to_test") == "hardest" or step.get("keep") == "easiest":
            order = order[::-1]
    if step.get("balanced"):
        # Each class keeps its order, and has its share among the first examples.
        order = order[np.argsort(due_times(train["label"].values[order]), kind="stable")]
    return order


def _make_table(
    dataset: xr.Dataset, rows: np.ndarray, score: np.ndarray, cut: int, action: str
) -> pd.DataFrame:
    """Make the table of chosen examples, see ``write_chosen``."""
    labels = dataset["label"].values[rows]
    return pd.DataFrame(
        {
            "example": dataset["example"].values[rows],
            "label": labels.astype(np.int64),
            "class": dataset["class_name"].values[labels].astype(str),
            "score": score,
            "round": np.int64(cut),
            "what": action,
        }
    )


def _check_ranking(ensemble: Ensemble, dataset: xr.Dataset, scores: xr.Dataset) -> None:
    definition, n_networks = definition_of(scores), scores.sizes["network"]
    if derivation.ranking_digest(in_study(definition), n_networks) != ensemble.derived["ranked_by"]:
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the scores of {ensemble.ranked_by} do not match "
            "the ensemble that the study defines now (another definition, or another number of "
            f"networks than {n_networks}); train and score it again."
        )
    if definition.get("data") != fingerprint(dataset):
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the scores of {ensemble.ranked_by} were computed "
            "from another version of its dataset; train and score it again."
        )


def _check_classes(where: str, dataset: xr.Dataset, may_balance: bool) -> None:
    labels = dataset["label"].values[dataset["example_split"].values == "train"]
    if absent := absent_classes(labels, dataset["class_name"].values):
        raise InputError(
            f"{where}: no train example of {absent} would be left; change fraction, or "
            f"{'set balanced: true' if may_balance else 'add examples'}."
        )
