import numpy as np
import pytest
import xarray as xr

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures.alignment import align

NAMES = ("a", "b")


def test_examples_are_aligned_by_name(scores: xr.Dataset, other: xr.Dataset) -> None:
    shuffled = other.isel(example=np.random.default_rng(0).permutation(other.sizes["example"]))
    first, second = align(scores, shuffled, "test", "figure_05", NAMES)
    np.testing.assert_array_equal(first["example"], second["example"])
    np.testing.assert_array_equal(first["example"], select_split(scores, "test")["example"])
    np.testing.assert_array_equal(second["n_right"], select_split(other, "test")["n_right"])


def test_different_examples_or_labels_are_an_error(scores: xr.Dataset, other: xr.Dataset) -> None:
    sentence = "figure_05 compares a with b, but their test examples or labels differ"
    renamed = other.assign_coords(example=other["example"] + 1)
    relabelled = other.assign(label=(other["label"] + 1) % 10)
    fewer = other.isel(example=slice(-1))
    for unlike in (renamed, relabelled, fewer):
        with pytest.raises(InputError, match=sentence):
            align(scores, unlike, "test", "figure_05", NAMES)
