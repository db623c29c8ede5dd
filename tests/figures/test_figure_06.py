import numpy as np
import pytest

from created_equal.artefacts import SPLITS, select_split
from created_equal.figures.figure_06 import boosting_words, draw
from created_equal.figures.style import correlation_words
from created_equal.scores import correlation, quantile_means, thirds


def lines(axes: object) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_curves_are_the_accuracies_of_the_thirds(scores, boosting):
    figure = draw(scores, boosting, "Digits", "st_vgg", "adaboost")
    for axes, split in zip(figure.axes[:2], SPLITS, strict=True):
        part, of_cnn = select_split(boosting, split), select_split(scores, split)
        right = (part["prediction"] == part["label"]).values[0]
        drawn = lines(axes)
        for name, group in thirds(of_cnn["accessibility"].values).items():
            np.testing.assert_array_equal(drawn[name][:, 0], np.arange(1, 31))
            np.testing.assert_allclose(drawn[name][:, 1], right[:, group].mean(axis=1))
        np.testing.assert_allclose(drawn["all"][:, 1], right.mean(axis=1))
        assert len(axes.collections) == 3


def test_two_test_examples_are_drawn_without_the_hard_third(scores, boosting):
    is_train = scores["example_split"].values == "train"
    few = np.sort([*np.flatnonzero(is_train), *np.flatnonzero(~is_train)[:2]])
    scores, boosting = (
        each.sel(example=scores["example"].values[few]) for each in (scores, boosting)
    )
    figure = draw(scores, boosting, "Digits", "st_vgg", "adaboost")
    assert list(lines(figure.axes[1]))[:3] == ["easy", "intermediate", "all"]


def test_points_bins_and_their_correlations(scores, boosting):
    figure = draw(scores, boosting, "Digits", "st_vgg", "adaboost")
    for axes, split in zip(figure.axes[3:5], SPLITS, strict=True):
        part, of_cnn = select_split(boosting, split), select_split(scores, split)
        boosted = (part["prediction"] == part["label"]).values[0].mean(axis=0)
        examples, bins = (line.get_xydata() for line in axes.lines)
        np.testing.assert_allclose(examples, np.column_stack([boosted, of_cnn["accessibility"]]))
        np.testing.assert_allclose(
            bins, np.column_stack(quantile_means(boosted, of_cnn["accessibility"].values, 40))
        )
        title = axes.get_title(loc="left")
        for name, points in (("examples", examples), ("40 bins", bins)):
            words = correlation_words(correlation(*points.T)).replace(", p", "\np")
            assert f"\n{name}: {words}" in title


def test_each_letter_is_there_once(scores, boosting):
    figure = draw(scores, boosting, "Digits", "st_vgg", "adaboost")
    titles = [axes.get_title(loc="left").splitlines()[0] for axes in figure.axes if axes.axison]
    assert sorted(titles) == ["(a) train set", "(b) train set", "test set", "test set"]


def test_a_baseline_that_is_always_right_has_no_correlation(scores, boosting):
    right = boosting["label"].broadcast_like(boosting["prediction"])
    always = boosting.assign(prediction=right.transpose(*boosting["prediction"].dims))
    figure = draw(scores, always, "Digits", "st_vgg", "adaboost")
    assert "examples: r undefined" in figure.axes[3].get_title(loc="left")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (30, "adaboost, k = 1 to 30"),
        (12, "adaboost, k = 1 to 30 (boosting ended at k = 12)"),
    ],
)
def test_heading_says_when_boosting_ended(boosting, found, words):
    ended = boosting.assign_coords(weak_learners=("network", [found]))
    assert boosting_words("adaboost", ended) == words
