import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from created_equal.figures.histograms import (
    bars,
    bimodality_words,
    bin_edges,
    fractions,
)


@given(st.integers(1, 2000), st.integers(9, 40))
def test_bins_hold_whole_scores_alike_and_are_symmetric(networks: int, most: int) -> None:
    edges = bin_edges(networks, most)
    sizes = np.histogram(np.arange(networks + 1) / networks, edges)[0]
    assert sizes.sum() == networks + 1
    np.testing.assert_array_equal(sizes, np.rint(np.diff(edges) * networks))
    np.testing.assert_array_equal(sizes, sizes[::-1])
    np.testing.assert_allclose(edges, 1 - edges[::-1], atol=1e-12)
    inner = np.unique(sizes[1:-1])
    assert len(inner) <= 1
    if len(inner):
        assert inner[0] / 2 <= sizes[0] <= 1.5 * inner[0]
    assert most / 4 < len(sizes) <= most or len(sizes) == networks + 1 <= most


@pytest.mark.parametrize(
    ("networks", "most", "sizes"),
    [
        (1, 26, [1, 1]),
        (4, 26, [1, 1, 1, 1, 1]),
        (25, 26, [1] * 26),
        (26, 26, [3, *[3] * 7, 3]),
        (100, 26, [3, *[5] * 19, 3]),
    ],
)
def test_bins_of_the_usual_ensembles(networks: int, most: int, sizes: list[int]) -> None:
    np.testing.assert_array_equal(np.rint(np.diff(bin_edges(networks, most)) * networks), sizes)


def test_scores_up_to_25_networks_stand_in_the_middle_of_their_bins() -> None:
    edges = bin_edges(20)
    np.testing.assert_allclose((edges[:-1] + edges[1:]) / 2, np.arange(21) / 20, atol=1e-12)


@given(st.integers(1, 300))
def test_float32_scores_fall_into_the_bins_of_their_counts(networks: int) -> None:
    counts = np.arange(networks + 1)
    edges = bin_edges(networks)
    found = fractions((counts / networks).astype(np.float32), networks, edges)
    np.testing.assert_allclose(found, np.rint(np.diff(edges) * networks) / (networks + 1))


def test_fractions_by_hand() -> None:
    values = np.array([0, 0, 0, 0.5, 1], dtype=np.float32)
    np.testing.assert_allclose(fractions(values, 2, bin_edges(2)), [0.6, 0.2, 0.2])


def test_bars_stand_on_each_other_and_empty_ones_are_left_out() -> None:
    axes = Figure().subplots()
    edges = np.array([-0.25, 0.25, 0.75, 1.25])
    bars(axes, np.array([0.5, 0, 0.25]), edges, np.array([0.1, 0.2, 0.3]), facecolor="red")
    drawn = [(bar.get_x(), bar.get_y(), bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(drawn, [(-0.25, 0.1, 0.5), (0.75, 0.3, 0.25)])
    assert axes.patches[0].get_facecolor()[:3] == to_rgb("red")


def scores_with(value: float, band: tuple[float, float]) -> xr.Dataset:
    return xr.Dataset(
        {
            "bimodality": (("epoch", "split"), [[value]]),
            "bimodality_over_examples": (("epoch", "split", "bound"), [[band]]),
        },
        coords={"epoch": [3], "split": ["test"], "bound": ["lower", "upper"]},
    )


@pytest.mark.parametrize(
    ("value", "band", "words"),
    [
        (0.221, (0.2, 0.248), "bi-modality 0.22\n(0.20 to 0.25)"),
        (np.nan, (np.nan, np.nan), "bi-modality\nundefined"),
    ],
)
def test_bimodality_in_words(value: float, band: tuple[float, float], words: str) -> None:
    assert bimodality_words(scores_with(value, band), "test", 3) == words
