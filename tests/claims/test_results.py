import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

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
    assert any("train loss" in each and "in each network" in each for each in sentences)


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
        "  results/made_up/dataset.nc: 40 train examples, and 41 in the study; delete it and run "
        "again.",
        "  results/made_up/baselines/svm.nc: 1 random states, and 2 in the study; delete it and "
        "run again.",
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
        (
            "consensus",
            lambda values: values * 0 + 0.19,
            "consensus from 0.1900, where no less than 1/K = 0.2000 is possible",
        ),
        (
            "accuracy",
            lambda values: values + 0.001,
            "at most 0.001000 apart at any epoch, where 0.000100 is rounding",
        ),
        ("loss", lambda values: 1 - values, "all but the networks 0, 1"),
        ("loss", lambda values: values * 0 + 1.6, "all but the networks 0, 1"),
        ("loss", lambda values: values * math.nan, "all but the networks 0, 1"),
        (
            "accuracy",
            lambda values: values * 0 + 0.2,
            "train accuracy 0.2000 in the end, where chance is 0.2000",
        ),
    ],
)
def test_scores_that_cannot_be(scores, name, change, said):
    found = failing(results.of_scores(broken(scores, name, change), "scores.nc", OF_TWENTY))
    assert any(said in sentence and sentence.startswith("scores.nc: ") for sentence in found)


def test_networks_that_did_not_learn_may_be_helped_by_another_recipe(scores):
    unlearnt = broken(scores, "accuracy", lambda values: values * 0 + 0.2)
    found = results.of_learning(unlearnt, "scores.nc", OF_TWENTY, 0.2)
    assert {each.remedy for each in found if not each.well} == {
        "give the ensemble's recipe a lower learning_rate or more epochs, and run again"
    }


def test_too_few_networks(scores):
    assert failing(results.of_scores(scores, "scores.nc", ensemble_of(networks=21))) == [
        "scores.nc: 20 networks, and 21 in the study"
    ]


