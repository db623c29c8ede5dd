import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.scores import bin_edges


@given(st.integers(1, 2000), st.integers(9, 40))
def test_bins_hold_whole_scores_alike_and_are_symmetric(networks, most):
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
def test_bins_of_the_usual_ensembles(networks, most, sizes):
    np.testing.assert_array_equal(np.rint(np.diff(bin_edges(networks, most)) * networks), sizes)


def test_scores_up_to_25_networks_stand_in_the_middle_of_their_bins():
    edges = bin_edges(20)
    np.testing.assert_allclose((edges[:-1] + edges[1:]) / 2, np.arange(21) / 20, atol=1e-12)
