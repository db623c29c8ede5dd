from dataclasses import replace

import numpy as np
import pytest

from created_equal.artefacts import (
    make_dataset,
    make_predictions,
    write_dataset,
    write_predictions,
    write_scores,
)
from created_equal.claims import results
from created_equal.errors import InputError
from created_equal.scores import score_ensemble
from created_equal.study import Baseline, Ensemble, Recipe, Study

N, EPOCHS, K, EXAMPLES = 4, 3, 2, 60
LABELS = np.arange(EXAMPLES) % K
IS_TEST = np.arange(EXAMPLES) >= 40


def ensemble_of(**keys):
    return replace(
        Ensemble("made_up", "st_vgg", "st_vgg", 1.0, N, Recipe(epochs=EPOCHS), {"source": "d"}),
        **keys,
    )


STUDY = Study(
    name="made_up",
    title="Made up",
    networks=N,
    dataset={"source": "digits", "train_examples": 40, "test_examples": 20},
    ensembles={"st_vgg": ensemble_of()},
    figures={
        "figure_01": {"ensemble": "st_vgg"},
        "figure_07": {"ensemble": "st_vgg", "baselines": ["svm"]},
    },
    baselines={"svm": Baseline("made_up", "svm", 1, None, {})},
)


def predictions_of(dataset, networks, epochs=None, learnt=True):
    epochs = range(EPOCHS + 1) if epochs is None else epochs
    shape = (len(networks), len(epochs), EXAMPLES)
    right = np.arange(EXAMPLES) % 7 < np.arange(1, len(epochs) + 1)[:, None] + 2 * learnt
    predicted = np.where(np.broadcast_to(right, shape), LABELS, 1 - LABELS)
    is_right = predicted == LABELS
    accuracy = np.stack([is_right[..., ~IS_TEST].mean(-1), is_right[..., IS_TEST].mean(-1)], -1)
    return make_predictions(predicted, accuracy, 1 - accuracy, networks, dataset, epochs)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The results of a small study, written where they belong, two networks a file."""
    monkeypatch.chdir(tmp_path)
    images = np.zeros((EXAMPLES, 2, 2, 1), dtype=np.uint8)
    dataset = make_dataset(images, LABELS, np.arange(EXAMPLES), IS_TEST, ["a", "b"])
    folder = tmp_path / "results/made_up"
    write_dataset(dataset, folder / "dataset.nc", {})
    paths = []
    for first in (0, 2):
        paths.append(folder / f"st_vgg/predictions/{first:04d}-{first + 1:04d}.nc")
        write_predictions(predictions_of(dataset, [first, first + 1]), paths[-1], {"of": "st_vgg"})
    write_scores(score_ensemble(paths), folder / "st_vgg/scores.nc", {"of": "st_vgg"})
    write_predictions(predictions_of(dataset, [0], [1]), folder / "baselines/svm.nc", {"of": "svm"})
    return STUDY


def failing(found):
    return [finding.sentence for finding in found if not finding.well]


def test_results_that_are_well_have_a_sentence_for_each_test(study):
    sentences = results.check_results(study, networks_per_job=2)
    assert len(sentences) == 3 + 4 + 8 + 3
    assert "results/made_up/dataset.nc: 40 train examples, and 40 in the study" in sentences
    assert any("0002-0003.nc: networks 2 to 3 (2)" in sentence for sentence in sentences)
    assert any("train loss" in sentence and "lower" in sentence for sentence in sentences)


def test_each_failure_is_a_sentence_with_the_file_and_the_numbers(study):
    fewer = replace(
        study,
        dataset={"source": "digits", "train_examples": 41},
        baselines={"svm": replace(study.baselines["svm"], seeds=2)},
    )
    with pytest.raises(InputError) as raised:
        results.check_results(fewer, networks_per_job=2)
    said = str(raised.value).splitlines()
    assert said[0] == "2 of 17 tests of made_up's results fail:"
    assert said[1:] == [
        "  results/made_up/dataset.nc: 40 train examples, and 41 in the study",
        "  results/made_up/baselines/svm.nc: 1 random states, and 2 in the study",
    ]


def test_a_file_that_should_be_there_is_missed(study):
    with pytest.raises(InputError, match=r"0000-0003\.nc does not exist"):
        results.check_results(study, networks_per_job=5)


def test_more_epochs_or_networks_than_in_the_files(study):
    ensemble = ensemble_of(recipe=Recipe(epochs=5))
    assert len(failing(results.of_files(ensemble, 2))) == 2
    more = replace(study, ensembles={"st_vgg": ensemble_of(networks=3)})
    with pytest.raises(InputError, match=r"0002-0002\.nc does not exist"):
        results.check_results(more, networks_per_job=2)


@pytest.fixture
def scores(counted):
    """The scores of an ensemble of 20 that learns, of 5 classes: 0.2, 0.4 and 0.9 right."""
    counts = np.array([[4], [8], [18]]) + np.zeros(300, dtype=int)
    return counted(counts)


OF_TWENTY = ensemble_of(networks=20)


def broken(scores, name, change):
    return scores.assign({name: change(scores[name])})


def test_scores_that_are_well(scores):
    assert failing(results.of_scores(scores, "scores.nc", OF_TWENTY)) == []


@pytest.mark.parametrize(
    "name, change, said",
    [
        ("consistency", lambda values: values - 0.5, "0 <= consistency <= consensus <= 1"),
        ("consensus", lambda values: values + 0.5, "0 <= consistency <= consensus <= 1"),
        ("consensus", lambda values: values * 0 + 0.19, "at least 1/K = 0.2000"),
        ("accuracy", lambda values: values + 0.001, "0.001"),
        ("loss", lambda values: 1 - values, "lower"),
        ("accuracy", lambda values: values * 0 + 0.1, "above chance 0.2000"),
    ],
)
def test_scores_that_cannot_be(scores, name, change, said):
    found = failing(results.of_scores(broken(scores, name, change), "scores.nc", OF_TWENTY))
    assert any(said in sentence and sentence.startswith("scores.nc: ") for sentence in found)


def test_too_few_networks(scores):
    assert failing(results.of_scores(scores, "scores.nc", ensemble_of(networks=21))) == [
        "scores.nc: 20 networks, and 21 in the study"
    ]


def test_random_labels_must_stay_at_chance_on_the_test_set(counted):
    shuffled = ensemble_of(networks=20, dataset={"derived": {"labels": "random", "seed": 0}})
    counts = np.tile([[4], [10], [20]], 300)
    found = failing(results.of_scores(counted(counts), "scores.nc", shuffled))
    assert found == [
        "scores.nc: test accuracy 1.0000 of random labels, within 0.2000 of chance 0.2000"
    ]
    counts[:, 200:] = 4
    assert failing(results.of_scores(counted(counts), "scores.nc", shuffled)) == []
    assert len(failing(results.of_scores(counted(counts), "scores.nc", OF_TWENTY))) == 1


def test_the_hardest_alone_may_teach_nothing(counted):
    hardest = ensemble_of(networks=20, dataset={"derived": {"keep": "hardest", "fraction": 0.2}})
    counts = np.tile([[4], [10], [20]], 300)
    counts[:, 200:] = 2
    assert failing(results.of_scores(counted(counts), "scores.nc", hardest)) == []
    kept = ensemble_of(networks=20, dataset={"derived": {"keep": "random", "fraction": 0.2}})
    assert len(failing(results.of_scores(counted(counts), "scores.nc", kept))) == 1


def test_moved_examples_must_be_in_the_test_set(scores):
    assert results.of_moved(scores, np.array([250, 260]), "chosen.csv").well
    found = results.of_moved(scores, np.array([3, 250]), "chosen.csv")
    assert not found.well
    assert found.sentence.startswith("chosen.csv: 1 of 2 moved examples")
    assert not results.of_moved(scores, np.array([], dtype=int), "chosen.csv").well


def test_a_baseline_whose_accuracy_is_not_its_own(study, dataset):
    made = predictions_of(
        make_dataset(
            np.zeros((EXAMPLES, 1, 1, 1), dtype=np.uint8),
            LABELS,
            np.arange(EXAMPLES),
            IS_TEST,
            ["a", "b"],
        ),
        [0],
        [1],
    )
    svm = STUDY.baselines["svm"]
    assert failing(results.of_baseline(made, "svm.nc", svm)) == []
    wrong = made.assign(accuracy=made["accuracy"] + 0.01)
    assert len(failing(results.of_baseline(wrong, "svm.nc", svm))) == 2


def test_an_example_that_is_there_twice():
    names = np.arange(EXAMPLES)
    names[1] = 0
    made = make_dataset(
        np.zeros((EXAMPLES, 1, 1, 1), dtype=np.uint8), LABELS, names, IS_TEST, ["a", "b"]
    )
    found = failing(results.of_dataset(made, "made_up", {}))
    assert found == ["results/made_up/dataset.nc: 59 different names of 60 examples"]