def test_random_labels_must_stay_at_chance_on_the_test_set(counted):
    shuffled = ensemble_of(networks=20, dataset={"derived": {"labels": "random", "seed": 0}})
    counts = np.tile([[4], [10], [20]], 300)
    found = failing(results.of_scores(counted(counts), "scores.nc", shuffled))
    assert found == [
        "scores.nc: test accuracy 1.0000 of random labels, where 0.2000 more or less than chance, "
        "0.2000, is guessing"
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


def long_losses(course):
    """The scores of three networks with a loss in the course of 41 epochs, the second's given."""
    real = np.exp(-np.arange(41) / 8) + 0.02 * np.random.default_rng(3).normal(size=41)
    accuracy = np.broadcast_to(np.linspace(0.2, 0.9, 41)[None, :, None], (3, 41, 2))
    return xr.Dataset(
        {
            "loss": (("network", "epoch", "split"), np.stack([[real, course, real]] * 2, axis=-1)),
            "accuracy": (("network", "epoch", "split"), accuracy),
        },
        coords={"network": [0, 1, 2], "epoch": np.arange(41), "split": ["train", "test"]},
    )


@pytest.mark.parametrize(
    "course, well",
    [
        (np.exp(-np.arange(41) / 8), True),
        # Random labels: nothing for long, then all.
        (np.r_[2.3 - 0.001 * np.arange(30), np.linspace(2.2, 0.05, 11)], True),
        # Learnt at once, with noise ever after; or after a step in the wrong direction.
        (np.r_[2.3, 0.5, 0.1, 0.05 + 0.03 * np.cos(np.arange(38))], True),
        (np.r_[2.3, 3.0, 1.5, np.linspace(1.2, 0.4, 38)], True),
        # Unlearnt: noise around that of chance.
        (1.6 + 0.01 * np.random.default_rng(1).normal(size=41), False),
        # Diverged, at once, in the end, or without a number.
        (np.linspace(2.3, 9, 41), False),
        (np.r_[np.linspace(2.3, 0.1, 35), np.full(6, 7.0)], False),
        (np.r_[np.linspace(2.3, 0.1, 35), np.full(6, math.nan)], False),
    ],
)
def test_the_loss_of_every_network_must_fall(course, well):
    found = list(results.of_learning(long_losses(course), "scores.nc", OF_TWENTY, 0.2))
    assert [finding.well for finding in found] == [well, True, True]
    assert found[0].sentence.endswith("in each network" if well else "in all but the networks 1")


@pytest.mark.parametrize("epochs", [21, 41, 141])
def test_a_loss_that_only_fluctuates_hardly_ever_falls(epochs):
    noise = 1.6 + 0.01 * np.random.default_rng(0).normal(size=(2000, epochs))
    assert np.mean([results.falls(each) for each in noise]) < 0.05


def chosen_of(examples, rounds, what):
    return pd.DataFrame({"example": examples, "round": rounds, "what": what})


@pytest.fixture
def after(networks):
    """A dataset of 40 train and 20 test examples, and the scores of an ensemble without some."""
    before = networks(np.ones((2, 2, 60), dtype=bool), LABELS, IS_TEST)

    def without(removed, moved=()):
        split = np.where(np.isin(np.arange(60), moved), "test", before["example_split"].values)
        made = before.assign_coords(example_split=("example", split))
        return before, made.isel(example=np.setdiff1d(np.arange(60), removed))

    return without


def test_counts_of_what_was_removed_in_each_round(after):
    step = {"keep": "hardest", "fraction": 0.5, "per_round": 0.2, "cut": 3}
    removed = np.arange(20)
    rounds = np.repeat([1, 2, 3], [8, 8, 4])
    chosen = chosen_of(removed, rounds, "removed")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed))) == []
    # One more in the first round, and one less in the last, leave as many.
    wrong = chosen_of(removed, np.repeat([1, 2, 3], [9, 8, 3]), "removed")
    assert failing(results.of_chosen(wrong, "chosen.csv", step, *after(removed))) == [
        "chosen.csv: 40, 32, 24, 20 train examples by the study's fraction, and 40 less those "
        "chosen are 40, 31, 23, 20"
    ]
    # The ensemble after the second cut has what is left after two.
    step = step | {"cut": 2}
    chosen = chosen_of(removed[:16], rounds[:16], "removed")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed[:16]))) == []
    assert len(failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed)))) == 1
    assert len(failing(results.of_chosen(chosen, "chosen.csv", step, *after([])))) == 1


def test_moved_examples_must_be_in_the_test_set(after):
    step = {"move_to_test": "easiest", "fraction": 0.05}
    chosen = chosen_of([3, 7], 1, "moved")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after([], [3, 7]))) == []
    (sentence,) = failing(results.of_chosen(chosen, "chosen.csv", step, *after([], [3])))
    assert sentence.startswith("chosen.csv: of 2 chosen examples 1 are in the test set")
    one = chosen_of([3], 1, "moved")
    (sentence,) = failing(results.of_chosen(one, "chosen.csv", step, *after([], [3])))
    assert "40, 38 train examples by the study's fraction" in sentence
    twice = chosen_of([3, 3], 1, "moved")
    assert failing(results.of_chosen(twice, "chosen.csv", step, *after([], [3])))


def test_relabelled_examples_are_those_with_another_label(after):
    before, scores = after([])
    scores = scores.copy(deep=True)
    scores["label"][[2, 5]] = 1 - scores["label"][[2, 5]]
    step = {"labels": "random", "seed": 0}
    good, bad = (chosen_of(examples, 1, "relabelled") for examples in ([5, 2], [5]))
    assert failing(results.of_chosen(good, "chosen.csv", step, before, scores)) == []
    assert failing(results.of_chosen(bad, "chosen.csv", step, before, scores)) == [
        "chosen.csv: 1 relabelled examples, and 2 have another label than in the study's dataset"
    ]


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
