import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import bimodality
from scipy.special import expit, logit

from created_equal.claims import measures, statistics
from created_equal.scores import correlation_of
from created_equal.scores.bootstrap import value_of


def of(statistic, units):
    return value_of(statistic, units)


def test_means_by_hand():
    values = np.array([1.0, 2, 3, 6])
    chosen = np.array([True, False, False, True])
    assert of(statistics.mean_of(values), 4) == 3
    assert of(statistics.mean_where(values, chosen), 4) == 3.5
    assert statistics.mean_of(values)(np.array([[3.0, 1, 0, 0]])) == pytest.approx(1.25)
    assert np.isnan(of(statistics.mean_where(values, chosen & False), 4))
    difference = statistics.difference_of(
        statistics.mean_where(values, chosen), statistics.mean_of(values)
    )
    assert of(difference, 4) == 0.5


def test_highest_mean_is_that_of_the_mean_over_networks():
    values = np.array([[0.1, 0.1], [0.9, 0.3], [0.5, 0.8]])
    assert of(statistics.highest_mean_of(values), 2) == pytest.approx(0.65)


@given(st.integers(0, 2**32 - 1))
def test_weights_are_copies(seed):
    """A statistic of weighted units is the statistic of units that are there so many times."""
    generator = np.random.default_rng(seed)
    a = generator.normal(size=12)
    n_right = generator.integers(0, 5, (3, 12))
    weights = generator.multinomial(12, np.full(12, 1 / 12))
    copies = np.repeat(np.arange(12), weights)
    for make in (
        lambda chosen: statistics.mean_of(a[chosen]),
        lambda chosen: statistics.bimodality_of(n_right[:, chosen] / 4),
        lambda chosen: statistics.rank_correlation_of(n_right[:, chosen] / 4),
        lambda chosen: statistics.corners_of(*n_right[:2, chosen], (4, 4)),
        lambda chosen: statistics.diagonal_of(*n_right[:2, chosen], (4, 4)),
    ):
        weighted = make(np.arange(12))(weights[None].astype(float))[0]
        assert weighted == pytest.approx(of(make(copies), 12), nan_ok=True)


@given(st.integers(0, 2**32 - 1))
def test_bimodality_is_that_of_scores(seed):
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, 11, (4, 30)) / 10
    each = [bimodality(row) for row in rows]
    assert of(statistics.bimodality_of(rows), 30) == pytest.approx(np.mean(each))
    assert of(statistics.bimodality_of(rows, np.nanmin), 30) == pytest.approx(min(each))


def test_undefined_epochs_are_left_out_of_bimodality():
    rows = np.array([[0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], [0, 0.25, 0.75, 1]])
    assert of(statistics.bimodality_of(rows[[0, 1]]), 4) == pytest.approx(0)
    assert np.isnan(of(statistics.bimodality_of(rows[[1]]), 4))
    assert of(statistics.bimodality_of(rows, np.nanmin), 4) == pytest.approx(0)


def test_bimodality_of_a_few_epochs_at_a_time_is_the_same(monkeypatch):
    generator = np.random.default_rng(0)
    scores = generator.binomial(9, generator.random((7, 60))) / 9
    weights = generator.integers(0, 3, (5, 60)).astype(float)
    expected = statistics.bimodality_of(scores)(weights)
    monkeypatch.setattr(statistics, "SCORES_AT_ONCE", 120)
    assert statistics.bimodality_of(scores)(weights) == pytest.approx(expected, rel=1e-12)


def test_class_means_are_taken_off():
    values = np.array([1.0, 3, 10, 14])
    assert statistics.without_class_means(values, np.array([0, 0, 2, 2])).tolist() == [-1, 1, -2, 2]


def test_class_means_are_taken_off_each_row_by_itself():
    values = np.array([[1.0, 3, 10, 14], [0, 1, 0, 0]])
    rows = statistics.without_class_means(values, np.array([0, 0, 2, 2]))
    assert rows.tolist() == [[-1, 1, -2, 2], [-0.5, 0.5, 0, 0]]


def test_within_class_correlation_can_have_the_other_sign():
    a = np.array([0.0, 1, 10, 11])
    b = np.array([1.0, 0, 11, 10])
    labels = np.array([0, 0, 1, 1])
    assert of(correlation_of(a, b), 4) > 0.9
    within = [statistics.without_class_means(values, labels) for values in (a, b)]
    assert of(correlation_of(*within), 4) == pytest.approx(-1)


def test_rank_correlation_by_hand():
    rising = np.array([[0.2, 0.2], [0.1, 0.5], [0.9, 0.9]])
    assert of(statistics.rank_correlation_of(rising), 2) == pytest.approx(1)
    assert of(statistics.rank_correlation_of(rising[::-1]), 2) == pytest.approx(-1)
    # Ranks 1, 3, 2 against 1, 2, 3.
    assert of(statistics.rank_correlation_of(rising[[0, 2, 1]]), 2) == pytest.approx(0.5)


