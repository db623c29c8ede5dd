import json
import math

import numpy as np
import pytest
import xarray as xr

from created_equal.scores import learning_problem, learning_warnings
from created_equal.scores.learning import falls

EPOCHS = 41
FALLING = np.exp(-np.arange(EPOCHS) / 8)
REMEDY = "lower its learning rate or train it for longer"


def scores_of(loss=(FALLING,) * 3, train=0.9, test=0.8, **derived):
    """The scores of networks on 100 + 100 examples of 5 classes, as far as learning is concerned.

    Each network's train loss is given, and the accuracies at the last epoch.
    """
    accuracy = np.full((len(loss), EPOCHS, 2), 0.2)
    accuracy[:, -1] = train, test
    dims = ("network", "epoch", "split")
    return xr.Dataset(
        {"loss": (dims, np.stack([loss, loss], axis=-1)), "accuracy": (dims, accuracy)},
        coords={
            "network": np.arange(len(loss)),
            "epoch": np.arange(EPOCHS),
            "split": ["train", "test"],
            "example": np.arange(200),
            "example_split": ("example", np.repeat(["train", "test"], 100)),
        },
        attrs={
            "classes": 5,
            "definition": json.dumps({"dataset": {"derived": derived} if derived else {}}),
        },
    )


def test_an_ensemble_that_learned_has_no_problem():
    assert learning_problem(scores_of()) == ""


def test_accuracy_at_chance_is_a_problem_with_a_remedy():
    found = learning_problem(scores_of(train=0.2))
    assert found == "did not learn: train accuracy 0.2000 at the last epoch, chance is 0.2000"
    assert learning_problem(scores_of(train=0.19, test=0.2)) == (
        "did not learn: train accuracy 0.1900 and test accuracy 0.2000 at the last epoch, chance "
        "is 0.2000"
    )


def test_a_warning_names_the_ensemble_the_problem_and_the_remedy():
    assert learning_warnings("digits/hardest_fifth", scores_of(train=0.1)) == [
        "digits/hardest_fifth did not learn: train accuracy 0.1000 at the last epoch, chance is "
        f"0.2000; {REMEDY}."
    ]


@pytest.mark.parametrize("kept, is_problem", [("hardest", False), ("random", True)])
def test_only_networks_trained_on_the_hardest_may_fail_on_the_test_set(kept, is_problem):
    found = learning_problem(scores_of(test=0.1, keep=kept, fraction=0.2))
    assert found.startswith("did not learn: test accuracy 0.1000") == is_problem
    assert learning_problem(scores_of(train=0.1, keep=kept, fraction=0.2))


def test_networks_trained_on_random_labels_may_have_any_accuracy_on_the_test_set():
    # If the classes differ in size, guessing their frequencies is right more often than 1 in K.
    for test in (0.1, 0.2, 0.31):
        assert learning_problem(scores_of(test=test, labels="random", seed=0)) == ""
    assert learning_problem(scores_of(train=0.1, labels="random", seed=0))


@pytest.mark.parametrize(
    "course, learned",
    [
        (FALLING, True),
        # Random labels: nothing for long, then all.
        (np.r_[2.3 - 0.001 * np.arange(30), np.linspace(2.2, 0.05, 11)], True),
        # Learned at once, with noise ever after; or after a step in the wrong direction.
        (np.r_[2.3, 0.5, 0.1, 0.05 + 0.03 * np.cos(np.arange(38))], True),
        (np.r_[2.3, 3.0, 1.5, np.linspace(1.2, 0.4, 38)], True),
        # Batch normalization on few examples: far worse after an epoch, then all.
        (np.r_[1.1, 5.9, 2.6, np.geomspace(1.0, 0.002, 38)], True),
        # Not learned: noise around the loss of chance, or always the same.
        (1.6 + 0.01 * np.random.default_rng(1).normal(size=EPOCHS), False),
        (np.full(EPOCHS, 1.6), False),
        # Diverged: at once, in the end, or to no number.
        (np.linspace(2.3, 9, EPOCHS), False),
        (np.r_[1.0, 0.5, 3.0, np.full(38, 9.0)], False),
        (np.r_[np.linspace(2.3, 0.1, 35), np.full(6, 7.0)], False),
        (np.r_[np.linspace(2.3, 0.1, 35), np.full(6, math.nan)], False),
    ],
)
def test_the_train_loss_of_every_network_must_fall(course, learned):
    found = learning_problem(scores_of([FALLING, course, FALLING]))
    sentence = "did not learn: the train loss of 1 of 3 networks (1) does not fall"
    assert found == ("" if learned else sentence)


def test_many_networks_that_did_not_learn_are_not_all_named():
    problem = learning_problem(scores_of([FALLING[::-1]] * 20))
    assert "of 20 of 20 networks (0, 1, 2, 3, 4, ...) does" in problem


@pytest.mark.parametrize("epochs", [21, 41, 141])
def test_a_loss_that_only_fluctuates_hardly_ever_falls(epochs):
    noise = 1.6 + 0.01 * np.random.default_rng(0).normal(size=(2000, epochs))
    assert np.mean([falls(each) for each in noise]) < 0.05
