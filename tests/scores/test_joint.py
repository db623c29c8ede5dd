import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from created_equal.scores import corners, diagonal, joint_cells


def test_corners_and_diagonal_by_hand():
    """With 6 networks each of the seven scores is a cell to a side.

    Examples: 12 at (0, 0) and 9 at (6, 6), 3 at (2, 2), 1 in each cell next to the diagonal.
    """
    others = [(row, column) for row in range(7) for column in range(7) if row != column]
    pairs = [(0, 0)] * 12 + [(6, 6)] * 9 + [(2, 2)] * 3 + others
    cells = joint_cells(*np.array(pairs).T, (6, 6))
    # The emptier corner has 9, the median cell 1; the diagonal without its corners 3 in five cells.
    assert corners(cells) == 9
    assert diagonal(cells) == pytest.approx(3 / 5)


def test_ten_examples_are_ten_and_not_a_little_less():
    """20 networks over 7 cells: the ends of intervals are no binary fractions."""
    one = np.repeat([0, 20], [10, 490])
    assert corners(joint_cells(one, one, (20, 20))) == 10


def test_a_median_cell_without_examples_counts_as_one():
    one = other = np.repeat([0, 20], 20)
    cells = joint_cells(one, other, (20, 20))
    assert (corners(cells), diagonal(cells)) == (20, 0)


@given(st.integers(1, 150), st.integers(1, 150), st.integers(2, 5000))
def test_cells_hold_every_example(networks, others, examples):
    generator = np.random.default_rng(examples)
    one = generator.integers(0, networks + 1, examples, dtype=np.uint8)
    other = generator.integers(0, others + 1, examples, dtype=np.uint8)
    cells = joint_cells(one, other, (networks, others))
    assert cells.sum() == pytest.approx(examples)
    assert cells.shape == 2 * (np.clip(int(np.sqrt(examples / 10)), 7, 21),)


@given(st.integers(1, 40), st.integers(1, 40))
def test_no_cell_is_full_for_the_mere_reason_of_n(networks, others):
    """Examples at every pair of scores fill all cells alike, however many scores there are."""
    one, other = np.indices((networks + 1, others + 1)).reshape(2, -1)
    cells = joint_cells(np.tile(one, 50), np.tile(other, 50), (networks, others))
    assert cells == pytest.approx(np.full_like(cells, cells.mean()))


def test_corners_rise_with_n_slowly_and_never_fall():
    """Of the same 500 examples, learned nearly alike by both architectures."""
    generator = np.random.default_rng(0)
    difficulty = logit(generator.beta(0.5, 0.5, 500))
    chances = expit(difficulty + generator.normal(0, 0.5, (20, 2, 500)))
    found = []
    for networks in (8, 9, 10, 11, 13, 16, 20, 24):
        drawn = generator.binomial(networks, chances)
        cells = (joint_cells(*each, (networks, networks)) for each in drawn)
        found.append(np.median(list(map(corners, cells))))
    assert min(found) > 10
    assert max(found) < 2 * min(found)
    assert (np.diff(found) > -1).all()
