"""The engine computes what its version stands for, on any processor.

Comments, names and speed may change; a change of any number fails here.
"""

import json

import numpy as np
import pytest
from engine_predictions import FILE, NETWORKS, PRECISIONS, train

from created_equal.networks import Dropout
from created_equal.training.engine import streams, trainee
from created_equal.versions import ENGINE_VERSION

STORED = json.loads(FILE.read_text())
REMEDY = (
    "If these networks are meant to be others than before, raise ENGINE_VERSION in "
    "src/created_equal/versions.py and run `python tests/training/engine_predictions.py`: whoever "
    "has trained networks then trains them again. Otherwise undo what changed them."
)
# How far losses (relative) and predictions (share of the examples) may be from the stored ones,
# because processors round differently: with AVX2 and AVX-512 instructions the losses differ by
# 1e-7 in fp32 and 2e-3 in bf16, where up to 12 % of the predictions differ.
TOLERANCE = {"fp32": (1e-5, 0.02), "bf16": (1e-2, 0.25)}


def differs(found, precision, name):
    """Whether a network's results are too far from the stored ones to be due to rounding."""
    expected = STORED["networks"][name][precision]
    losses, predictions = TOLERANCE[precision]
    return not np.allclose(found["loss"], expected["loss"], rtol=losses, atol=0) or any(
        np.mean([one != other for one, other in zip(*epoch, strict=True)]) > predictions
        for epoch in zip(found["predictions"], expected["predictions"], strict=True)
    )


def test_the_predictions_are_stored_for_this_version():
    assert STORED["engine_version"] == ENGINE_VERSION, (
        f"{FILE.name} was made for ENGINE_VERSION {STORED['engine_version']}, and it is now "
        f"{ENGINE_VERSION}; run `python tests/training/engine_predictions.py`."
    )
    assert set(STORED["networks"]) == set(NETWORKS)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_engine_trains_the_networks_of_its_version(digits, name, precision):
    assert not differs(train(name, precision, digits), precision, name), REMEDY


def other_weights(monkeypatch):
    draw = trainee.initialise

    def initialise(network, streams):
        draw(network, streams)
        for weights in network.parameters():
            weights.data *= 1.001

    monkeypatch.setattr(trainee, "initialise", initialise)


def other_order(monkeypatch):
    permutation = streams.Streams.permutation
    monkeypatch.setattr(
        streams.Streams, "permutation", lambda *arguments: permutation(*arguments)[::-1].copy()
    )


def other_dropout_scale(monkeypatch):
    forward = Dropout.forward
    monkeypatch.setattr(Dropout, "forward", lambda layer, x: forward(layer, x) * 1.001)


def other_decay(monkeypatch):
    rate = trainee.learning_rate
    monkeypatch.setattr(trainee, "learning_rate", lambda recipe, epoch: rate(recipe, epoch + 1))


def other_images(monkeypatch):
    standardised = trainee.Examples._standardised
    monkeypatch.setattr(
        trainee.Examples, "_standardised", lambda *arguments: standardised(*arguments) * 1.001
    )


@pytest.mark.parametrize(
    "change", [other_weights, other_order, other_dropout_scale, other_decay, other_images]
)
def test_a_change_of_what_is_computed_is_noticed(digits, monkeypatch, change):
    change(monkeypatch)
    assert differs(train("small_st_vgg", "fp32", digits), "fp32", "small_st_vgg")
