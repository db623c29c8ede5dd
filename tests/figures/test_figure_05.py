import numpy as np
import pytest
from matplotlib.colors import to_rgb

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures.figure_05 import LINEAR, NON_LINEAR, chances_words, draw


def heights(axes: object, look: dict) -> float:
    color = to_rgb(look["facecolor"])
    return sum(bar.get_height() for bar in axes.patches if bar.get_facecolor()[:3] == color)


def test_bars_in_front_show_what_the_linear_majority_gets_right(scores, other):
    figure = draw({"st_vgg": scores, "linear": other}, "Digits", [3, 6])
    for axes, epoch in zip(figure.axes[:2], (3, 6), strict=True):
        right = select_split(other, "test")["n_right"].sel(epoch=epoch).values > 3
        assert heights(axes, NON_LINEAR) == pytest.approx(1)
        assert heights(axes, LINEAR) == pytest.approx(right.mean())
    assert heights(figure.axes[2], LINEAR) == pytest.approx(1)


def test_the_part_in_front_is_nowhere_higher_than_the_whole(scores, other):
    axes = draw({"st_vgg": scores, "linear": other}, "Digits", [3, 6]).axes[1]
    behind = {}
    for bar in axes.patches:
        if bar.get_facecolor()[:3] == to_rgb(NON_LINEAR["facecolor"]):
            behind[bar.get_x()] = bar.get_height()
        else:
            assert bar.get_height() <= behind[bar.get_x()] + 1e-12


def test_epochs_are_the_first_and_the_last_that_both_have(scores, other):
    shorter = other.isel(epoch=slice(9))
    titles = [
        axes.get_title(loc="left")
        for axes in draw({"st_vgg": scores, "linear": shorter}, "Digits").axes
    ]
    for title, start in zip(
        titles, ("(a) epoch 1\n", "(b) epoch 8\n", "(c) linear networks, epoch 8\n"), strict=True
    ):
        assert title.startswith(start)
    measure = float(other["bimodality"].sel(epoch=8, split="test"))
    assert f"bi-modality {measure:.2f}" in titles[2]


def test_chances_by_hand():
    right = np.array([False, False, True, True, True])
    linear = np.array([False, True, False, True, True])
    assert chances_words(right, linear) == "P(right) = 0.60\nP(right | linear right) = 0.67"
    nowhere = np.zeros(5, dtype=bool)
    assert chances_words(right, nowhere).endswith("P(right | linear right) = undefined")


def test_linear_networks_that_are_right_nowhere_can_be_drawn(scores, other):
    wrong = other.assign(n_right=other["n_right"] * 0)
    axes = draw({"st_vgg": scores, "linear": wrong}, "Digits").axes[0]
    assert heights(axes, LINEAR) == 0


def test_an_epoch_that_only_one_has(scores, other):
    with pytest.raises(InputError, match="figure_05 should show epoch 12, but the networks were"):
        draw({"st_vgg": scores, "linear": other.isel(epoch=slice(9))}, "Digits", [1, 12])
