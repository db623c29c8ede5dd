import numpy as np
import xarray as xr

from created_equal.scores import BLOCKS, equal_later, extremes


def scores_of(n_right: list[int], n_modal: list[int], label: list[int]) -> xr.Dataset:
    """Return scores of ten networks after two epochs; the accessibility falls with the position."""
    places = np.arange(len(label))
    ends = [np.array([[0] * len(each), each], dtype=np.uint8) for each in (n_right, n_modal)]
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), ends[0]),
            "n_modal": (("epoch", "example"), ends[1]),
            "accessibility": ("example", 1 - (places // 2) / 10),
            "label": ("example", np.array(label)),
        },
        # Positions need not be in order.
        {"example": 50 - places, "network": np.arange(10)},
        {"classes": 3},
    )


def test_blocks_of_each_label_in_order_and_equals_by_position():
    scores = scores_of(
        n_right=[10, 10, 9, 0, 0, 1, 0, 8], n_modal=[10, 10, 9, 9, 10, 9, 8, 8], label=[0] * 7 + [1]
    )
    found = {(block.label, block.name): block.examples.tolist() for block in extremes(scores, 3)}
    assert list(found) == [(label, name) for label in range(3) for name in BLOCKS]
    assert found[0, "easiest"] == [1, 0, 3]
    assert found[0, "hardest"] == [6, 5, 4]
    assert found[0, "most disputed"] == [6, 5, 3]
    # One of ten is more than 5 %, and eight of ten are less than 90 %.
    assert found[0, "agreed but wrong"] == [4, 3]
    assert [found[1, name] for name in BLOCKS] == [[7], [7], [7], []]
    assert [found[2, name] for name in BLOCKS] == [[], [], [], []]


def test_equals_that_come_later_are_counted_wherever_they_are():
    scores = scores_of([0] * 7, [10] * 6 + [9], [2] * 7)
    found = {block.name: block.equal_later.tolist() for block in extremes(scores, 3)}
    # Accessibility is equal in pairs, but for the hardest; consensus is 0.9 once, and else 1.
    assert found["easiest"][:2] == [1, 0] and len(found["easiest"]) == 3
    assert found["hardest"] == [0, 1, 0]
    assert found["most disputed"] == [0, 5, 4]
    assert found["agreed but wrong"] == [5, 4, 3]
    assert equal_later(np.array([])).tolist() == []


def test_no_more_than_asked_for():
    scores = scores_of([0] * 5, [10] * 5, [2] * 5)
    assert {len(block.examples) for block in extremes(scores, 2) if block.label == 2} == {2}
