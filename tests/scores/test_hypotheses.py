"""Random draws of nulls, and class means on the examples of a resample."""

import numpy as np
import pytest
from learners import predictions_of

from created_equal.artefacts import make_dataset, write_predictions
from created_equal.scores import Counted, Examples, Hypotheses, score_ensemble
from created_equal.scores.hypotheses import DRAWS

N, EPOCHS, EXAMPLES, K = 6, 4, 60, 3
LABELS, IS_TEST = np.arange(EXAMPLES) % K, np.arange(EXAMPLES) >= 30
TEST = Examples(np.arange(30, EXAMPLES), "test")
NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def hypotheses(tmp_path_factory):
    """Three ensembles of six networks that are right half of the time, and white noise images."""
    generator, paths = np.random.default_rng(0), {}
    images = generator.integers(0, 256, (EXAMPLES, 2, 2, 1), np.uint8)
    dataset = make_dataset(images, LABELS, np.arange(EXAMPLES), IS_TEST, list("abc"))
    for name in NAMES:
        predictions = generator.integers(0, K, (N, EPOCHS, EXAMPLES))
        predictions[generator.random(predictions.shape) < 0.25] = 0
        paths[name] = [tmp_path_factory.mktemp(name) / "0000-0005.nc"]
        write_predictions(predictions_of(predictions, dataset), paths[name][0], {"of": name})
    scores = {name: score_ensemble(of) for name, of in paths.items()}
    return Hypotheses(scores, paths, dataset)


@pytest.mark.parametrize("null", ["independent_networks", "classes_kept"])
def test_draws_differ_and_their_predictions_are_those_that_were_counted(hypotheses, null):
    draws = list(hypotheses.draws(null, NAMES))
    assert len(draws) == DRAWS
    counts = [scores.n_right("two", [1, 2], TEST) for scores in draws]
    assert len({each.tobytes() for each in counts}) == DRAWS
    for n_right, scores in zip(counts, draws, strict=True):
        right = [scores.right("two", epoch, TEST).sum(axis=0) for epoch in (1, 2)]
        np.testing.assert_array_equal(n_right, right)
        counted = Counted(scores.counts["two"].answers)
        np.testing.assert_array_equal(scores.counts["two"].halves, counted.halves)
        np.testing.assert_array_equal(scores.counts["two"].accessibility, counted.accessibility)
    again = [scores.n_right("two", [1, 2], TEST) for scores in hypotheses.draws(null, NAMES)]
    np.testing.assert_array_equal(again, counts)


def test_every_draw_shuffles_examples_differently(hypotheses):
    draws = hypotheses.draws("shuffled_within_class", NAMES)
    counts = {scores.n_right("one", [1], TEST).tobytes() for scores in draws}
    assert len(counts) == DRAWS


def test_class_means_replace_the_last_ensemble_on_the_same_examples(hypotheses):
    for resample in hypotheses.resamples(NAMES, 3):
        replaced = hypotheses.with_class_means(NAMES, resample)
        for name in NAMES:
            np.testing.assert_array_equal(replaced.labels(name, TEST), resample.labels(name, TEST))
        assert len(set(resample.n_right("three", [3], TEST)[0])) > 2
        assert set(replaced.n_right("three", [3], TEST)[0]) == {0, N}
        first = resample.n_right("one", [3], TEST)
        np.testing.assert_array_equal(replaced.n_right("one", [3], TEST), first)
    (once,) = hypotheses.with_class_means(NAMES).n_right("three", [3], TEST)
    assert len(once) == len(TEST.names) and set(once) == {0, N}


def test_draws_are_of_the_sample_without_predictions_too(hypotheses, monkeypatch):
    """Those of all examples of a large dataset would not fit in memory."""
    sample = np.arange(0, EXAMPLES, 2)
    kept = Hypotheses(hypotheses.scores, dict.fromkeys(NAMES, ()), hypotheses.dataset)
    monkeypatch.setattr(kept, "sample", sample)
    for scores in kept.draws("independent_networks", NAMES):
        assert scores.n_right("two", [1], TEST).shape == (1, 15)
