import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.artefacts import (
    check_one_ensemble,
    make_dataset,
    make_predictions,
    open_predictions,
    read_predictions,
    write_predictions,
)
from created_equal.artefacts.predictions import label_dtype
from created_equal.errors import InputError


def dataset(classes=3, examples=12, first=0, labels=None):
    return make_dataset(
        images=np.zeros((examples, 1, 1, 1), dtype=np.uint8),
        labels=np.arange(examples) % classes if labels is None else labels,
        positions=first + np.arange(examples),
        is_test=np.arange(examples) >= examples // 2,
        class_names=[f"class {k}" for k in range(classes)],
    )


def predictions(networks, epochs=4, seed=0, data=None):
    data = dataset() if data is None else data
    generator = np.random.default_rng(seed)
    shape = (len(networks), epochs)
    return make_predictions(
        generator.integers(data.sizes["class"], size=(*shape, data.sizes["example"])),
        generator.random((*shape, 2)),
        generator.random((*shape, 2)),
        networks,
        data,
    )


def test_write_and_read(tmp_path):
    made = predictions([3, 7])
    write_predictions(made, tmp_path / "p.nc", {"width": 1.0})
    read = read_predictions(tmp_path / "p.nc")
    assert read.equals(made)
    assert read.attrs["classes"] == 3
    assert read["prediction"].dims == ("network", "epoch", "example")
    assert read["network"].values.tolist() == [3, 7]
    assert read["epoch"].values.tolist() == [0, 1, 2, 3]
    assert read["split"].values.tolist() == ["train", "test"]
    assert np.array_equal(read["label"].values, dataset()["label"].values)
    with open_predictions(tmp_path / "p.nc") as opened:
        assert np.array_equal(opened["prediction"][1, 2].values, made["prediction"][1, 2].values)


@pytest.mark.parametrize(
    ("classes", "dtype"),
    [(2, np.uint8), (10, np.uint8), (256, np.uint8), (257, np.uint16), (1000, np.uint16)],
)
def test_labels_take_no_more_room_than_they_need(classes, dtype):
    assert label_dtype(classes) == dtype


@given(st.integers(2, 70_000))
def test_the_largest_label_fits(classes):
    assert np.iinfo(label_dtype(classes)).max >= classes - 1


def test_many_classes_come_back_unchanged(tmp_path):
    made = predictions([0], data=dataset(classes=300, examples=600))
    write_predictions(made, tmp_path / "p.nc", {})
    read = read_predictions(tmp_path / "p.nc")
    assert read["prediction"].dtype == np.uint16
    assert read["prediction"].values.max() > 255
    assert read.equals(made)


def test_a_block_of_examples_can_be_read_without_the_others(tmp_path):
    made = predictions([0, 1], data=dataset(examples=10_000))
    write_predictions(made, tmp_path / "p.nc", {})
    with h5py.File(tmp_path / "p.nc") as file:
        assert file["prediction"].chunks == (1, 4, 2**12)


def check(tmp_path, *written):
    paths = []
    for number, (contents, definition) in enumerate(written):
        paths.append(tmp_path / f"{number}.nc")
        write_predictions(contents, paths[-1], definition)
    opened = [open_predictions(path) for path in paths]
    try:
        check_one_ensemble(opened, paths)
    finally:
        for contents in opened:
            contents.close()


def test_files_of_one_ensemble(tmp_path):
    check(tmp_path, (predictions([0, 1]), {"a": 1}), (predictions([2], seed=1), {"a": 1}))


def test_files_of_other_epochs(tmp_path):
    longer = predictions([2], epochs=12)
    sentence = r"0.nc lacks epochs that .*1.nc has \(4, 5, 6, 7, 8, ...\); train all networks"
    with pytest.raises(InputError, match=sentence):
        check(tmp_path, (predictions([0]), {"a": 1}), (longer, {"a": 1}))
    with_a_gap = longer.isel(epoch=[0, 1, 3, *range(4, 12)])
    with pytest.raises(InputError, match=r"1.nc lacks epochs that .*0.nc has \(2\); train"):
        check(tmp_path, (longer, {"a": 1}), (with_a_gap, {"a": 1}))


@pytest.mark.parametrize(
    ("other", "definition", "difference"),
    [
        (predictions([2]), {"a": 2}, "definition.a is 2 and 1"),
        (predictions([2]), {"a": 1, "b": {"c": ["x"]}}, "definition.b is {'c': ['x']} and '-'"),
        (predictions([2], data=dataset(first=1)), {"a": 1}, "the position of example 0 is 1 and 0"),
        (predictions([2], data=dataset(examples=14)), {"a": 1}, "they have 14 and 12 examples"),
        (
            predictions([2], data=dataset(labels=[0, 2, 1] * 4)),
            {"a": 1},
            "the label of example 1 is 2 and 1",
        ),
        (
            predictions([2]).assign(example_name=("example", [*"abcdefghijkl"])),
            {"a": 1},
            "the name of example 0 is 'a' and ''",
        ),
    ],
    ids=["definition", "more keys", "examples", "number of examples", "labels", "names"],
)
def test_files_of_different_ensembles(tmp_path, other, definition, difference):
    with pytest.raises(InputError) as refusal:
        check(tmp_path, (predictions([0, 1]), {"a": 1}), (other, definition))
    assert str(refusal.value) == (
        f"{tmp_path / '1.nc'} and {tmp_path / '0.nc'} belong to different ensembles "
        f"({difference}); delete the one that is out of date, or score them in separate folders."
    )


def test_the_first_difference_is_found_however_deep_it_is(tmp_path):
    one = {"recorded": {"width": 2, "optimizer": {"name": "sgd"}}, "classes": ["a", "b"]}
    for other, difference in (
        (one | {"classes": ["a", "c"]}, "definition.classes.1 is 'c' and 'b'"),
        (one | {"recorded": {"width": 2, "optimizer": {"name": "adam"}}}, "name is 'adam' and 's"),
    ):
        with pytest.raises(InputError, match=difference):
            check(tmp_path, (predictions([0]), one), (predictions([1]), other))


def test_a_duplicate_network(tmp_path):
    with pytest.raises(InputError) as refusal:
        check(tmp_path, (predictions([0, 1]), {}), (predictions([2, 1]), {}))
    assert str(refusal.value) == (
        f"network 1 is both in {tmp_path / '0.nc'} and in {tmp_path / '1.nc'}; give each network "
        "once."
    )


def test_what_is_no_label_is_refused():
    data, accuracy = dataset(), np.zeros((1, 2, 2))
    labels = np.zeros((1, 2, 12), dtype=np.int64)
    make_predictions(labels, accuracy, accuracy, [0], data)
    for wrong in (labels - 1, labels + 3, labels + 0.5):
        with pytest.raises(InputError, match="labels are the whole numbers 0 to 2; give the"):
            make_predictions(wrong, accuracy, accuracy, [0], data)
    with pytest.raises(InputError, match=r"shape \(1, 2, 11\), but .* is \(1, 2, 12\); give each"):
        make_predictions(labels[..., 1:], accuracy, accuracy, [0], data)


@pytest.mark.parametrize("epochs", [[1, 1], [2, 1], [-1, 0], [0.5, 1]])
def test_epochs_ascend_from_the_untrained_one(epochs):
    labels, accuracy = np.zeros((1, 2, 12), dtype=np.int64), np.zeros((1, 2, 2))
    with pytest.raises(InputError, match="whole numbers in ascending order, where 0 is the untra"):
        make_predictions(labels, accuracy, accuracy, [0], dataset(), epochs)
