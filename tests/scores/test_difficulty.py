import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from created_equal.scores import (
    CLASSES_OF_DIFFICULTY,
    GROUPS,
    difficulty_class,
    quantile_means,
    thirds,
)

scores = st.lists(st.integers(0, 20), min_size=3, max_size=60).map(lambda s: np.array(s) / 20)


def test_thirds_by_hand():
    found = thirds(np.array([0.1, 0.9, 0.5, 0.9, 0.5, 0.0]))
    assert {name: group.tolist() for name, group in found.items()} == {
        "easy": [1, 3],
        "intermediate": [2, 4],
        "hard": [0, 5],
    }


@given(scores)
def test_thirds_hold_every_example_once_and_easier_ones_first(score):
    groups = thirds(score)
    assert tuple(groups) == GROUPS
    assert sorted(np.concatenate(list(groups.values()))) == list(range(len(score)))
    sizes = [len(group) for group in groups.values()]
    assert max(sizes) - min(sizes) <= 1
    easy, intermediate, hard = (score[group] for group in groups.values())
    assert easy.min() >= intermediate.max()
    assert intermediate.min() >= hard.max()


def test_quantile_means_by_hand():
    one, other = quantile_means(np.array([0.4, 0, 1, 0.2]), np.array([1, 2, 3, 4]), 2)
    np.testing.assert_allclose(one, [0.1, 0.7])
    np.testing.assert_allclose(other, [3, 2])


@given(scores, st.integers(1, 80))
def test_quantile_means_are_those_of_all_examples(score, bins):
    other = np.arange(len(score)) / 7
    means, others = quantile_means(score, other, bins)
    assert len(means) == len(others) == min(bins, len(score))
    assert (np.diff(means) >= -1e-12).all()
    sizes = [len(part) for part in np.array_split(score, len(means))]
    np.testing.assert_allclose(np.average(means, weights=sizes), score.mean())
    np.testing.assert_allclose(np.average(others, weights=sizes), other.mean())


def test_difficulty_classes_by_hand():
    n_right = np.array([0, 1, 199, 200], dtype=np.uint8)
    found = difficulty_class(n_right, 200)
    assert found.tolist() == ["impossible", "in between", "in between", "trivial"]
    assert set(found) == set(CLASSES_OF_DIFFICULTY)
