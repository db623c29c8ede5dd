"""The scores of an ensemble from its predictions files, in memory that does not grow with them."""

import json
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
    canonical,
    check_one_ensemble,
    definition_of,
    open_predictions,
)
from created_equal.errors import InputError
from created_equal.scores.agreement import count_dtype, modes, right_counts
from created_equal.scores.bimodality import band_over_examples, bimodality_of_counts
from created_equal.scores.learning import accessibility

# 64 Mi predictions are 64 MiB for up to 256 classes, and 128 MiB beyond.
PREDICTIONS_AT_ONCE = 2**26
# What predictions files say of each network's training.
OF_TRAINING = ("device", "precision", "seconds")

log = logging.getLogger(__name__)


class _Batch(NamedTuple):
    """An open predictions file: which of its rows are wanted, and their places in the ensemble."""

    contents: xr.Dataset
    rows: np.ndarray
    places: np.ndarray


def score_ensemble(
    paths: Sequence[Path], networks: int | None = None, moved: np.ndarray | None = None
) -> xr.Dataset:
    """Return the scores of an ensemble from its predictions files.

    The files are read in blocks of examples, all networks and epochs of a block at a time. Beside
    the scores that it returns and the files' example axes, it holds one block (64 Mi predictions
    at most), half of its networks once more, and histograms, whose size does not depend on the
    number of examples.

    Args:
        paths: the ensemble's predictions files, in any order.
        networks: if given, the scores are those of the networks 0..networks-1, which must all be
            there, whatever others the files hold; otherwise those of all networks in the files.
        moved: (example) int64, the names of examples that were moved to the test set, where the
            ensemble's dataset was made so; their accuracy is then among the scores.

    Returns:
        What ``read_scores`` documents, networks in the order of their numbers, with the attributes
        classes and definition.

    Raises:
        InputError: no files, a file that is damaged or of another ensemble, a network that is
            there twice, one asked for that is missing, or no epoch after epoch 0; or the test set
            lacks a moved example.
    """
    started = monotonic()
    if not paths:
        raise InputError(
            "no predictions files were given to score; give at least one (train_networks makes "
            "them)."
        )
    with ExitStack() as stack:
        opened = [stack.enter_context(open_predictions(path)) for path in paths]
        check_one_ensemble(opened, paths)
        if not (opened[0]["epoch"].values > 0).any():
            raise InputError(
                f"{paths[0]} holds no epoch after the untrained one; train the ensemble for at "
                "least one epoch."
            )
        numbers = _wanted_networks(opened, networks)
        batches = [_batch(contents, numbers) for contents in opened]
        scores = _scores(batches, numbers, _places_of(moved, opened[0], paths[0]))
    log.info(
        "scored %d networks over %d epochs and %d examples in %.1f s",
        *(scores.sizes[name] for name in ("network", "epoch", "example")),
        monotonic() - started,
    )
    _warn_of_precisions(scores, paths[0].parent)
    return scores


def _warn_of_precisions(scores: xr.Dataset, folder: Path) -> None:
    """Say so if not all networks were trained in one precision, which their definition leaves open.

    Args:
        scores: the ensemble's.
        folder: of its predictions files.
    """
    networks = Counter(scores["precision"].values.tolist() if "precision" in scores.coords else ())
    if len(networks) > 1:
        log.warning(
            "the networks were trained in different precisions (%s), which these scores mix; for "
            "one, delete the folder %s and ask for its scores: snakemake --cores all %s "
            "--config precision=%s, say.",
            ", ".join(f"{networks[name]} in {name}" for name in sorted(networks)),
            folder.parent,
            folder.with_name("scores.nc"),
            networks.most_common(1)[0][0],
        )


def _wanted_networks(opened: Sequence[xr.Dataset], networks: int | None) -> np.ndarray:
    there = np.sort(np.concatenate([contents["network"].values for contents in opened]))
    if networks is None:
        return there
    wanted = np.arange(networks)
    missing = np.setdiff1d(wanted, there)
    if missing.size:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if missing.size > 10 else "")
        raise InputError(
            f"{missing.size} of the {networks} networks asked for are in none of the predictions "
            f"files (numbers {shown}); train them, or ask for fewer."
        )
    return wanted


def _batch(contents: xr.Dataset, numbers: np.ndarray) -> _Batch:
    held = contents["network"].values
    rows = np.flatnonzero(np.isin(held, numbers))
    return _Batch(contents, rows, np.searchsorted(numbers, held[rows]))


def _places_of(moved: np.ndarray | None, contents: xr.Dataset, path: Path) -> np.ndarray:
    """Return which examples were moved to the test set, (example) bool; none for None."""
    if moved is None:
        return np.zeros(contents.sizes["example"], dtype=bool)
    places = np.isin(contents["example"].values, moved) & (contents["example_split"] == "test")
    if not len(moved) or places.sum() != len(moved):
        raise InputError(
            f"of {len(moved)} examples that were moved to the test set {int(places.sum())} are in "
            f"that of {path}; delete the ensemble's predictions and its chosen.csv, and run again."
        )
    return places.values


