import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from created_equal.errors import InputError
from created_equal.recorder.outputs import (
    class_numbers,
    log_probability,
    logits_of,
    margins,
    may_be_probabilities,
    parts_of,
    read_outputs,
    sum_to_one,
    true_probabilities,
)

LOGITS = arrays(np.float32, (5, 3), elements=st.floats(-50, 50, width=32))


def test_margin_and_probability_by_hand():
    logits = np.log([[0.5, 0.25, 0.25], [0.1, 0.7, 0.2]])
    found = read_outputs(logits + 7, 3, "here:")
    assert found.predicted.tolist() == [0, 1]
    labels, of_classes = np.array([0, 2]), log_probability(found.values, False)
    assert true_probabilities(of_classes, labels) == pytest.approx([0.5, 0.2], abs=1e-3)
    margin = margins(of_classes, labels)
    assert margin == pytest.approx([np.log(2), np.log(0.2 / 0.7)], abs=1e-3)
    assert margin.dtype == np.float16


@given(LOGITS)
def test_probabilities_say_the_same_as_their_logits(logits):
    probabilities = torch.softmax(torch.from_numpy(logits.astype(np.float64)), dim=1)
    one, other = (read_outputs(each, 3, "here:").values for each in (logits, probabilities))
    assert may_be_probabilities(other) and sum_to_one(other).all()
    one, other = log_probability(one, False), log_probability(other, True)
    np.testing.assert_allclose(np.exp(one), np.exp(other), atol=1e-6)
    by_torch = torch.log_softmax(torch.from_numpy(logits.astype(np.float64)), dim=1)
    np.testing.assert_allclose(one, by_torch.numpy(), atol=1e-9)


def test_a_margin_beyond_half_precision_is_its_end():
    found = read_outputs([[1e6, 0.0], [0.0, 1e6]], 2, "here:")
    assert np.isfinite(margins(log_probability(found.values, False), np.array([0, 0]))).all()


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_labels_of_any_kind(kind):
    assert read_outputs(kind([2, 0, 1]), 3, "here:").predicted.tolist() == [2, 0, 1]


def test_a_list_of_tensors_is_read():
    outputs = [torch.tensor([0.0, 1.0, 2.0], requires_grad=True), torch.zeros(3).bfloat16()]
    assert read_outputs(outputs, 3, "here:").predicted.tolist() == [2, 0]


def test_bfloat16_of_jax_and_keras_is_read():
    values = np.array([[0.25, 0.75], [1, -2]], dtype=ml_dtypes.bfloat16)
    assert read_outputs(values, 2, "").values.tolist() == [[0.25, 0.75], [1, -2]]


@pytest.mark.parametrize(
    "labels",
    [
        [1, 0, 1],
        torch.tensor([[1.0], [0.0], [1.0]]),
        [[0, 1], [1, 0], [0, 1]],
        ("dog", "cat", "dog"),
        np.array(["dog", "cat", "dog"], dtype=object),
    ],
)
def test_labels_in_the_batches_of_a_loader(labels):
    assert class_numbers(labels, ["cat", "dog"]).tolist() == [1, 0, 1]


@pytest.mark.parametrize("labels", [[[0.2, 0.8]], [0.5], ["Dog"], ["cat", "other"]])
def test_labels_that_cannot_be_compared(labels):
    assert class_numbers(labels, ["cat", "dog"]) is None


def test_bfloat16_is_read():
    outputs = torch.tensor([[0.0, 1.0]], dtype=torch.bfloat16, requires_grad=True)
    assert read_outputs(outputs, 2, "here:").predicted.tolist() == [1]


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([0, 3], "here: the labels range from 0 to 3, but there are 3 classes; give labels from 0"),
        ([0.5, 0.5], r"here: the outputs have the shape \(2,\) \(float64\); give logits"),
        ([[0.5], [0.2]], r"here: the outputs have the shape \(2, 1\) \(float64\); give logits"),
        (
            [[0.0, 1.0, 2.0], [0.0, 1.0]],
            "a list of 2 parts has parts of different shapes; give one",
        ),
        (
            [[0.0, 1.0, float("-inf")]],
            "here: some logits are minus infinity; give a finite number,",
        ),
        ([[0.0, 1.0, float("nan")]], "here: some outputs are not finite, so the network has div"),
    ],
)
def test_what_is_no_output(outputs, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        read_outputs(outputs, 3, "here:")


def test_the_parts_of_a_batch():
    assert parts_of("inputs") == ("inputs", None, None)
    assert parts_of(["inputs"]) == ("inputs", None, None)
    assert parts_of(("inputs", "labels")) == ("inputs", "labels", None)
    assert parts_of(("inputs", "labels", "ids")) == ("inputs", "labels", "ids")
    with pytest.raises(InputError, match=r"^a batch of a loader has 4 parts; give \(inputs, "):
        parts_of(("inputs", "labels", "ids", "weights"))
    batch = {"x": 1, "label": 2, "id": 3}
    assert parts_of(batch) == ({"x": 1}, 2, 3)
    assert len(batch) == 3


def test_logits_are_found_in_what_models_return():
    class Named:
        logits = "logits"

    for outputs in ("logits", ("logits", "hidden"), {"loss": 0, "logits": "logits"}, Named()):
        assert logits_of(outputs) == "logits"
