from itertools import pairwise

import numpy as np
import pytest

from created_equal.artefacts import select_split
from created_equal.scores import ensemble, label_metrics
from created_equal.scores.agreement import (
    disagreement,
    error_consistency,
    vote_el2n,
    vote_entropy,
)
from created_equal.scores.dynamics import (
    first_learned,
    forgetting,
    learned_for_good,
    mean_network,
    median_network,
    variability,
)
from created_equal.scores.ensemble import score_ensemble
from created_equal.scores.label_metrics import (
    OF_EPOCHS,
    OF_EXAMPLES,
    epoch_metrics,
    example_metrics,
)


@pytest.fixture(params=[1, 6])
def made_up(request, made_up_ensemble):
    return made_up_ensemble(networks=request.param, epochs=6)


@pytest.fixture
def scores(made_up, write_batches, tmp_path, monkeypatch):
    """Scores that are computed in blocks of 4 examples."""
    networks, epochs, _ = made_up.predictions.shape
    monkeypatch.setattr(ensemble, "PREDICTIONS_AT_ONCE", 4 * networks * epochs)
    monkeypatch.setattr(label_metrics, "EXAMPLES_AT_ONCE", 7)
    return score_ensemble(write_batches(tmp_path, made_up, np.arange(networks)[:, None]))


def test_the_metrics_of_examples_are_the_pure_functions(made_up, scores):
    found = example_metrics(scores)
    assert found.index.tolist() == scores["example"].values.tolist()
    trained, last = made_up.predictions[:, 1:], made_up.predictions[:, -1]
    right, epochs = trained == made_up.labels, np.arange(1, 6)
    # Shares of the votes (class, epoch, example), and margins (epoch, example).
    shares = np.array([(trained == k).mean(axis=0) for k in range(made_up.classes)])
    margins = np.empty(shares.shape[1:])
    for (epoch, example), _ in np.ndenumerate(margins):
        of_image, label = shares[:, epoch, example], made_up.labels[example]
        margins[epoch, example] = of_image[label] - max(np.delete(of_image, label))
    expected = {
        "consistency": (last == made_up.labels).mean(axis=0),
        "consensus": np.max(shares[:, -1], axis=0),
        "modal_label": np.argmax(shares[:, -1], axis=0),
        "accessibility": right.mean(axis=(0, 1)),
        "first_learned": median_network(first_learned(right, epochs)),
        "learned_for_good": median_network(learned_for_good(right, epochs)),
        "ever_learned": right.any(axis=1).mean(axis=0),
        "forgetting": mean_network(forgetting(right)),
        "churn": (trained[:, 1:] != trained[:, :-1]).mean(axis=(0, 1)),
        "variability": variability(right.mean(axis=0)),
        "vote_margin": margins[-1],
        "mean_vote_margin": margins.mean(axis=0),
        "vote_entropy": vote_entropy(last),
        "vote_el2n": vote_el2n(last, made_up.labels),
        "disagreement": disagreement(last),
    }
    assert {*found.columns} == {*expected, "difficulty_class"}
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12, err_msg=name)
    consistency = expected["consistency"]
    assert (found["difficulty_class"][consistency == 1] == "trivial").all()
    assert (found["difficulty_class"][consistency == 0] == "impossible").all()


def test_the_metrics_of_epochs_are_means_over_each_split(made_up, scores):
    found = epoch_metrics(scores).set_index(["epoch", "split"])
    assert len(found) == 2 * 6
    for split in ("train", "test"):
        chosen = made_up.is_test == (split == "test")
        predictions = np.moveaxis(made_up.predictions[..., chosen], 1, 0)
        of_split = found.xs(split, level="split")
        stored = select_split(scores, split)
        np.testing.assert_allclose(
            of_split["disagreement"], [disagreement(each).mean() for each in predictions]
        )
        changes = [(before != after).mean() for before, after in pairwise(predictions)]
        np.testing.assert_allclose(of_split["churn"], [np.nan, *changes])
        right = predictions == made_up.labels[chosen]
        np.testing.assert_allclose(of_split["accuracy"], right.mean(axis=(1, 2)), rtol=1e-6)
        expected = {
            "loss": stored["loss"].sel(split=split).mean("network"),
            "bimodality": stored["bimodality"].sel(split=split),
            "error_consistency": [error_consistency(e.sum(axis=0), e.mean(axis=1)) for e in right],
        }
        if right.shape[1] > 1:
            expected |= {
                "variance_of_accuracy": right.mean(axis=2).var(axis=1, ddof=1),
                "variance_if_independent": [
                    each.var(axis=0, ddof=1).sum() / each.shape[1] ** 2 for each in right
                ],
            }
        for name, values in expected.items():
            np.testing.assert_allclose(of_split[name], values, rtol=1e-5, err_msg=name)
        band = stored["bimodality_over_examples"].sel(split=split)
        np.testing.assert_array_equal(of_split[["bimodality_lower", "bimodality_upper"]], band)


def test_churn_is_of_labels_even_if_both_are_wrong():
    before = np.array([[0, 1, 2], [0, 1, 2]])
    after = np.array([[0, 2, 2], [0, 2, 0]])
    predictions = np.stack([before, after], axis=1)
    found = label_metrics.metrics_of_predictions(predictions, np.zeros(3, int), np.array([1, 2]))
    assert found["churn"].tolist() == [0, 1, 0.5]


def test_one_epoch_says_nothing_of_learning(made_up_ensemble, write_batches, tmp_path):
    made_up = made_up_ensemble(networks=2, epochs=2)
    scores = score_ensemble(write_batches(tmp_path, made_up, [[0, 1]]))
    assert scores["churn"].isnull().all()
    found = example_metrics(scores)
    assert not {*found.columns} & {*label_metrics.OF_SEVERAL_EPOCHS}
    assert {"consistency", "vote_entropy", "difficulty_class"} <= {*found.columns}


def test_scores_of_an_earlier_version_have_the_others(scores):
    earlier = scores.drop_vars([*OF_EXAMPLES, *OF_EPOCHS])
    now = example_metrics(scores)
    assert example_metrics(earlier).equals(now.drop(columns=list(OF_EXAMPLES)))
    assert not {"disagreement", "churn"} & {*epoch_metrics(earlier)}
