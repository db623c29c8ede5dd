import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures.figure_07 import RIGHT, accuracy_words, draw
from created_equal.scores import band_of_mean

Classifiers = dict[str, xr.Dataset]


def of_test(classifiers: Classifiers, name: str) -> np.ndarray:
    part = select_split(classifiers[name], "test")
    return (part["prediction"] == part["label"]).values[:, -1]


def test_bars_are_the_fractions_in_both_groups(scores, classifiers):
    figure = draw(scores, classifiers, "Digits", "st_vgg", [3, 8])
    for axes, epoch in zip(figure.axes, (3, 8), strict=True):
        of_cnn = select_split(scores, "test")["n_right"].sel(epoch=epoch).values > 4
        expected = {True: [], False: []}
        for name in classifiers:
            right = of_test(classifiers, name).mean(axis=0)
            expected[True].append(right[of_cnn].mean())
            expected[False].append(right[~of_cnn].mean())
        drawn = {True: [], False: []}
        for bar in axes.patches:
            drawn[bar.get_facecolor()[:3] == to_rgb(RIGHT["facecolor"])].append(bar.get_width())
        assert drawn[True] == pytest.approx(expected[True])
        assert drawn[False] == pytest.approx(expected[False])
        title = f"epoch {epoch}\nst_vgg: {of_cnn.sum()} right, {(~of_cnn).sum()} wrong"
        assert axes.get_title(loc="left").endswith(title)


def test_error_bars_are_the_bands_over_examples(scores, classifiers):
    one = {"perceptron": classifiers["perceptron"]}
    axes = draw(scores, one, "Digits", "st_vgg", [3, 8]).axes[0]
    of_cnn = select_split(scores, "test")["n_right"].sel(epoch=3).values > 4
    right = of_test(classifiers, "perceptron").mean(axis=0)
    (segment,) = axes.collections[0].get_segments()
    np.testing.assert_allclose(segment[:, 0], band_of_mean(right[of_cnn]))


def test_labels_show_the_accuracies(scores, classifiers):
    axes = draw(scores, classifiers, "Digits", "st_vgg").axes[0]
    said = [label.get_text() for label in axes.get_yticklabels()]
    assert said == [accuracy_words(name, of_test(classifiers, name)) for name in classifiers]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first on top"


def test_accuracies_by_hand():
    right = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    assert accuracy_words("perceptron", right) == "perceptron\naccuracy 0.38 (0.25 to 0.50)"
    assert accuracy_words("svm", right[:1]) == "svm\naccuracy 0.50"


def test_networks_that_get_nothing_right_leave_one_group_empty(scores, classifiers):
    wrong = scores.assign(n_right=scores["n_right"] * 0)
    axes = draw(wrong, classifiers, "Digits", "st_vgg").axes[0]
    assert len(axes.patches) == len(classifiers)
    assert axes.get_title(loc="left").endswith("st_vgg: 0 right, 150 wrong")


def test_a_classifier_of_another_dataset(scores, classifiers):
    other = classifiers["svm"].assign_coords(example=classifiers["svm"]["example"] + 1)
    with pytest.raises(InputError, match="figure_07 compares st_vgg with svm, but their test"):
        draw(scores, {"svm": other}, "Digits", "st_vgg")
