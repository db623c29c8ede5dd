import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.stats import pearsonr, spearmanr

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures import figure_04
from created_equal.figures.figure_04 import SATURATED, draw, joint_fractions
from created_equal.figures.style import correlation_words
from created_equal.scores import (
    Correlation,
    accuracy_by_epoch,
    best_matched_pairs,
    bin_edges,
    correlation,
    nearest_matches,
)


@pytest.fixture
def figure(scores: xr.Dataset, other: xr.Dataset) -> Figure:
    return draw({"st_vgg": scores, "small": other}, "Digits")


def panel(figure: Figure, letter: str) -> object:
    (found,) = (
        axes for axes in figure.axes if axes.get_title(loc="left").startswith(f"({letter})")
    )
    return found


def test_correlations_match_the_scores(figure, scores, other):
    for split in ("train", "test"):
        one, two = select_split(scores, split), select_split(other, split)
        even, odd = (one["accessibility_half"].sel(half=half) for half in ("even", "odd"))
        halves = f"{split}: {correlation_words(correlation(even.values, odd.values))}"
        assert halves in panel(figure, "a").get_title(loc="left")
        found = correlation(one["accessibility"].values, two["accessibility"].values)
        title = panel(figure, "b").get_title(loc="left")
        assert f"{split}: r = {found.r:.3f}" in title
        rank = spearmanr(one["accessibility"].values, two["accessibility"].values).statistic
        assert f"{split} {rank:.3f}" in title.rpartition("rank r: ")[2]


def test_points_are_the_examples(figure, scores, other):
    train, test, _ = panel(figure, "b").lines
    np.testing.assert_array_equal(
        test.get_xydata(),
        np.column_stack([select_split(each, "test")["accessibility"] for each in (scores, other)]),
    )
    assert train.get_marker() != test.get_marker()
    assert len(train.get_xdata()) == 250


def test_matched_epochs_and_saturated_cells(figure, scores, other):
    accuracies = [accuracy_by_epoch(each, "test") for each in (scores, other)]
    for letter, pair in zip("cd", best_matched_pairs(*accuracies), strict=True):
        axes = panel(figure, letter)
        title = f"test accuracy {accuracies[0][pair.epoch_a]:.2f}:\n"
        assert axes.get_title(loc="left") == (
            f"({letter}) {title}st_vgg epoch {pair.epoch_a}, small epoch {pair.epoch_b}"
        )
        (mesh,) = axes.collections
        assert mesh.get_array().sum() == pytest.approx(1)
        assert mesh.get_clim() == (0, 0.04)
        assert to_hex(mesh.get_cmap().get_over()) == SATURATED
        assert np.ma.is_masked(mesh.get_array()), "cells without examples are left white"
        assert mesh.get_array().shape == (7, 9), "a column for each of 0..8 networks, a row of 0..6"


def test_joint_fractions_by_hand():
    one, other = np.array([0, 0, 0.5, 1]), np.array([0, 1, 1, 1])
    found = joint_fractions(one, other, bin_edges(2), bin_edges(1))
    np.testing.assert_array_equal(found, [[0.25, 0, 0], [0.25, 0.25, 0.25]])


def test_correlation_in_words():
    assert (
        correlation_words(Correlation(0.8704, -159.5, 0.85, 0.89))
        == "r = 0.870 (0.850 to 0.890), p ≤ 10⁻¹⁵⁹"
    )


def test_an_undefined_correlation_is_stated_and_the_rest_is_drawn(scores, other):
    """If networks were trained too briefly, all examples have the same accessibility."""
    test = scores["example_split"] == "test"
    alike = scores.assign(
        accessibility=scores["accessibility"].where(~test, 0.1),
        accessibility_half=scores["accessibility_half"].where(~test, 0.1),
    )
    figure = draw({"st_vgg": alike, "small": other}, "Digits")
    for letter in "ab":
        title = panel(figure, letter).get_title(loc="left")
        assert "test: r undefined" in title
        assert "train: r = " in title
    assert panel(figure, "c").collections


def test_one_network_has_no_halves(ensemble, other):
    with pytest.raises(
        InputError, match="halves of st_vgg, which has a single network; train more"
    ):
        draw({"st_vgg": ensemble(networks=1), "small": other}, "Digits")


def test_ensembles_of_different_datasets(scores, other):
    moved = other.assign_coords(example=other["example"] + 1000)
    with pytest.raises(InputError, match="st_vgg and small, but they share no train examples"):
        draw({"st_vgg": scores, "small": moved}, "Digits")


def test_long_names_do_not_reach_into_the_next_panel(scores, other):
    figure = draw({"st-VGG": scores, "st-VGG, crop and flip": other}, "Digits")
    figure.draw_without_rendering()
    first, second = (panel(figure, letter)._left_title.get_window_extent() for letter in ("c", "d"))
    assert first.x1 < second.x0


