import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.artefacts import (
    fingerprint,
    make_dataset,
    open_dataset,
    read_dataset,
    write_dataset,
)
from created_equal.artefacts.dataset import pixel_hashes
from created_equal.errors import InputError

PARTS = {
    "images": np.arange(6 * 2 * 2 * 1, dtype=np.uint8).reshape(6, 2, 2, 1),
    "labels": [0, 1, 0, 1, 0, 1],
    "positions": [5, 3, 8, 1, 0, 9],
    "is_test": [False, False, False, False, True, True],
    "class_names": ["cat", "dog"],
}


def changed(**parts):
    return make_dataset(**(PARTS | parts))


def test_contents_of_a_dataset():
    dataset = changed()
    assert dataset["image"].dtype == np.uint8
    assert dataset["image"].dims == ("example", "height", "width", "channel")
    assert dataset["label"].dtype == np.int16
    assert dataset["example"].values.tolist() == [5, 3, 8, 1, 0, 9]
    assert dataset["example_split"].values.tolist() == ["train"] * 4 + ["test"] * 2
    assert dataset["class_name"].values.tolist() == ["cat", "dog"]


def test_mean_and_deviation_by_channel_over_the_train_set():
    images = np.zeros((6, 1, 2, 2), dtype=np.uint8)
    images[:4, 0, 0, 0] = 10  # channel 0 of the train set: four are 10 and four are 0
    images[:4, 0, :, 1] = 7
    images[4:] = 255
    dataset = changed(images=images)
    assert dataset["channel_mean"].values.tolist() == [5, 7]
    assert dataset["channel_std"].values.tolist() == [5, 0]


def test_write_and_read(tmp_path):
    write_dataset(changed(), tmp_path / "d.nc", {"source": "digits"})
    read = read_dataset(tmp_path / "d.nc")
    assert read.equals(changed())
    assert fingerprint(read) == fingerprint(changed())
    assert read["example_split"].values.tolist() == ["train"] * 4 + ["test"] * 2


def test_names_of_files_are_read_only_if_they_are_needed(tmp_path):
    write_dataset(changed(files=[f"{k}.png" for k in range(6)]), tmp_path / "d.nc", {})
    with open_dataset(tmp_path / "d.nc", files=False) as without:
        assert without.equals(changed())
    with open_dataset(tmp_path / "d.nc") as dataset:
        assert dataset["file"].values[5] == "5.png"


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            {"labels": [0] * 6, "class_names": ["cat"]},
            "the dataset has only one class (cat); give at least two.",
        ),
        (
            {"class_names": ["cat", "dog", "cow"]},
            "the train set has no images of cow; add some, or leave the class out.",
        ),
        (
            {"class_names": ["cat", "dog", *"abcdefg"]},
            "the train set has no images of a, b, c, d, e and 2 more classes; add some, or leave "
            "the class out.",
        ),
        (
            {"labels": [0, 0, 0, 0, 1, 1]},
            "the train set has no images of dog; add some, or leave the class out.",
        ),
        ({"is_test": [False] * 6}, "the dataset has no test images; add a test or val folder."),
    ],
)
def test_invalid_datasets(parts, sentence):
    with pytest.raises(InputError) as refusal:
        changed(**parts)
    assert str(refusal.value) == sentence


def brighter():
    images = PARTS["images"].copy()
    images[2, 0, 0, 0] += 1
    return images


@pytest.mark.parametrize(
    "parts",
    [
        {"images": brighter()},
        {"labels": [1, 0, 0, 1, 0, 1]},
        {"positions": [3, 5, 8, 1, 0, 9]},
        {"is_test": [False, False, False, True, True, True]},
        {name: np.asarray(PARTS[name])[::-1] for name in PARTS if name != "class_names"},
    ],
    ids=["pixels", "labels", "names", "membership", "order"],
)
def test_the_fingerprint_changes_with_the_training_data(parts):
    assert fingerprint(changed(**parts)) != fingerprint(changed())


def test_the_fingerprint_changes_with_the_shape_of_the_same_pixels():
    """Own arrays may have been saved with height and width swapped."""
    shapes = ((6, 2, 8, 1), (6, 8, 2, 1), (6, 4, 4, 1))
    pixels = np.arange(6 * 16, dtype=np.uint8)
    found = {fingerprint(changed(images=pixels.reshape(shape))) for shape in shapes}
    assert len(found) == 3


def test_the_fingerprint_does_not_change_with_time_or_place(tmp_path):
    for name in ("a.nc", "b.nc"):
        write_dataset(changed(), tmp_path / name, {"source": name})
    first, second = (fingerprint(read_dataset(tmp_path / name)) for name in ("a.nc", "b.nc"))
    assert first == second == fingerprint(changed(class_names=["Katze", "Hund"]))


@given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(0, 11))
def test_pixel_hashes_are_equal_for_equal_pixels_only(seed, image, pixel):
    images = np.random.default_rng(seed).integers(256, size=(5, 2, 2, 3), dtype=np.uint8)
    other = images.copy()
    other[image].reshape(-1)[pixel] ^= 1
    same = pixel_hashes(images) == pixel_hashes(other)
    assert same.tolist() == [n != image for n in range(5)]
    assert pixel_hashes(images).dtype == np.uint64
