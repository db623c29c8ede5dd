"""The scores of an ensemble: what scores/ computes and figures and claims read."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import load_artefact, open_artefact, write_artefact

HALVES = ("even", "odd")
BOUNDS = ("lower", "upper")
# A figure shows all examples after a few epochs.
CHUNKS = {"epoch": 1, "example": 2**16}
OF_EPOCHS_AND_EXAMPLES = ("consistency", "consensus", "modal_label")
SHARES = ("consistency", "consensus")


def write_scores(
    scores: xr.Dataset, path: Path, definition: Mapping, compact: bool = False
) -> None:
    """Write the scores of an ensemble.

    Args:
        scores: as ``read_scores`` returns them.
        path: where.
        definition: the ensemble's.
        compact: whether consistency and consensus are written as numbers of networks, in a third
            of the room; they are read to the same shares, but always whole.
    """
    if compact:
        networks = scores.sizes["network"]
        counts = {
            name: np.rint(scores[name] * networks).astype(np.min_scalar_type(networks))
            for name in SHARES
        }
        scores = scores.assign(counts)
    write_artefact(scores, path, "scores", definition, CHUNKS)


def read_scores(path: Path) -> xr.Dataset:
    """Read a scores file into memory.

    Returns:
        consistency and consensus (epoch, example) float32 in 0..1; modal_label (epoch, example);
        accessibility (example) and accessibility_half (half, example) float64; accuracy and loss
        (network, epoch, split); bimodality (epoch, split) float64, and its 95 % band over
        examples, bimodality_over_examples (epoch, split, bound); label (example); where examples
        were moved to the test set, moved (example) bool and accuracy_moved (network, epoch), which
        is theirs; coordinates epoch, example, example_split, network, split, half ("even" and
        "odd" networks), bound, and of each network device, precision and seconds; attributes
        classes, the ensemble's definition, and trained_with, as JSON a list of the versions of the
        libraries.
    """
    return _with_shares(load_artefact(path, "scores"))


def open_scores(path: Path) -> xr.Dataset:
    """Open a scores file: what it has of every example after every epoch is read when asked for.

    That is the bulk; the rest is read at once. Take what is to be seen of the bulk by ``at_epochs``
    or ``each_epoch``. Close it, or use it in a ``with`` block.

    Returns:
        as ``read_scores``.
    """
    scores = open_artefact(path, "scores")
    rest = scores.drop_vars(OF_EPOCHS_AND_EXAMPLES).load()
    return _with_shares(rest.assign({name: scores[name] for name in OF_EPOCHS_AND_EXAMPLES}))


def at_epochs(scores: xr.Dataset, epochs: Iterable[int]) -> xr.Dataset:
    """Return scores after some epochs, each once and in order, read into memory."""
    return scores.sel(epoch=sorted(set(epochs))).load()


def each_epoch(scores: xr.Dataset, name: str, split: str) -> Iterator[np.ndarray]:
    """Yield a score of the examples of one split, (example,), after one epoch after the other."""
    places = np.flatnonzero(scores["example_split"].values == split)
    return _rows(scores[name], range(scores.sizes["epoch"]), places)


def of_examples(
    scores: xr.Dataset, name: str, epochs: np.ndarray, examples: np.ndarray
) -> np.ndarray:
    """Return a score of some examples after some epochs, by name: (epoch, example) float64.

    Not much more is read than what is asked for.

    Raises:
        KeyError: there is no such epoch or example.
    """
    places = [_places(scores, *each) for each in (("epoch", epochs), ("example", examples))]
    found = np.empty((len(epochs), len(examples)))
    for place, row in enumerate(_rows(scores[name], *places)):
        found[place] = row
    return found


def _with_shares(scores: xr.Dataset) -> xr.Dataset:
    """Return scores with shares of the networks where numbers of them were written."""
    counts = [name for name in SHARES if name in scores and scores[name].dtype.kind == "u"]
    return scores.assign(
        {name: (scores[name] / scores.sizes["network"]).astype(np.float32) for name in counts}
    )


def _rows(score: xr.DataArray, epochs: Iterable[int], examples: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what is in these places of the epochs and examples, one epoch after the other."""
    # HDF5 is slow to read many single places; what lies between them is read too.
    start = examples.min(initial=score.sizes["example"])
    span = score.isel(example=slice(start, examples.max(initial=-1) + 1))
    for epoch in epochs:
        yield span.isel(epoch=epoch).values[examples - start]


def _places(scores: xr.Dataset, axis: str, names: np.ndarray) -> np.ndarray:
    places = scores.get_index(axis).get_indexer(names)
    if (places < 0).any():
        raise KeyError(f"{(places < 0).sum()} of {len(names)} on the axis {axis}")
    return places
