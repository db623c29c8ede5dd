"""The engine computes the numbers of its version on every processor.

These tests fail if any number changes; comments, names and speed may change.
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
    "If the networks are meant to change, raise ENGINE_VERSION in src/created_equal/versions.py "
    "and run `python tests/training/engine_predictions.py`; all users then have to train their "
    "networks again. Otherwise undo the change."
)
# Tolerances for losses (relative) and predictions (fraction of the examples), because processors
# round differently: between AVX2 and AVX-512 instructions the losses differ by 1e-7 in fp32, and in
# bf16 by 2e-3 with up to 12 % different predictions. Only gross changes are noticed in bf16, but it
# runs the same code as fp32, within an autocast (test_trainee.py).
TOLERANCE = {"fp32": (1e-5, 0.02), "bf16": (1e-2, 0.25)}


def differs(result, precision, name):
    """Whether results differ from the stored ones by more than rounding."""
    expected = STORED["networks"][name][precision]
    losses, predictions = TOLERANCE[precision]
    return not np.allclose(result["loss"], expected["loss"], rtol=losses, atol=0) or any(
        np.mean([one != other for one, other in zip(*epoch, strict=True)]) > predictions
        for epoch in zip(result["predictions"], expected["predictions"], strict=True)
    )


def test_predictions_are_stored_for_this_version():
    assert STORED["engine_version"] == ENGINE_VERSION, (
        f"{FILE.name} was made for ENGINE_VERSION {STORED['engine_version']}, not "
        f"{ENGINE_VERSION}; run `python tests/training/engine_predictions.py`."
    )
    assert set(STORED["networks"]) == set(NETWORKS)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_engine_trains_the_networks_of_its_version(digits, name, precision):
    assert not differs(train(name, precision, digits), precision, name), REMEDY


def change_weights(monkeypatch):
    draw = trainee.initialize

    def initialize(network, streams):
        draw(network, streams)
        for weights in network.parameters():
            weights.data *= 1.001

    monkeypatch.setattr(trainee, "initialize", initialize)


def change_order(monkeypatch):
    permutation = streams.Streams.permutation
    monkeypatch.setattr(
        streams.Streams, "permutation", lambda *arguments: permutation(*arguments)[::-1].copy()
    )


def change_dropout_scale(monkeypatch):
    forward = Dropout.forward
    monkeypatch.setattr(Dropout, "forward", lambda layer, x: forward(layer, x) * 1.001)


def change_decay(monkeypatch):
    rate = trainee.learning_rate
    monkeypatch.setattr(trainee, "learning_rate", lambda recipe, epoch: rate(recipe, epoch + 1))


def change_images(monkeypatch):
    standardize = trainee.Examples._standardize
    monkeypatch.setattr(
        trainee.Examples, "_standardize", lambda *arguments: standardize(*arguments) * 1.001
    )


@pytest.mark.parametrize(
    "change", [change_weights, change_order, change_dropout_scale, change_decay, change_images]
)
def test_changed_computations_are_detected(digits, monkeypatch, change):
    change(monkeypatch)
    assert differs(train("small_st_vgg", "fp32", digits), "fp32", "small_st_vgg")
