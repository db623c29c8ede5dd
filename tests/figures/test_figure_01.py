import numpy as np
import pytest

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures.figure_01 import draw
from created_equal.scores import phases


def test_four_phases_of_train_above_test(scores, words):
    figure = draw(scores, "Digits", "st_vgg")
    assert len(figure.axes) == 8
    said = words(figure)
    for letter, (phase, epoch) in zip("abcd", phases(scores).items(), strict=True):
        assert any(text.startswith(f"({letter}) {phase}\nepoch {epoch}\n") for text in said)
    assert figure.axes[0].get_ylabel().startswith("train set")
    assert figure.axes[4].get_ylabel().startswith("test set")


def test_bars_are_the_fractions_of_examples(scores):
    figure = draw(scores, "Digits", "st_vgg", [0, 2, 4, 8])
    for axes, epoch in zip(figure.axes[4:], [0, 2, 4, 8], strict=True):
        n_right = select_split(scores, "test")["n_right"].sel(epoch=epoch).values
        values, counts = np.unique(n_right, return_counts=True)
        bars = sorted((bar.get_x(), bar.get_height()) for bar in axes.patches)
        np.testing.assert_allclose(
            bars, np.column_stack([(values - 0.5) / 8, counts / len(n_right)]), atol=1e-9
        )
        assert axes.get_ylim()[0] == 0
        assert axes.get_ylim()[1] > max(height for _, height in bars)


def test_numbers_above_the_panels_match_the_scores(scores):
    figure = draw(scores, "Digits", "st_vgg", [0, 2, 4, 8])
    for axes, epoch in zip(figure.axes[4:], [0, 2, 4, 8], strict=True):
        value = float(scores["bimodality"].sel(epoch=epoch, split="test"))
        lower, upper = scores["bimodality_over_examples"].sel(epoch=epoch, split="test").values
        said = axes.get_title(loc="left")
        assert said == f"bi-modality {value:.2f}\n({lower:.2f} to {upper:.2f})"


def test_chance_and_the_scale_of_bimodality_are_marked(scores, words):
    figure = draw(scores, "Digits", "st_vgg")
    for axes in figure.axes:
        (line,) = (line for line in axes.lines if line.get_gid() == "chance")
        assert list(line.get_xdata()) == [0.1, 0.1]
    said = " ".join(" ".join(words(figure)).split())
    assert "chance, 1/10" in said
    assert "0.77 for a uniform distribution, 1.75" in said


def test_one_network_can_be_drawn(ensemble):
    figure = draw(ensemble(networks=1), "Digits", "st_vgg", [0, 1, 2, 3])
    assert {len(axes.patches) for axes in figure.axes} <= {1, 2}


def test_too_few_epochs_for_four_phases(scores):
    with pytest.raises(InputError, match="at least 3 epochs"):
        draw(scores.isel(epoch=slice(3)), "Digits", "st_vgg")
