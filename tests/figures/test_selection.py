import numpy as np
import pytest

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures.selection import align, check_epochs, phase_epochs

NAMES = ("a", "b")


def test_a_study_can_set_the_phase_epochs(scores):
    assert list(phase_epochs(scores, [0, 2, 4, 8], "figure_01").values()) == [0, 2, 4, 8]
    assert len(phase_epochs(scores, None, "figure_01")) == 4


@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [
        ([0, 1], "figure_01 shows 4 epochs, but 2 are named; name 4 epochs in the study, or none"),
        ([0, 1, 2, 40], "epoch 40, but the networks were trained for 12 epochs; name epochs from"),
    ],
)
def test_epochs_that_cannot_be_shown(scores, epochs, sentence):
    with pytest.raises(InputError, match=sentence):
        check_epochs(scores, epochs, 4, "figure_01")


def test_examples_are_aligned_by_name(scores, other):
    shuffled = other.isel(example=np.random.default_rng(0).permutation(other.sizes["example"]))
    first, second = align(scores, shuffled, "test", "figure_05", NAMES)
    np.testing.assert_array_equal(first["example"], second["example"])
    np.testing.assert_array_equal(first["example"], select_split(scores, "test")["example"])
    np.testing.assert_array_equal(second["n_right"], select_split(other, "test")["n_right"])


def test_different_examples_or_labels_are_an_error(scores, other):
    sentence = "figure_05 compares a with b, but their test examples or labels differ"
    renamed = other.assign_coords(example=other["example"] + 1)
    relabelled = other.assign(label=(other["label"] + 1) % 10)
    fewer = other.isel(example=slice(-1))
    for unlike in (renamed, relabelled, fewer):
        with pytest.raises(InputError, match=sentence):
            align(scores, unlike, "test", "figure_05", NAMES)
