import pytest

from created_equal.artefacts import SPLITS, select_split
from created_equal.figures.figure_03 import draw
from created_equal.scores import phases


def test_means_match_the_scores_at_the_epochs_of_figure_1(scores):
    figure = draw(scores, "Digits", "st_vgg")
    panels = iter(figure.axes)
    for split in SPLITS:
        for epoch in phases(scores).values():
            mean = select_split(scores, split)["n_modal"].sel(epoch=epoch).values.mean() / 8
            title = next(panels).get_title(loc="left")
            assert title.split("\n")[-1] == f"mean {mean:.2f}"


def test_bars_are_fractions_and_none_is_below_the_least_consensus(scores):
    for axes in draw(scores, "Digits", "st_vgg").axes:
        assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1)
        # With 8 networks, consensus is at least 1/8, whose bin starts at 1/16.
        assert min(bar.get_x() for bar in axes.patches) >= 1 / 16 - 1e-9
