"""Scoring an ensemble: its scores from its predictions files, in limited memory."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.artefacts import (
    BOUNDS,
    HALVES,
    SPLITS,
    check_one_ensemble,
    consistency,
    definition_of,
    open_predictions,
    trained_with,
)
from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.scores.agreement import agreeing_pairs, count_dtype, modes, right_counts
from created_equal.scores.histograms import band_over_examples, bimodality_of_counts, histograms_of
from created_equal.scores.label_metrics import OF_EXAMPLES, metrics_of_predictions
from created_equal.scores.learning import accessibility

# 64 Mi predictions are 64 MiB for up to 256 classes, otherwise 128 MiB.
PREDICTIONS_AT_ONCE = 2**26
# Coordinates of each network in predictions files.
OF_TRAINING = ("device", "precision", "seconds")
# Attributes of imported predictions: a list of what they lack, and whether they only tell if
# networks are right.
OF_IMPORTS = ("cannot_give", "correctness_only")
OF_VOTES = (
    *("modal_label", "n_modal", "n_runner_up", "vote_entropy", "vote_el2n", "disagreement"),
    *("churn", "mean_disagreement", "mean_churn"),
)

log = logging.getLogger(__name__)


class _File(NamedTuple):
    """An open predictions file: the rows to read, and their indices in the ensemble."""

    contents: xr.Dataset
    rows: np.ndarray
    indices: np.ndarray


def score_ensemble(
    paths: Sequence[Path], n_networks: int | None = None, moved: np.ndarray | None = None
) -> xr.Dataset:
    """Return the scores of an ensemble from its predictions files.

    The files are read in blocks of examples, each with all networks and epochs (at most 64 Mi
    predictions), so that memory holds no more than a block and the scores themselves.

    Args:
        paths: the ensemble's predictions files, in any order.
        n_networks: score the seeds 0..n_networks-1, even if the files have more; by default all.
        moved: (example,) int64, names of the examples that were moved to the test set, if any;
            accuracy on them is then among the scores.

    Returns:
        see ``read_scores``; networks are sorted by seed.

    Raises:
        InputError: there are no files, or no epoch after epoch 0; a file is damaged or belongs to
            another ensemble; a network is missing or occurs twice; or the test set lacks a moved
            example.
    """
    started = monotonic()
    if not paths:
        raise InputError(
            "no predictions files were given to score; give at least one (train_networks makes "
            "them)."
        )
    with ExitStack() as stack:
        opened = [stack.enter_context(open_predictions(path)) for path in paths]
        scores = score_opened(opened, paths, n_networks, moved)
    log.info(
        "scored %d networks over %d epochs and %d examples in %.1f s",
        *(scores.sizes[name] for name in ("network", "epoch", "example")),
        monotonic() - started,
    )
    _warn_of_precisions(scores, paths[0].parent)
    return scores


def score_opened(
    opened: Sequence[xr.Dataset],
    names: Sequence[Path | str],
    n_networks: int | None = None,
    moved: np.ndarray | None = None,
) -> xr.Dataset:
    """Return what ``score_ensemble`` returns, from open predictions with names for messages."""
    check_one_ensemble(opened, names)
    if not (opened[0]["epoch"].values > 0).any():
        raise InputError(
            f"{names[0]} has no epoch after the untrained one; train the ensemble for at least "
            "one epoch."
        )
    seeds, files = _select_seeds(opened, n_networks), []
    for contents in opened:
        in_file = contents["network"].values
        rows = np.flatnonzero(np.isin(in_file, seeds))
        files.append(_File(contents, rows, np.searchsorted(seeds, in_file[rows])))
    return _score(files, seeds, _find_moved(moved, opened[0], names[0]))


def scores_of_baseline(predictions: xr.Dataset) -> xr.Dataset:
    """Return the scores of a classifier that is not a neural network, as far as claims need them.

    They are n_right (epoch, example) of the random states; accessibility (example), the mean
    consistency over all epochs (there is no untrained one); accuracy (network, epoch, split); and
    label (example).
    """
    scores = xr.Dataset(
        {
            "n_right": (predictions["prediction"] == predictions["label"]).sum("network"),
            "accuracy": predictions["accuracy"],
            "label": predictions["label"],
        },
        attrs={name: predictions.attrs[name] for name in ("classes", "definition")},
    )
    return scores.assign(accessibility=consistency(scores).mean("epoch"))


def _warn_of_precisions(scores: xr.Dataset, folder: Path) -> None:
    """Warn if the networks in a folder of predictions were trained in several precisions."""
    counts = Counter(scores["precision"].values.tolist() if "precision" in scores.coords else ())
    if len(counts) > 1:
        log.warning(
            "the networks in %s were trained in different precisions (%s), which these scores "
            "mix; to use one, delete their predictions, in reference too, and run again with "
            "--config precision=%s",
            folder,
            ", ".join(f"{counts[name]} in {name}" for name in sorted(counts)),
            counts.most_common(1)[0][0],
        )


def _select_seeds(opened: Sequence[xr.Dataset], n_networks: int | None) -> np.ndarray:
    available = np.sort(np.concatenate([contents["network"].values for contents in opened]))
    if n_networks is None:
        return available
    seeds = np.arange(n_networks)
    missing = np.setdiff1d(seeds, available)
    if missing.size:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if missing.size > 10 else "")
        raise InputError(
            f"{missing.size} of the {n_networks} requested networks are in none of the "
            f"predictions files (seeds {shown}); train them, or request fewer."
        )
    return seeds


def _find_moved(moved: np.ndarray | None, contents: xr.Dataset, path: Path | str) -> np.ndarray:
    """Return whether each example was moved to the test set, (example,) bool."""
    if moved is None:
        return np.zeros(contents.sizes["example"], dtype=bool)
    is_moved = np.isin(contents["example"].values, moved) & (contents["example_split"] == "test")
    if not len(moved) or is_moved.sum() != len(moved):
        raise InputError(
            f"of {len(moved)} examples that were moved to the test set, {int(is_moved.sum())} are "
            f"in the test set of {path}; delete the ensemble's predictions and its chosen.csv, and "
            "run again."
        )
    return is_moved.values


def _score(files: Sequence[_File], seeds: np.ndarray, is_moved: np.ndarray) -> xr.Dataset:
    first = files[0].contents
    scores, n_moved_right = _score_examples(files, seeds, is_moved)
    scores = scores.assign_coords(
        {
            "network": seeds,
            "epoch": first["epoch"].values,
            "example": first["example"].values,
            "example_split": ("example", first["example_split"].values),
            "split": list(SPLITS),
            "half": list(HALVES),
            "bound": list(BOUNDS),
            **{
                name: ("network", _read(files, seeds, name))
                for name in OF_TRAINING
                if name in first.coords
            },
        }
    )
    of_splits = [np.flatnonzero(scores["example_split"].values == split) for split in SPLITS]
    n_right = scores["n_right"].values
    # (epoch, split, N + 1)
    histograms = np.stack(
        [histograms_of((row[of] for row in n_right), len(seeds)) for of in of_splits], axis=1
    )
    bands = [[band_over_examples(histogram) for histogram in splits] for splits in histograms]
    scores["bimodality"] = ("epoch", "split"), bimodality_of_counts(histograms)
    scores["bimodality_over_examples"] = ("epoch", "split", "bound"), bands
    for name in ("accuracy", "loss"):
        scores[name] = ("network", "epoch", "split"), _read(files, seeds, name)
    for name in ("label", "example_name"):
        if name in first:
            scores[name] = "example", first[name].values
    if first.attrs.get("correctness_only"):
        scores = scores.drop_vars(OF_VOTES)
    if is_moved.any():
        scores["moved"] = "example", is_moved
        scores["accuracy_moved"] = ("network", "epoch"), n_moved_right / is_moved.sum()
    return scores.assign_attrs(
        classes=int(first.attrs["classes"]),
        definition=canonical(definition_of(first)),
        **{name: first.attrs[name] for name in OF_IMPORTS if name in first.attrs},
        trained_with=trained_with(file.contents for file in files if file.rows.size),
    )


def _score_examples(
    files: Sequence[_File], seeds: np.ndarray, is_moved: np.ndarray
) -> tuple[xr.Dataset, np.ndarray]:
    """Return the scores of all examples, one block of examples after the other.

    With them is the number of moved examples that each network is right about, (network, epoch).
    """
    first = files[0].contents
    epochs, examples = first["epoch"].values, first.sizes["example"]
    n_networks = len(seeds)
    labels = first["label"].values.astype(first["prediction"].dtype)
    counts = {
        name: np.empty((len(epochs), examples), dtype=count_dtype(n_networks))
        for name in ("n_right", "n_modal", "n_runner_up")
    }
    counts["modal_label"] = np.empty((len(epochs), examples), dtype=labels.dtype)
    metrics = {name: np.empty(examples) for name in OF_EXAMPLES}
    accessibilities = np.empty(examples)
    # A single network has no second half.
    of_halves = np.full((len(HALVES), examples), np.nan)
    # (split, example)
    is_of = np.array([first["example_split"].values == split for split in SPLITS])
    # Integers, so the sums do not depend on the size of the blocks.
    agreeing, changed = np.zeros((2, len(epochs), len(SPLITS)), dtype=np.int64)
    n_moved_right = np.zeros((n_networks, len(epochs)), dtype=np.int64)
    for block, predictions in _blocks(files, seeds):
        for epoch in range(len(epochs)):
            for name, values in modes(predictions[:, epoch])._asdict().items():
                counts[name][epoch, block] = values
            agreeing[epoch] += is_of[:, block] @ agreeing_pairs(predictions[:, epoch])
            if epoch:
                changes = predictions[:, epoch] != predictions[:, epoch - 1]
                changed[epoch] += is_of[:, block] @ changes.sum(axis=0)
        for name, values in metrics_of_predictions(predictions, labels[block], epochs).items():
            metrics[name][block] = values
        n_right = counts["n_right"][:, block] = right_counts(predictions, labels[block])
        accessibilities[block] = accessibility(n_right, n_networks, epochs)
        for first_of_half, of_half in enumerate(of_halves):
            if len(half := predictions[first_of_half::2]):
                n_right = right_counts(half, labels[block])
                of_half[block] = accessibility(n_right, len(half), epochs)
        moved = is_moved[block]
        n_moved_right += (predictions[..., moved] == labels[block][moved]).sum(axis=-1)
    votes = is_of.sum(axis=1) * n_networks
    with np.errstate(invalid="ignore"):
        disagreement = 1 - agreeing / (votes * (n_networks - 1))
        churn = changed / votes
    churn[0] = np.nan
    scores = {
        **{name: (("epoch", "example"), values) for name, values in counts.items()},
        "accessibility": ("example", accessibilities),
        "accessibility_half": (("half", "example"), of_halves),
        **{name: ("example", values) for name, values in metrics.items()},
        "mean_disagreement": (("epoch", "split"), disagreement),
        "mean_churn": (("epoch", "split"), churn),
    }
    return xr.Dataset(scores), n_moved_right


def _blocks(files: Sequence[_File], seeds: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of examples with their predictions (network, epoch, example in block)."""
    first = files[0].contents
    epochs, examples = first.sizes["epoch"], first.sizes["example"]
    largest = max(1, PREDICTIONS_AT_ONCE // (len(seeds) * epochs))
    # A power of two like the chunks of the files, so that blocks and chunks start together.
    size = 1 << (largest.bit_length() - 1)
    for start in range(0, examples, size):
        block = slice(start, min(start + size, examples))
        in_block = [
            file._replace(contents=file.contents[["prediction"]].isel(example=block))
            for file in files
        ]
        yield block, _read(in_block, seeds, "prediction")


def _read(files: Sequence[_File], seeds: np.ndarray, name: str) -> np.ndarray:
    """Return a variable (network, ...) of all networks, in the order of the seeds."""
    # The widest type, because text has different lengths.
    dtype = np.result_type(*(file.contents[name].dtype for file in files))
    values = np.empty((len(seeds), *files[0].contents[name].shape[1:]), dtype=dtype)
    for file in files:
        if file.rows.size:
            values[file.indices] = file.contents[name].values[file.rows]
    return values
