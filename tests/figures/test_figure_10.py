import numpy as np
from matplotlib.text import Text

from created_equal.artefacts import select_split
from created_equal.figures.figure_10 import MOST_ROWS, draw, sorted_rows


def test_rows_are_the_examples_from_the_easiest_down():
    consistency = np.array([[0.1, 0.2, 0.3], [0, 1, 0.5]])
    found = sorted_rows(consistency, np.array([0, 1, 0.5]))
    np.testing.assert_array_equal(found, [[0.2, 1], [0.3, 0.5], [0.1, 0]])


def test_many_examples_are_averaged_with_their_neighbours():
    accessibility = np.random.default_rng(0).random(4 * MOST_ROWS)
    found = sorted_rows(np.array([accessibility, 1 - accessibility]), accessibility)
    ordered = np.sort(accessibility)[::-1].reshape(MOST_ROWS, 4).mean(axis=1)
    np.testing.assert_allclose(found, np.column_stack([ordered, 1 - ordered]))


def test_panels_hold_every_example_and_epoch(scores):
    figure = draw(scores, "Digits", "st_vgg")
    for axes, split, examples in zip(figure.axes[:2], ("train", "test"), (250, 150), strict=True):
        (image,) = axes.collections
        assert image.get_array().shape == (examples, 13)
        assert image.get_clim() == (0, 1)
        mean = select_split(scores, split)["n_right"].values.mean(axis=1) / 8
        np.testing.assert_allclose(image.get_array().mean(axis=0), mean)
        assert axes.get_title(loc="left").endswith(f"{split} set, {examples} examples")


def test_the_color_bar_marks_chance(scores):
    bar = draw(scores, "Digits", "st_vgg").axes[2]
    (line,) = (line for line in bar.lines if line.get_gid() == "chance")
    assert list(line.get_ydata()) == [0.1, 0.1]


def test_recorded_epochs_reach_half_way_to_the_next(scores):
    few = scores.sel(epoch=[1, 2, 5]).assign_coords(epoch=[1, 2, 60_000])
    figure = draw(few, "Digits", "st_vgg")
    (image,) = figure.axes[0].collections
    assert image.get_array().shape == (250, 3)
    assert image.get_coordinates()[0, :, 0].tolist() == [0.5, 1.5, 30_001, 60_000.5]
    assert any("Not every epoch was recorded." in text.get_text() for text in figure.findobj(Text))
