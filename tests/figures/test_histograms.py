import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from created_equal.figures.histograms import (
    bars,
    bimodality_scale,
    bimodality_words,
    fractions,
)
from created_equal.scores import bin_edges


@given(st.integers(1, 300))
def test_scores_fall_into_the_bins_of_their_counts(networks):
    counts = np.arange(networks + 1, dtype=np.min_scalar_type(networks))
    edges = bin_edges(networks)
    found = fractions(counts, networks, edges)
    np.testing.assert_allclose(found, np.rint(np.diff(edges) * networks) / (networks + 1))


def test_fractions_by_hand():
    counts = np.array([0, 0, 0, 1, 2], dtype=np.uint8)
    np.testing.assert_allclose(fractions(counts, 2, bin_edges(2)), [0.6, 0.2, 0.2])


def test_bars_are_stacked_and_empty_bins_are_left_out():
    axes = Figure().subplots()
    edges = np.array([-0.25, 0.25, 0.75, 1.25])
    bars(axes, np.array([0.5, 0, 0.25]), edges, np.array([0.1, 0.2, 0.3]), facecolor="red")
    drawn = [(bar.get_x(), bar.get_y(), bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(drawn, [(-0.25, 0.1, 0.5), (0.75, 0.3, 0.25)])
    assert axes.patches[0].get_facecolor()[:3] == to_rgb("red")


def scores_with(value: float, band: tuple[float, float], n_right: int = 1) -> xr.Dataset:
    """Return the scores of two networks on one test image."""
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), [[n_right]]),
            "bimodality": (("epoch", "split"), [[value]]),
            "bimodality_over_examples": (("epoch", "split", "bound"), [[band]]),
        },
        coords={
            "epoch": [3],
            "split": ["test"],
            "bound": ["lower", "upper"],
            "network": [0, 1],
            "example_split": ("example", ["test"]),
        },
    )


@pytest.mark.parametrize(
    ("value", "band", "words"),
    [
        (0.221, (0.2, 0.248), "bi-modality 0.22\n(0.20 to 0.25)"),
        (np.nan, (np.nan, np.nan), "bi-modality\nundefined"),
    ],
)
def test_bimodality_in_words(value, band, words):
    assert bimodality_words(scores_with(value, band), "test", 3) == words


@pytest.mark.parametrize("n_right", [0, 2])
def test_bimodality_is_not_informative_if_nearly_all_networks_are_right_or_wrong(n_right):
    scores = scores_with(51.3, (22, 99.9), n_right)
    figure = Figure()
    axes = figure.subplots()
    axes.set_title(bimodality_words(scores, "test", 3))
    assert axes.get_title() == "bi-modality 51.30\n(not informative)"
    assert bimodality_scale(figure, scores).endswith(
        "Not informative: a mean below 0.05 or above 0.9."
    )
    axes.set_title(bimodality_words(scores_with(0.2, (0.1, 0.3)), "test", 3))
    assert "ot informative" not in bimodality_scale(figure, scores)


def test_the_scale_of_several_ensembles_names_each_number_once():
    sizes = [xr.Dataset(coords={"network": np.arange(size)}) for size in (100, 101)]
    words = bimodality_scale(Figure(), *sizes)
    assert ", 0.8 for a uniform distribution, 1.98 (2" in words
