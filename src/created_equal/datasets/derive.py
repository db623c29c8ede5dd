"""From a dataset, and scores, to a derived one: other labels, or other examples in the train set.

Examples keep their names (positions in the source), their pixels and their order. The channels'
means and deviations stay those of the study's train set, so that an example is the same input to
the networks of every ensemble, and only what is learnt from it differs.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, definition_of, fingerprint
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
        ensemble: with its ``derived`` step.
        dataset: what is derived from: the dataset of the ensemble that ranks the examples, or the
            study's where there is none.
        scores: the scores of the ensemble that ranks, see ``read_scores``; None if none does.
        earlier: the table of the round before; None in the first.

    Returns:
        the derived dataset, see ``make_dataset``, and the table of what was chosen, the first taken
        first, behind that of the rounds before; see ``write_chosen``.

    Raises:
        InputError: the scores are of other networks or of another dataset; or no example would be
            taken, no mini-batch be left, or a class be left without train examples.
    """
    step = ensemble.derived
    if "labels" in step:
        return shuffle_labels(dataset, step["seed"])
    where = f"{ensemble.study}/{ensemble.name}"
    train = np.flatnonzero(dataset["example_split"].values == "train")
    sizes = derivation.sizes(step, len(train) + (0 if earlier is None else len(earlier)))
    problem = derivation.problem_of_sizes(sizes, ensemble.recipe.batch_size)
    if problem:
        raise InputError(f"{where}: {problem}")
    cut = step.get("cut", 1)
    accessibility = np.full(len(train), np.nan)
    if scores is not None:
        _check_ranking(ensemble, dataset, scores)
        names = dataset["example"].values[train]
        accessibility = scores["accessibility"].sel(example=names).values
    order = _order(step, dataset.isel(example=train), accessibility)
    taken = order[: sizes[cut - 1] - sizes[cut]]
    what = "moved" if "move_to_test" in step else "removed"
    chosen = _table(dataset, train[taken], accessibility[taken], cut, what)
    if earlier is not None:
        chosen = pd.concat([earlier, chosen], ignore_index=True)
    if what == "moved":
        split = dataset["example_split"].values.copy()
        split[train[taken]] = "test"
        derived = dataset.assign_coords(example_split=("example", split))
    else:
        left = np.setdiff1d(np.arange(dataset.sizes["example"]), train[taken])
        derived = dataset.isel(example=left)
    _check_classes(where, derived)
    return derived, chosen


def shuffle_labels(dataset: xr.Dataset, seed: int) -> tuple[xr.Dataset, pd.DataFrame]:
    """Shuffle the labels within the train set and within the test set.

    Args:
        dataset: see ``make_dataset``.
        seed: another one gives another order.

    Returns:
        the dataset with the same number of examples of each class in each split, and the table of
        the examples whose label is another now, with the label that they had.
    """
    labels = dataset["label"].values.copy()
    for stream, split in enumerate(SPLITS):
        rows = np.flatnonzero(dataset["example_split"].values == split)
        labels[rows] = labels[rows][_random_order(seed, stream, len(rows))]
    changed = np.flatnonzero(labels != dataset["label"].values)
    table = _table(dataset, changed, np.full(len(changed), np.nan), 1, "relabelled")
    return dataset.assign(label=("example", labels)), table


def _order(step: Mapping, train: xr.Dataset, accessibility: np.ndarray) -> np.ndarray:
    """Return the train examples (indices) in the order in which they would be moved or removed."""
    if "ranked_by" not in step:
        order = _random_order(step["seed"], len(SPLITS), train.sizes["example"])
    else:
        order = np.lexsort((train["example"].values, -accessibility))
        if step.get("move_to_test") == "hardest" or step.get("keep") == "easiest":
            order = order[::-1]
    return _in_turn(order, train["label"].values) if step.get("balanced") else order


def _in_turn(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return an order in which every class is due in proportion to its size, as it was in each.

    The r-th of a class of n, r = 0, 1, ..., is due at (r + 1/2) / n (Webster's method).
    """
    due = np.empty(len(order))
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels[order] == label)
        due[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return order[np.argsort(due, kind="stable")]


def _random_order(seed: int, stream: int, number: int) -> np.ndarray:
    """Return an order of ``number`` things: the ranks of counted random words."""
    words = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)).random_raw(number)
    return np.argsort(words, kind="stable")


def _table(
    dataset: xr.Dataset, rows: np.ndarray, score: np.ndarray, number: int, what: str
) -> pd.DataFrame:
    labels = dataset["label"].values[rows]
    return pd.DataFrame(
        {
            "example": dataset["example"].values[rows],
            "label": labels.astype(np.int64),
            "class": dataset["class_name"].values[labels].astype(str),
            "score": score,
            "round": np.int64(number),
            "what": what,
        }
    )


def _check_ranking(ensemble: Ensemble, dataset: xr.Dataset, scores: xr.Dataset) -> None:
    definition = definition_of(scores)
    data = definition.pop("data", None)
    definition.pop("engine_version", None)
    networks = scores.sizes["network"]
    if derivation.ranking_digest(definition, networks) != ensemble.derived["ranked_by"]:
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the scores of {ensemble.ranked_by} are not those "
            "of its networks as the study defines them now (they are of other networks, or of "
            f"another number than {networks}); train and score it again."
        )
    if data != fingerprint(dataset):
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the scores of {ensemble.ranked_by} were computed "
            "on another dataset than the one to divide; train and score it again."
        )


def _check_classes(where: str, dataset: xr.Dataset) -> None:
    labels = dataset["label"].values[dataset["example_split"].values == "train"]
    counts = np.bincount(labels, minlength=dataset.sizes["class"])
    empty = dataset["class_name"].values[counts == 0]
    if len(empty):
        raise InputError(
            f"{where}: no train example of {', '.join(empty[:5])}"
            f"{f' and {len(empty) - 5} more classes' if len(empty) > 5 else ''} would be left; "
            "change fraction, or set balanced: true."
        )
