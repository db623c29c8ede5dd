"""The scores of an ensemble, which scores/ computes and figures and claims read."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import open_artefact, write_artefact
from created_equal.errors import DELETE, InputError

# Places of networks, counted from 0 in the order of their seeds.
HALVES = ("even", "odd")
BOUNDS = ("lower", "upper")
# A figure shows all examples after a few epochs.
CHUNKS = {"epoch": 1, "example": 2**16}
OF_EPOCHS_AND_EXAMPLES = ("n_right", "modal_label", "n_modal", "n_runner_up")
# A study has some 50 ensembles.
IN_MEMORY = 2**26  # bytes
# Fractions of the networks are not stored, but derived from these counts.
COUNT_OF = {"consistency": "n_right", "consensus": "n_modal"}
# Format 1 had fractions in single precision in place of counts, and no attribute format.
FORMAT = 2


def write_scores(scores: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write the scores of an ensemble (see ``read_scores``) with its definition."""
    write_artefact(scores.assign_attrs(format=FORMAT), path, "scores", definition, CHUNKS)


def read_scores(path: Path) -> xr.Dataset:
    """Read a scores file into memory.

    Returns:
        (epoch, example): modal_label, the label that most networks predict (the smallest in a tie),
        and numbers of networks in the smallest unsigned type: n_right are right, n_modal predict
        modal_label, n_runner_up predict the second most frequent label (0 if there is none);
        (example,): label, accessibility (float64), example_name if the predictions have it, and
        accessibility_half (half, example); unless an earlier version wrote it, the metrics that
        ``label_metrics.metrics_of_predictions`` returns, and (epoch, split): mean_disagreement and
        mean_churn (from the epoch before);
        (network, epoch, split): accuracy and loss;
        (epoch, split): bimodality (float64), and its 95 % band over examples,
        bimodality_over_examples (epoch, split, bound);
        if examples were moved to the test set: moved (example,) bool, and the accuracy on them,
        accuracy_moved (network, epoch);
        coordinates epoch, example, example_split, network (the seed), split, half (see
        ``HALVES``), bound, and device, precision and seconds of each network;
        attributes classes, definition, and trained_with, a JSON list of library versions; if
        the predictions were imported, cannot_give, a JSON list of sentences. If the predictions
        only tell whether networks are right (attribute correctness_only), there are no modal_label,
        n_modal, n_runner_up, and no metrics of votes.

    Raises:
        InputError: the file is missing, unreadable, of another kind, or of an earlier format.
        DamagedError: the checksum does not match.
    """
    with _open(path) as scores:
        return scores.load()


def open_scores(path: Path) -> xr.Dataset:
    """Open a scores file, see ``read_scores``; large variables (epoch, example) are read lazily.

    Read these with ``select_epochs`` or ``iterate_epochs``. Close the file, or use ``with``.
    """
    scores = _open(path)
    if scores.nbytes <= IN_MEMORY:
        # Reading an epoch takes 4 ms, and claims read all of them hundreds of times.
        return scores.load()
    large = [name for name in OF_EPOCHS_AND_EXAMPLES if name in scores]
    small = scores.drop_vars(large).load()
    opened = small.assign({name: scores[name] for name in large})
    opened.set_close(scores.close)
    return opened


def consistency(scores: xr.Dataset) -> xr.DataArray:
    """Return the fraction of networks that are right (equation 1 of the paper), float64 in 0..1."""
    return scores["n_right"] / scores.sizes["network"]


def consensus(scores: xr.Dataset) -> xr.DataArray:
    """Return the fraction of networks that predict the modal label, float64 in 1/K..1."""
    return scores["n_modal"] / scores.sizes["network"]


def select_epochs(scores: xr.Dataset, epochs: Iterable[int]) -> xr.Dataset:
    """Return the scores of some epochs, each once and in order, read into memory."""
    return scores.sel(epoch=sorted(set(epochs))).load()


def iterate_epochs(scores: xr.Dataset, name: str, split: str) -> Iterator[np.ndarray]:
    """Yield a score of the examples of a split, (example,), epoch by epoch.

    Args:
        scores: from ``open_scores``.
        name: a variable (epoch, example), or ``"consistency"`` or ``"consensus"`` (float64).
        split: ``"train"`` or ``"test"``.
    """
    examples = np.flatnonzero(scores["example_split"].values == split)
    score = scores[COUNT_OF.get(name, name)]
    # HDF5 reads single values slowly, so everything between the first and the last is read.
    start = examples.min(initial=score.sizes["example"])
    span = score.isel(example=slice(start, examples.max(initial=-1) + 1))
    for epoch in range(scores.sizes["epoch"]):
        row = span.isel(epoch=epoch).values[examples - start]
        yield row / scores.sizes["network"] if name in COUNT_OF else row


def _open(path: Path) -> xr.Dataset:
    scores = open_artefact(path, "scores")
    if scores.attrs.get("format") != FORMAT:
        scores.close()
        raise InputError(
            f"{path} was written by another version of created-equal, in a format that this "
            f"version cannot read; {DELETE}"
        )
    return scores
