import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from created_equal.datasets import build_dataset
from created_equal.errors import InputError

ARRAYS = {
    "train_images": np.arange(6 * 4 * 4 * 3, dtype=np.uint8).reshape(6, 4, 4, 3),
    "train_labels": np.array([0, 1, 2, 0, 1, 2]),
    "test_images": np.full((3, 4, 4, 3), 7, dtype=np.uint8),
    "test_labels": np.array([2, 1, 0], dtype=np.uint8),
    "class_names": np.array(["cat", "dog", "owl"]),
}
DEFINITION = {"source": "arrays", "path": "mine.npz"}


def build(folder, **changes):
    """Build the dataset of a file with these arrays; None leaves one out."""
    arrays = {name: each for name, each in (ARRAYS | changes).items() if each is not None}
    np.savez(folder / "mine.npz", **arrays)
    return build_dataset(DEFINITION, folder, download=False)


def test_arrays_become_a_dataset(tmp_path):
    dataset = build(tmp_path)
    expected = np.concatenate([ARRAYS["train_images"], ARRAYS["test_images"]])
    assert np.array_equal(dataset["image"], expected)
    assert dataset["label"].values.tolist() == [0, 1, 2, 0, 1, 2, 2, 1, 0]
    assert dataset["example"].values.tolist() == list(range(9))
    assert dataset["example_split"].values.tolist() == ["train"] * 6 + ["test"] * 3
    assert dataset["class_name"].values.tolist() == ["cat", "dog", "owl"]


def test_gray_images_without_an_axis_for_the_channel_and_classes_without_names(tmp_path):
    gray = {name: ARRAYS[name][..., 0] for name in ("train_images", "test_images")}
    dataset = build(tmp_path, **gray, class_names=None)
    assert dataset["image"].shape == (9, 4, 4, 1)
    assert dataset["class_name"].values.tolist() == ["0", "1", "2"]


def test_sizes_and_choices_are_as_for_other_sources(tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", **ARRAYS)
    definition = DEFINITION | {"size": 2, "train_examples": 3}
    dataset = build_dataset(definition, tmp_path, download=False)
    assert dataset["image"].shape == (6, 2, 2, 3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"test_labels": None}, "has no array test_labels; add it with np.savez"),
        ({"class_name": np.array(["a"])}, "has an array class_name, which is not known; name the"),
        ({"train_images": ARRAYS["train_images"] / 255}, "train_images are float64; give uint8"),
        ({"train_images": np.zeros((6, 3, 4, 4), np.uint8)}, "the channels first; put them last"),
        ({"train_images": np.zeros((6, 4, 4, 2), np.uint8)}, r"the shape \(6, 4, 4, 2\); give \(e"),
        ({"train_images": np.zeros((0, 4, 4, 3), np.uint8)}, "with 1 or 3 channels, and at least"),
        ({"test_images": np.zeros((3, 5, 4, 3), np.uint8)}, "are 4 x 4 x 3, but test_images 5 x 4"),
        ({"test_labels": np.array([2, 1])}, "has 3 test_images and 2 test_labels; give a label"),
        ({"test_labels": np.array([2.0, 1, 0])}, r"test_labels are float64 of the shape \(3,\); g"),
        ({"test_labels": np.eye(3, dtype=int)}, r"test_labels are int64 of the shape \(3, 3\); gi"),
        ({"test_labels": np.array([2, -1, 0])}, "test_labels are from -1 to 2; give whole numbers"),
        ({"test_labels": np.array([2, 99999, 0])}, "at most 32767"),
        (
            {"train_labels": np.array([1, 2] * 3), "test_labels": np.array([2, 1, 1])},
            "labels run from 1 to 2, but no example has label 0; number the classes from 0 without",
        ),
        (
            {"train_images": ARRAYS["train_images"].astype(np.int64)},
            r"are int64; give uint8 from 0 to 255 \(values from 0 to 255: images\.astype\(np\.uint",
        ),
        ({"class_names": np.array(["a", "b"])}, "has 2 class_names, but a label 2; give a name"),
        ({"class_names": np.array(["a", "b", "a"])}, "class_names has 'a', which is empty or not"),
        ({"class_names": np.array(["a", "b", " "])}, "class_names has ' ', which is empty or not"),
        ({"class_names": np.array([1, 2, 3])}, r"class_names are int64 of the shape \(3,\); giv"),
        ({"class_names": np.array(["a", "b", "c", "d"])}, "the train set has no images of d; add"),
        ({"class_names": np.array(["a", 1, None], object)}, "class_names holds Python objects, w"),
        ({"train_images": np.array([{}] * 6)}, "train_images holds Python objects, which are nev"),
    ],
)
def test_invalid_arrays_are_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(InputError, match=sentence) as refusal:
        build(tmp_path, **changes)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_missing_or_no_npz(tmp_path):
    with pytest.raises(InputError, match=r"mine\.npz cannot be read \(No such file or directory\)"):
        build_dataset(DEFINITION, tmp_path, download=False)
    for contents in (b"", b"text", b"PK\3\4 no archive"):
        (tmp_path / "mine.npz").write_bytes(contents)
        with pytest.raises(
            InputError, match=r"is damaged, or was not written by np\.savez; write it again"
        ):
            build_dataset(DEFINITION, tmp_path, download=False)
    with Path(tmp_path, "mine.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(
        InputError, match=r"is damaged, or was not written by np\.savez; write it again"
    ):
        build_dataset(DEFINITION, tmp_path, download=False)


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_never_ends_in_another_error(tmp_path_factory, data):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **ARRAYS)
    contents = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        contents[data.draw(st.integers(0, len(contents) - 1))] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "mine.npz").write_bytes(contents[: data.draw(st.integers(1, len(contents)))])
    try:
        build_dataset(DEFINITION, folder, download=False)
    except InputError as error:
        assert "mine.npz" in str(error) or "train set" in str(error)
