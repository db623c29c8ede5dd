"""The scores of an ensemble: what scores/ computes and figures and claims read."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import open_artefact, write_artefact
from created_equal.errors import DELETE, InputError

HALVES = ("even", "odd")
BOUNDS = ("lower", "upper")
# A figure shows all examples after a few epochs.
CHUNKS = {"epoch": 1, "example": 2**16}
OF_EPOCHS_AND_EXAMPLES = ("n_right", "modal_label", "n_modal", "n_runner_up")
# Shares of the networks are not stored, but derived from these counts when they are read.
COUNT_OF = {"consistency": "n_right", "consensus": "n_modal"}
# Format 1 had shares in single precision in place of counts, and did not give its format.
FORMAT = 2


def write_scores(scores: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write the scores of an ensemble, as ``read_scores`` returns them, with its definition."""
    write_artefact(scores.assign_attrs(format=FORMAT), path, "scores", definition, CHUNKS)


def read_scores(path: Path) -> xr.Dataset:
    """Read a scores file into memory.

    Returns:
        modal_label (epoch, example), the label that most networks predict, the smallest of several;
        numbers of networks (epoch, example) in the smallest unsigned type that holds N: n_right are
        right, n_modal predict modal_label, n_runner_up predict the second most frequent label (0 if
        there is none); accessibility (example) and accessibility_half (half, example) float64;
        accuracy and loss (network, epoch, split); bimodality (epoch, split) float64, and its 95 %
        band over examples, bimodality_over_examples (epoch, split, bound); label (example); where
        examples were moved to the test set, moved (example) bool and accuracy_moved (network,
        epoch), which is theirs; coordinates epoch, example, example_split, network, split, half
        ("even" and "odd" networks), bound, and of each network device, precision and seconds;
        attributes classes, the ensemble's definition, and trained_with, as JSON a list of the
        versions of the libraries.

    Raises:
        InputError: it is missing, unreadable, no scores file, or one of an earlier format.
        DamagedError: its bytes are not those that were written.
    """
    with _open(path) as scores:
        return scores.load()


def open_scores(path: Path) -> xr.Dataset:
    """Open a scores file: what it has of every example after every epoch is read when asked for.

    That is the bulk; the rest is read at once. Read the bulk with ``select_epochs``
    or ``iterate_epochs``. Close it, or use it in a ``with`` block.

    Returns:
        as ``read_scores``.
    """
    scores = _open(path)
    rest = scores.drop_vars(OF_EPOCHS_AND_EXAMPLES).load()
    return rest.assign({name: scores[name] for name in OF_EPOCHS_AND_EXAMPLES})


def consistency(scores: xr.Dataset) -> xr.DataArray:
    """Return the fraction of networks that are right (equation 1 of the paper), float64 in 0..1."""
    return scores["n_right"] / scores.sizes["network"]


def consensus(scores: xr.Dataset) -> xr.DataArray:
    """Return the fraction of networks that predict the modal label, float64 in 1/K..1."""
    return scores["n_modal"] / scores.sizes["network"]


def select_epochs(scores: xr.Dataset, epochs: Iterable[int]) -> xr.Dataset:
    """Return scores after some epochs, each once and in order, read into memory."""
    return scores.sel(epoch=sorted(set(epochs))).load()


def iterate_epochs(scores: xr.Dataset, name: str, split: str) -> Iterator[np.ndarray]:
    """Yield a score of the examples of one split, (example,), after one epoch after the other.

    Args:
        scores: as ``open_scores`` returns them.
        name: a variable (epoch, example), or ``"consistency"`` or ``"consensus"`` (float64).
        split: ``"train"`` or ``"test"``.
    """
    places = np.flatnonzero(scores["example_split"].values == split)
    return _rows(scores, name, range(scores.sizes["epoch"]), places)


def select_examples(
    scores: xr.Dataset, name: str, epochs: np.ndarray, examples: np.ndarray
) -> np.ndarray:
    """Return a score of some examples after some epochs, by name: (epoch, example) float64.

    Not much more is read than what is asked for. Names of scores are as for ``iterate_epochs``.

    Raises:
        KeyError: there is no such epoch or example.
    """
    places = [_places(scores, *each) for each in (("epoch", epochs), ("example", examples))]
    found = np.empty((len(epochs), len(examples)))
    for place, row in enumerate(_rows(scores, name, *places)):
        found[place] = row
    return found


def _open(path: Path) -> xr.Dataset:
    scores = open_artefact(path, "scores")
    if scores.attrs.get("format") != FORMAT:
        scores.close()
        raise InputError(
            f"{path} was written by another version of created-equal, in a format that this one "
            f"does not read; {DELETE}"
        )
    return scores


def _rows(
    scores: xr.Dataset, name: str, epochs: Iterable[int], examples: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield a score in these places of the epochs and examples, one epoch after the other."""
    score = scores[COUNT_OF.get(name, name)]
    # HDF5 is slow to read many single places; what lies between them is read too.
    start = examples.min(initial=score.sizes["example"])
    span = score.isel(example=slice(start, examples.max(initial=-1) + 1))
    for epoch in epochs:
        row = span.isel(epoch=epoch).values[examples - start]
        yield row / scores.sizes["network"] if name in COUNT_OF else row


def _places(scores: xr.Dataset, axis: str, names: np.ndarray) -> np.ndarray:
    places = scores.get_index(axis).get_indexer(names)
    if (places < 0).any():
        raise KeyError(f"{(places < 0).sum()} of {len(names)} on the axis {axis}")
    return places
