from collections import Counter
from itertools import combinations
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learners import ensembles

from created_equal.scores.agreement import (
    agreeing_pairs,
    disagreement,
    modes,
    right_counts,
    vote_el2n,
    vote_entropy,
    vote_margin,
)

# Four networks, five examples; the votes are 4:0, 2:2, 3:1, 2:1:1 and 1:1:1:1.
PREDICTIONS = np.array([[0, 1, 2, 0, 0], [0, 1, 2, 0, 1], [0, 0, 2, 1, 2], [0, 0, 1, 2, 3]])
LABELS = np.array([0, 0, 1, 3, 3])


def margin_of(predictions, labels, classes):
    found = modes(predictions)
    n_right = right_counts(predictions, labels)
    return vote_margin(n_right, found.n_modal, found.n_runner_up, len(predictions))


def test_by_hand():
    np.testing.assert_allclose(margin_of(PREDICTIONS, LABELS, 4), [1, 0, -0.5, -0.5, 0])
    quarter = -0.75 * log(0.75) - 0.25 * log(0.25)
    half = 0.5 * log(2) + 0.5 * log(4)
    np.testing.assert_allclose(
        vote_entropy(PREDICTIONS), [0, log(2), quarter, half, log(4)], atol=1e-15
    )
    np.testing.assert_allclose(
        vote_el2n(PREDICTIONS, LABELS),
        [0, sqrt(0.5), sqrt(0.75**2 * 2), sqrt(1 + 0.25 + 2 / 16), sqrt(0.75**2 + 3 / 16)],
    )
    # Of 6 pairs, 0, 4, 3, 5 and 6 disagree.
    np.testing.assert_allclose(disagreement(PREDICTIONS), [0, 4 / 6, 3 / 6, 5 / 6, 1])
    assert agreeing_pairs(PREDICTIONS).tolist() == [12, 4, 6, 2, 0]


@given(ensembles())
def test_they_are_what_a_loop_over_votes_and_pairs_says(ensemble):
    predictions, labels, classes = ensemble
    networks = len(predictions)
    margin, entropy = margin_of(predictions, labels, classes), vote_entropy(predictions)
    el2n, pairs = vote_el2n(predictions, labels), disagreement(predictions)
    for number, (votes, label) in enumerate(zip(predictions.T.tolist(), labels, strict=True)):
        share = {name: count / networks for name, count in Counter(votes).items()}
        own = share.get(label, 0)
        others = [each for name, each in share.items() if name != label]
        assert margin[number] == pytest.approx(own - max(others, default=0))
        assert entropy[number] == pytest.approx(
            -sum(each * log(each) for each in share.values()), abs=1e-12
        )
        assert el2n[number] == pytest.approx(sqrt((1 - own) ** 2 + sum(p**2 for p in others)))
        differ = [one != other for one, other in combinations(votes, 2)]
        expected = np.mean(differ) if differ else np.nan
        assert pairs[number] == pytest.approx(expected, nan_ok=True)


@given(ensembles(), st.randoms(use_true_random=False))
def test_neither_names_of_classes_nor_the_order_of_networks_matter(ensemble, random):
    predictions, labels, classes = ensemble
    order = random.sample(range(len(predictions)), len(predictions))
    renamed = np.array(random.sample(range(classes), classes))
    other = renamed[predictions][order], renamed[labels]
    np.testing.assert_array_equal(vote_entropy(other[0]), vote_entropy(predictions))
    np.testing.assert_array_equal(vote_el2n(*other), vote_el2n(predictions, labels))
    np.testing.assert_array_equal(disagreement(other[0]), disagreement(predictions))
    np.testing.assert_array_equal(
        margin_of(*other, classes), margin_of(predictions, labels, classes)
    )


@given(ensembles())
def test_bounds(ensemble):
    predictions, labels, classes = ensemble
    networks = len(predictions)
    assert (np.abs(margin_of(predictions, labels, classes)) <= 1).all()
    entropy = vote_entropy(predictions)
    assert (entropy >= 0).all()
    assert (entropy <= log(min(classes, networks)) + 1e-12).all()
    assert (vote_el2n(predictions, labels) <= sqrt(2)).all()


def test_many_networks_do_not_overflow():
    """Squares of counts do not fit into the type of the labels, nor into 16 bits."""
    predictions = np.zeros((1000, 1), dtype=np.uint8)
    assert agreeing_pairs(predictions).tolist() == [999_000]
    assert vote_el2n(predictions, np.array([1])).tolist() == [sqrt(2)]
    assert disagreement(predictions).tolist() == [0]