def test_corners_by_hand():
    """With 6 networks each of the seven scores is a cell to a side.

    Examples: 12 at (0, 0) and 9 at (6, 6), 3 at (2, 2), 1 in each of the cells beside the diagonal.
    """
    beside = [(row, column) for row in range(7) for column in range(7) if row != column]
    pairs = [(0, 0)] * 12 + [(6, 6)] * 9 + [(2, 2)] * 3 + beside
    one, other = np.array(pairs).T
    units = len(one)
    # The emptier corner has 9, the median cell 1; the diagonal without its corners 3 in five cells.
    assert of(statistics.corners_of(one, other, (6, 6)), units) == pytest.approx(9)
    assert of(statistics.diagonal_of(one, other, (6, 6)), units) == pytest.approx(3 / 5)


def test_a_median_cell_without_examples_counts_as_one():
    one = other = np.repeat([0, 20], 20)
    assert of(statistics.corners_of(one, other, (20, 20)), 40) == 20
    assert of(statistics.diagonal_of(one, other, (20, 20)), 40) == 0


@given(st.integers(1, 150), st.integers(1, 150), st.integers(2, 5000))
def test_cells_hold_every_example(networks, others, examples):
    generator = np.random.default_rng(examples)
    one = generator.integers(0, networks + 1, examples, dtype=np.uint8)
    other = generator.integers(0, others + 1, examples).astype(float)
    cells = statistics._cells(one, other, (networks, others))
    assert cells.sum(axis=0) == pytest.approx(np.ones(examples))
    assert cells.shape[0] == np.clip(int(np.sqrt(examples / 10)), 7, 21) ** 2


@given(st.integers(1, 40), st.integers(1, 40))
def test_no_cell_is_full_for_the_mere_reason_of_n(networks, others):
    """One example at each pair of scores fills all cells alike, however many scores there are."""
    one, other = np.indices((networks + 1, others + 1)).reshape(2, -1)
    weights = np.full((1, len(one)), 1000.0)
    for make in (statistics.corners_of, statistics.diagonal_of):
        assert make(one, other, (networks, others))(weights) == pytest.approx(1)


def test_corners_rise_with_n_slowly_and_never_fall():
    """Of the same 500 examples, learnt nearly alike by both architectures.

    In bins of whole scores, at most nine, they are about 18 times as full as the median with 8
    networks, 4.5 times with 9, 6 times with 11 and 18 times with 20.
    """
    generator = np.random.default_rng(0)
    difficulty = logit(generator.beta(0.5, 0.5, 500))
    chances = expit(difficulty + generator.normal(0, 0.5, (20, 2, 500)))
    found = []
    for networks in (8, 9, 10, 11, 13, 16, 20, 24):
        drawn = generator.binomial(networks, chances)
        corners = (statistics.corners_of(*each, (networks, networks)) for each in drawn)
        found.append(np.median([of(each, 500) for each in corners]))
    assert min(found) > 10
    assert max(found) < 2 * min(found)
    assert (np.diff(found) > -1).all()


def test_labels_and_patterns():
    labels = np.array([0, 0, 2, 3])
    chosen = np.array([True, True, True, False])
    assert of(statistics.labels_of(labels, chosen, 5), 4) == 2
    assert statistics.labels_of(labels, chosen, 5)(np.array([[2.0, 1, 0, 1]])) == 1
    epochs = 20
    rows = {
        "jump": np.r_[0.2, np.zeros(3), np.ones(epochs - 4)],
        "dip": np.r_[0.2, 0, np.linspace(0, 1, 5), np.ones(epochs - 7)],
        "fall": np.r_[0.2, np.zeros(epochs - 1)],
        "constant": np.full(epochs, 0.5),
        "high": np.r_[0.2, np.ones(4), np.zeros(epochs - 5)],
    }
    n_right = 20 * np.array(list(rows.values())).T
    assert of(statistics.patterns_of(n_right, 20, 0.2, 0.5), 5) == 5
    assert of(statistics.patterns_of(n_right[:, [0, 0, 0, 2, 2]], 20, 0.2, 0.5), 5) < 5


def test_rise_is_that_of_the_straight_line():
    curves = np.array([[0.0, 0.5], [0.5, 0.5], [1.0, 0.5]])
    assert statistics.rise(curves) == pytest.approx([1, 0])
    assert statistics.rise(np.array([[0.0], [1.0], [0.0]])) == pytest.approx([0])


def test_the_rise_of_a_step_is_possible():
    """An interval that is cut off at 1 would leave it out."""
    step = np.repeat([0.0, 1], 50)[:, None]
    assert 1.48 < statistics.rise(step) < measures.RISE[1]
