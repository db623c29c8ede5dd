from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from created_equal.artefacts import SPLITS, select_split
from created_equal.errors import InputError
from created_equal.figures.figure_08 import draw, three_epochs


def learning(means: list[float]) -> xr.Dataset:
    return xr.Dataset(
        {"n_right": (("epoch", "example"), 100 * np.array(means)[:, None])},
        coords={
            "network": range(100),
            "epoch": range(len(means)),
            "example_split": ("example", ["train"]),
        },
        attrs={"classes": 5},
    )


@pytest.mark.parametrize(
    ("means", "chosen"),
    [
        ([0.2, 0.3, 0.5, 0.78, 0.9, 1], [1, 3, 5]),
        ([0.2, 0.8, 0.9, 0.95], [1, 2, 3]),
        ([0.2, 0.2, 0.75, 0.75, 0.2, 0.8], [1, 2, 5]),
    ],
)
def test_three_epochs_by_hand(means, chosen):
    assert three_epochs(learning(means), "random_labels") == chosen


@given(st.lists(st.floats(0, 1), min_size=4, max_size=30))
def test_three_epochs_rise_from_the_first_to_the_last(means):
    chosen = three_epochs(learning(means), "random_labels")
    assert chosen == sorted(set(chosen))
    assert (chosen[0], chosen[2]) == (1, len(means) - 1)


def test_too_few_epochs():
    with pytest.raises(InputError, match="random_labels was trained for 2; raise epochs in its"):
        three_epochs(learning([0.2, 0.5, 1]), "random_labels")


def test_two_hard_ensembles_that_were_chosen_alike_are_told_apart(scores, other):
    words = draw({"random": scores, "one": other, "two": other}, "Digits").get_supxlabel()
    words = " ".join(words.split())
    assert "(d, e): the hardest examples (one), and networks" in words
    assert "(f, g): the hardest examples (two), and networks" in words
    assert "(hard)" not in draw({"random": scores, "hard": other}, "Digits").get_supxlabel()


def test_panels_show_their_ensemble_split_and_epoch(scores, other):
    figure = draw({"random_labels": scores, "hard": other}, "Digits")
    epochs = three_epochs(scores, "random_labels")
    for row, split in enumerate(SPLITS):
        shown = [(scores, split, epoch) for epoch in epochs]
        shown.append((other, "train", (1, 12)[row]))
        for axes, (of, of_which, epoch) in zip(
            figure.axes[4 * row : 4 * row + 4], shown, strict=True
        ):
            measure = float(of["bimodality"].sel(split=of_which, epoch=epoch))
            accuracy = float(of["accuracy"].sel(split=of_which, epoch=epoch).mean(dtype=float))
            title = axes.get_title(loc="left")
            assert f"accuracy {accuracy:.2f}\nbi-modality {measure:.2f}\n(" in title
            assert title.count("\n") <= 3, "four lines at most"
            zero = np.mean(select_split(of, of_which)["n_right"].sel(epoch=epoch).values == 0)
            assert axes.patches[0].get_height() == pytest.approx(zero)
    assert {axes.get_ylabel() for axes in figure.axes[3::4]} == {"hard, train"}
    on_test = other["accuracy"].sel(split="test", epoch=[1, 12]).mean("network").values
    words = figure.get_supxlabel().replace("\n", " ")
    assert f"their test accuracy is {on_test[0]:.2f} and {on_test[1]:.2f}." in words


def test_random_labels_alone(scores):
    figure = draw({"random_labels": scores}, "Digits")
    assert len(figure.axes) == 6
    words = " ".join(figure.get_supxlabel().split())
    assert "Networks trained on the hardest examples are not shown." in words
    # Ten classes: three quarters of the way from 0.1 to 1.
    assert "whose mean consistency on the train set is nearest to 0.78, and at" in words


def test_epochs_are_those_recorded():
    recorded = learning([0.2, 0.3, 0.78, 0.9, 1]).isel(epoch=slice(1, None))
    assert three_epochs(recorded.assign_coords(epoch=[2, 4, 6, 9]), "random_labels") == [2, 4, 9]


def test_the_balanced_hardest_are_shown_beside_the_others(scores, other):
    derived = '{"dataset": {"derived": {"balanced": true, "keep": "hardest"}}}'
    balanced = other.assign_attrs(definition=derived)
    figure = draw({"random_labels": scores, "hard": other, "balanced": balanced}, "Digits")
    assert len(figure.axes) == 10
    titles = [axes.get_title(loc="left").splitlines()[0] for axes in figure.axes]
    chosen = [*three_epochs(scores, "random_labels"), 1, 1]
    assert titles[:5] == [
        f"({letter}) epoch {epoch}" for letter, epoch in zip("abcdf", chosen, strict=True)
    ]
    assert titles[8:] == ["(e) epoch 12", "(g) epoch 12"]
    words = figure.get_supxlabel().replace("\n", " ")
    assert "(d, e): the hardest examples, and networks trained on these" in words
    assert "(f, g): the hardest examples of each class, and" in words
    figure.draw_without_rendering()
    boxes = [axes._left_title.get_window_extent() for axes in figure.axes]
    for left, right in [*pairwise(boxes[:5]), *pairwise(boxes[5:])]:
        assert left.x1 < right.x0 < right.x1 < figure.bbox.x1
