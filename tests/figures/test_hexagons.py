"""Figures of two scores of the same examples."""

import numpy as np
import pytest

from created_equal.figures import hexagons


@pytest.mark.parametrize("splits", [("train", "test"), ("test",)])
def test_every_example_is_in_a_cell_of_its_panel(splits):
    generator = np.random.default_rng(0)
    panels = {split: tuple(generator.normal(size=(2, 50))) for split in splits}
    figure = hexagons.draw(panels, ("accessibility", "C-score"), "Digits", "They agree. " * 30)
    shown = [axes for axes in figure.axes if axes.get_xlabel() == "accessibility"]
    assert [axes.get_title(loc="left") for axes in shown] == [
        f"{split}: 50 examples" for split in splits
    ]
    for axes in shown:
        (cells,) = axes.collections
        assert cells.get_array().sum() == 50
        assert axes.get_ylabel() == "C-score"
    assert "They agree. They agree." in figure.get_supxlabel()


def test_a_count_of_one_in_every_cell_has_a_scale():
    values = np.arange(4.0)
    figure = hexagons.draw({"test": (values, values)}, ("a", "b"), "Digits", "")
    assert [text.get_text() for text in figure.axes[-1].get_yticklabels()] == ["1"]
