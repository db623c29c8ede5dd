"""The scores of an ensemble: what scores/ computes and figures and claims read."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from created_equal.artefacts.files import load_artefact, write_artefact

HALVES = ("even", "odd")
BOUNDS = ("lower", "upper")
# A figure shows all examples after a few epochs.
CHUNKS = {"epoch": 1, "example": 2**16}


def write_scores(scores: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write the scores of an ensemble; ``definition`` is the ensemble's."""
    write_artefact(scores, path, "scores", definition, CHUNKS)


def read_scores(path: Path) -> xr.Dataset:
    """Read a scores file into memory.

    Returns:
        consistency and consensus (epoch, example) float32 in 0..1; modal_label (epoch, example);
        accessibility (example) and accessibility_half (half, example) float64; accuracy and loss
        (network, epoch, split); bimodality (epoch, split) float64, and its 95 % bands
        bimodality_over_examples and bimodality_over_networks (epoch, split, bound); label
        (example); coordinates epoch, example, example_split, network, split, half ("even" and
        "odd" networks), bound; attributes classes and the ensemble's definition.
    """
    return load_artefact(path, "scores")
