import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from created_equal.figures.figure_09 import draw, frequent_labels, stacked_fractions
from created_equal.figures.histograms import fractions
from created_equal.scores import bin_edges


def test_stacks_by_hand():
    found = stacked_fractions(
        np.array([0, 0, 1, 1]), np.array([2, 0, 1, 1]), np.array([1, 2]), 1, bin_edges(1)
    )
    np.testing.assert_array_equal(found, [[0, 0.5], [0.25, 0], [0.25, 0]])


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_stacks_add_up_to_figure_1(networks, classes, seed):
    generator = np.random.default_rng(seed)
    n_right = generator.integers(0, networks + 1, 50)
    modal = generator.integers(0, classes, 50)
    edges = bin_edges(networks)
    shown = frequent_labels(modal[None], classes)
    stacked = stacked_fractions(n_right, modal, shown, networks, edges)
    np.testing.assert_allclose(stacked.sum(axis=0), fractions(n_right, networks, edges))
    assert len(shown) == min(classes, 10)
    if classes <= 10:
        assert not stacked[-1].any()


def test_the_ten_most_frequent_labels_are_shown_in_order():
    modal = np.concatenate([np.repeat(np.arange(5, 15), 3), [0, 1, 2]])[None]
    np.testing.assert_array_equal(frequent_labels(modal, 20), np.arange(5, 15))


def test_legend_names_the_classes_and_the_others(scores, dataset):
    (legend,) = draw(scores, dataset, "Digits", "st_vgg").legends
    assert [text.get_text() for text in legend.get_texts()] == [str(i) for i in range(10)]
    many = scores.assign_attrs(classes=13)
    names = xr.Dataset({"class_name": ("class", [f"kind {i}" for i in range(13)])})
    (legend,) = draw(many, names, "Digits", "st_vgg").legends
    assert [text.get_text() for text in legend.get_texts()][-1] == "3 other labels"


TOMATOES = [
    *("Tomato___Bacterial_spot", "Tomato___Early_blight", "Tomato___Late_blight"),
    *("Tomato___Leaf_Mold", "Tomato___Septoria_leaf_spot", "Tomato___Target_Spot"),
    *("Tomato___Spider_mites Two-spotted_spider_mite", "Tomato___Tomato_mosaic_virus"),
    *("Tomato___Tomato_Yellow_Leaf_Curl_Virus", "Tomato___healthy"),
]


@pytest.mark.parametrize(("names", "columns"), [(list("abcdefghij"), 5), (TOMATOES, 4)])
def test_the_legend_fits_on_the_page(scores, dataset, names, columns):
    named = dataset.assign(class_name=("class", np.array(names, dtype=object)))
    figure = draw(scores, named, "Plants", "st_vgg")
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
    assert legend._ncols == columns


def test_labels_at_1_are_counted(scores, dataset):
    epochs = [0, 1, 4, 12]
    figure = draw(scores, dataset, "Digits", "st_vgg", epochs)
    is_train = scores["example_split"].values == "train"
    for axes, epoch in zip(figure.axes[:4], epochs, strict=True):
        unanimous = is_train & (scores["n_right"].sel(epoch=epoch).values == 8)
        # If all networks are right, the most frequent label is the true one.
        labels = np.unique(scores["label"].values[unanimous])
        assert axes.get_title(loc="left").endswith(f"labels at 1: {len(labels)}")
        top = max(bar.get_y() + bar.get_height() for bar in axes.patches)
        assert axes.get_ylim()[1] > top
        assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1)
