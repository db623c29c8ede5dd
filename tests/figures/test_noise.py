"""Noise: made-up networks of which some share their noise."""

import re

import numpy as np
import pytest
import xarray as xr
from learners import predictions_of

from created_equal.artefacts import select_split, write_predictions
from created_equal.errors import InputError
from created_equal.figures.noise import HALVES, NOISES, draw
from created_equal.scores import Hypotheses, score_ensemble, spearman_brown

KEYS = ("ensemble", *NOISES, *HALVES)
NAMES = {key: f"{key}_networks" for key in KEYS}
EPOCHS = 4
# How many of the examples each network gets wrong at random.
WRONG = dict(zip(KEYS, (0.6, 0.6, 0.3, 0.0, 0.2, 0.2), strict=True))


@pytest.fixture(scope="module")
def hypotheses(dataset: xr.Dataset, tmp_path_factory: pytest.TempPathFactory):
    """Return a function that makes up ensembles of this many networks."""

    def make(networks: int) -> Hypotheses:
        folder = tmp_path_factory.mktemp("noise")
        labels = dataset["label"].values.astype(int)
        hard = np.random.default_rng(1).random(labels.size)
        scores, paths = {}, {}
        for number, (key, name) in enumerate(NAMES.items()):
            generator = np.random.default_rng(number)
            shape = (networks, EPOCHS + 1, labels.size)
            wrong = generator.random(shape) < 2 * hard * WRONG[key]
            predicted = (labels + wrong * generator.integers(1, 10, shape)) % 10
            paths[name] = [folder / f"{name}.nc"]
            write_predictions(predictions_of(predicted, dataset), paths[name][0], {"of": name})
            scores[name] = score_ensemble(paths[name])
        return Hypotheses(scores, paths, dataset)

    return make


def pairs(hypotheses: Hypotheses, key: str, epoch: int) -> float:
    """Return the share of pairs of networks that predict two labels, on the test set."""
    answers = hypotheses.answers(NAMES[key])
    labels = answers.predictions[:, epoch, answers.axis.is_test]
    n = len(labels)
    return np.mean([(labels[i] != labels[j]).mean() for i in range(n) for j in range(n) if i != j])


def test_curves_are_shares_of_pairs_and_their_ratios(hypotheses):
    made = hypotheses(5)
    figure = draw(made, NAMES, "Digits", "st-VGG")
    left, middle, right = figure.axes
    assert ", epochs 1 to 4;" in " ".join(figure.get_suptitle().split())
    for line, key in zip(left.lines, ("ensemble", *NOISES), strict=True):
        expected = [pairs(made, key, epoch) for epoch in range(1, EPOCHS + 1)]
        np.testing.assert_allclose(line.get_ydata(), expected)
        assert line.get_xdata().tolist() == [1, 2, 3, 4]
    ratios = [pairs(made, key, EPOCHS) / pairs(made, "ensemble", EPOCHS) for key in NOISES]
    *curves, _ = middle.lines  # The last one is at 1.
    for line, ratio in zip(curves, ratios, strict=True):
        assert line.get_ydata()[-1] == pytest.approx(ratio)
    for words in (f"initialisation {ratios[0]:.2f} (", f"mini-batches {ratios[1]:.2f} ("):
        assert words in middle.get_title(loc="left")
    assert "dropout 0.00 (0.00 to 0.00)" in middle.get_title(loc="left")
    one, two = (made.stored(NAMES[key]).accessibility for key in HALVES)
    is_test = made.stored(NAMES[HALVES[0]]).axis.is_test
    r = np.corrcoef(one[is_test], two[is_test])[0, 1]
    assert f"\nr {r:.2f} (" in right.get_title(loc="left")
    assert right.lines[0].get_xdata().size == is_test.sum()


def test_the_correlation_expected_within_a_half_may_be_below_that_of_both(hypotheses):
    made = hypotheses(6)
    title = draw(made, NAMES, "Digits", "st-VGG").axes[2].get_title(loc="left")
    reliable = []
    for key in HALVES:
        answers = made.answers(NAMES[key])
        right = (answers.predictions == answers.axis.labels)[:, 1:, answers.axis.is_test]
        even, odd = right[::2].mean(axis=(0, 1)), right[1::2].mean(axis=(0, 1))
        reliable.append(spearman_brown(np.corrcoef(even, odd)[0, 1], 2))
    expected = np.sqrt(np.prod(reliable))
    assert f"\nsame half {expected:.2f} (" in title
    (r,) = re.findall(r"\nr ([0-9.]+) \(", title)
    assert float(r) > expected + 0.005 and "\nratio 1.00 (" in title


def test_few_networks_have_no_interval(hypotheses):
    _, middle, right = draw(hypotheses(2), NAMES, "Digits", "st-VGG").axes
    assert "(0." not in middle.get_title(loc="left")
    assert "to" not in right.get_title(loc="left").splitlines()[1]


def test_a_sample_of_a_large_test_set_is_stated(hypotheses):
    made = hypotheses(2)
    assert "Test set. Disagreement" in words_of(draw(made, NAMES, "Digits", "st-VGG"))
    _, *most = select_split(made.dataset, "test")["example"].values
    made.sample = np.array(most)
    shown, whole = len(most), len(most) + 1
    words = words_of(draw(made, NAMES, "Digits", "st-VGG"))
    assert f"Test set, {shown} of {whole} at random. Disagreement" in words


def words_of(figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def test_other_test_examples_are_refused(hypotheses):
    made = hypotheses(2)
    made.scores[NAMES["dropout"]] = made.scores[NAMES["dropout"]].isel(example=slice(0, -1))
    with pytest.raises(InputError, match="test examples or labels differ; name ensembles of the"):
        draw(made, NAMES, "Digits", "st-VGG")