def _scores(batches: Sequence[_Batch], numbers: np.ndarray, moved: np.ndarray) -> xr.Dataset:
    first = batches[0].contents
    scores = _of_examples(batches, numbers).assign_coords(
        {
            "network": numbers,
            "epoch": first["epoch"].values,
            "example": first["example"].values,
            "example_split": ("example", first["example_split"].values),
            "split": list(SPLITS),
            "half": list(HALVES),
            "bound": list(BOUNDS),
            **{
                name: ("network", _of_networks(batches, numbers, name))
                for name in OF_TRAINING
                if name in first.coords
            },
        }
    )
    histograms = _histograms(scores)
    bands = [[band_over_examples(histogram) for histogram in splits] for splits in histograms]
    scores["bimodality"] = ("epoch", "split"), bimodality_of_counts(histograms)
    scores["bimodality_over_examples"] = ("epoch", "split", "bound"), bands
    for name in ("accuracy", "loss"):
        scores[name] = ("network", "epoch", "split"), _of_networks(batches, numbers, name)
    scores["label"] = "example", first["label"].values
    if moved.any():
        scores["moved"] = "example", moved
        scores["accuracy_moved"] = ("network", "epoch"), _accuracy_on(moved, batches, numbers)
    return scores.assign_attrs(
        classes=int(first.attrs["classes"]),
        definition=canonical(definition_of(first)),
        trained_with=canonical(_versions(batches)),
    )


def _of_examples(batches: Sequence[_Batch], numbers: np.ndarray) -> xr.Dataset:
    """Return the scores of each example, a block of examples after the other."""
    first = batches[0].contents
    epochs, examples = first.sizes["epoch"], first.sizes["example"]
    numbered = first["epoch"].values
    classes, networks = int(first.attrs["classes"]), len(numbers)
    labels = first["label"].values.astype(first["prediction"].dtype)
    halves = [numbers % 2 == parity for parity in range(len(HALVES))]
    n_right = np.empty((epochs, examples), dtype=count_dtype(networks))
    n_modal, n_runner_up = np.empty_like(n_right), np.empty_like(n_right)
    modal_label = np.empty_like(n_right, dtype=labels.dtype)
    learnt = np.empty(examples)
    # Of a single network there is no odd half.
    learnt_by_half = np.full((len(halves), examples), np.nan)
    for block, predictions in _blocks(batches, numbers):
        for epoch in range(epochs):
            found = modes(predictions[:, epoch], classes)
            modal_label[epoch, block] = found.modal_label
            n_modal[epoch, block] = found.n_modal
            n_runner_up[epoch, block] = found.n_runner_up
        n_right[:, block] = _right_by_epoch(predictions, labels[block])
        learnt[block] = accessibility(n_right[:, block], networks, numbered)
        for number, half in enumerate(halves):
            if half.any():
                of_half = _right_by_epoch(predictions[half], labels[block])
                learnt_by_half[number, block] = accessibility(of_half, half.sum(), numbered)
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), n_right),
            "modal_label": (("epoch", "example"), modal_label),
            "n_modal": (("epoch", "example"), n_modal),
            "n_runner_up": (("epoch", "example"), n_runner_up),
            "accessibility": ("example", learnt),
            "accessibility_half": (("half", "example"), learnt_by_half),
        }
    )


def _right_by_epoch(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return from predictions (network, epoch, example) how many are right, (epoch, example)."""
    epochs = range(predictions.shape[1])
    return np.array([right_counts(predictions[:, epoch], labels) for epoch in epochs])


def _histograms(scores: xr.Dataset) -> np.ndarray:
    """Return about how many examples 0..N networks are right: (epoch, split, N + 1)."""
    networks = scores.sizes["network"]
    places = [np.flatnonzero(scores["example_split"].values == split) for split in SPLITS]
    return np.array(
        [
            [np.bincount(n_right[examples], minlength=networks + 1) for examples in places]
            for n_right in scores["n_right"].values
        ]
    )


def _accuracy_on(chosen: np.ndarray, batches: Sequence[_Batch], numbers: np.ndarray) -> np.ndarray:
    """Return each network's accuracy (network, epoch) on the examples chosen (example) bool."""
    labels = batches[0].contents["label"].values
    right = 0
    for block, predictions in _blocks(batches, numbers):
        there = chosen[block]
        right += (predictions[..., there] == labels[block][there]).sum(axis=-1)
    return right / chosen.sum()


def _versions(batches: Sequence[_Batch]) -> list[dict]:
    """Return the versions of libraries with which the networks were trained, each set once."""
    found = dict.fromkeys(batch.contents.attrs["versions"] for batch in batches if batch.rows.size)
    return [json.loads(versions) for versions in found]


def _blocks(batches: Sequence[_Batch], numbers: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of examples with their predictions (network, epoch, example in block)."""
    first = batches[0].contents
    epochs, examples = first.sizes["epoch"], first.sizes["example"]
    most = max(1, PREDICTIONS_AT_ONCE // (len(numbers) * epochs))
    # A power of two, as the chunks of the files are, so that blocks and chunks begin together.
    step = 1 << (most.bit_length() - 1)
    for start in range(0, examples, step):
        block = slice(start, min(start + step, examples))
        of_block = [
            batch._replace(contents=batch.contents[["prediction"]].isel(example=block))
            for batch in batches
        ]
        yield block, _of_networks(of_block, numbers, "prediction")


def _of_networks(batches: Sequence[_Batch], numbers: np.ndarray, name: str) -> np.ndarray:
    """Return a variable (network, ...) of all the wanted networks, in the order of ``numbers``."""
    like = batches[0].contents[name]
    # Of texts the longest.
    dtype = np.result_type(*(batch.contents[name].dtype for batch in batches))
    values = np.empty((len(numbers), *like.shape[1:]), dtype=dtype)
    for batch in batches:
        if batch.rows.size:
            values[batch.places] = batch.contents[name].values[batch.rows]
    return values