def test_three_panels_are_empty_if_no_epochs_match(scores, other):
    unlike = other.assign(accuracy=other["accuracy"] - 2)
    figure = draw({"st_vgg": scores, "small": unlike}, "Digits")
    for letter in "cde":
        axes = panel(figure, letter)
        assert "no epochs with test accuracies" in axes.get_title(loc="left")
        assert not axes.collections
    assert len(panel(figure, "b").lines) == 3


def test_one_pair_of_epochs_is_not_shown_twice(scores, other):
    accuracy = xr.zeros_like(other["accuracy"])
    accuracy.loc[{"epoch": 3}] = scores["accuracy"].sel(epoch=5).mean("network")
    figure = draw({"st_vgg": scores, "small": other.assign(accuracy=accuracy)}, "Digits")
    assert "st_vgg epoch 5, small epoch 3" in panel(figure, "c").get_title(loc="left")
    assert panel(figure, "d").get_title(loc="left").startswith("(d) no other epochs with")
    assert not panel(figure, "d").collections


def test_agreement_at_all_epochs_of_equal_accuracy(figure, scores, other):
    observed, of_classes = panel(figure, "e").lines
    accuracies = [accuracy_by_epoch(each, "test") for each in (scores, other)]
    pairs = nearest_matches(*accuracies)
    np.testing.assert_array_equal(
        observed.get_xdata(), [accuracies[0][pair.epoch_a] for pair in pairs]
    )
    tests = [select_split(each, "test") for each in (scores, other)]
    labels, generator = tests[0]["label"].values, np.random.default_rng(0)
    for place, pair in enumerate(pairs):
        one, two = (
            each["n_right"].sel(epoch=epoch).values.astype(float)
            for each, epoch in zip(tests, pair[:2], strict=True)
        )
        assert observed.get_ydata()[place] == pytest.approx(pearsonr(one, two).statistic)
        shuffled = []
        for _ in range(200):
            order = np.lexsort((generator.random(len(labels)), labels))
            drawn = np.empty(len(labels))
            drawn[np.argsort(labels, kind="stable")] = two[order]
            shuffled.append(pearsonr(one, drawn).statistic)
        # Four standard errors of the mean of 200: a false alarm in 16,000 epochs.
        assert of_classes.get_ydata()[place] == pytest.approx(
            np.mean(shuffled), abs=4 * np.std(shuffled) / 200**0.5
        )


@pytest.mark.parametrize("r", [-0.9, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("n_pairs", [1, 3, 7])
def test_the_legend_of_agreement_is_not_over_its_points(scores, other, monkeypatch, n_pairs, r):
    accuracies = (pd.Series(np.linspace(0.1, 0.8, scores.sizes["epoch"])),) * 2
    pairs = nearest_matches(*accuracies)[:n_pairs]
    monkeypatch.setattr(figure_04, "nearest_matches", lambda *_: pairs)
    monkeypatch.setattr(figure_04, "pearson", lambda *_: r)
    figure = draw({"st_vgg": scores, "small": other}, "Digits")
    figure.draw_without_rendering()
    axes = panel(figure, "e")
    points = np.concatenate([axes.transData.transform(line.get_xydata()) for line in axes.lines])
    assert len(points) == 2 * n_pairs
    assert axes.bbox.count_contains(points) == len(points)
    assert axes.get_legend().get_window_extent().count_contains(points) == 0


def test_ensembles_with_other_labels_are_refused(scores, other):
    """As one that learns random labels."""
    random = other.assign(label=("example", np.roll(other["label"].values, 1)))
    studies = {
        name: each.assign_attrs(definition='{"dataset": {}}')
        for name, each in (("st_vgg", scores), ("random", random))
    }
    with pytest.raises(InputError, match="st_vgg and random, but their train examples have diffe"):
        draw(studies, "Digits")


@pytest.mark.parametrize("name", ["label", "example_name", "example_split"])
@pytest.mark.parametrize("definition", ['{"recorded": {}}', '{"imported": {}}'])
def test_other_examples_with_the_same_numbers_are_refused(scores, other, name, definition):
    one, two = (
        each.assign(example_name="doc " + each["example"].astype(str).astype(object)).assign_attrs(
            definition=definition
        )
        for each in (scores, other)
    )
    one["example_name"][one["example_split"].values == "train"] = ""  # Only test examples have ids.
    draw({"st_vgg": one, "small": two}, "Digits")
    two[name] = "example", np.roll(two[name].values, 1)
    with pytest.raises(InputError, match="st_vgg and small have different examples with the same"):
        draw({"st_vgg": one, "small": two}, "Digits")
