import numpy as np
import pytest
from commands import printed_by
from image_folders import save_images

from created_equal.datasets import build_dataset
from created_equal.errors import InputError


def build(definition, data_root):
    return build_dataset(definition, data_root, download=False)


def test_digits_of_the_default_study(tmp_path):
    dataset = build(
        {"source": "digits", "size": 16, "train_examples": 500, "test_examples": 400}, tmp_path
    )
    assert dataset["image"].shape == (900, 16, 16, 1)
    splits = dataset["example_split"].values
    assert (splits == "train").sum() == 500
    assert (splits == "test").sum() == 400
    assert (np.diff(dataset["example"].values) > 0).all()
    assert np.bincount(dataset["label"].values[splits == "train"]).min() >= 47
    assert list(tmp_path.iterdir()) == []


def test_building_is_reproducible(tmp_path):
    definition = {"source": "digits", "size": 12, "train_examples": 50}
    assert build(definition, tmp_path).identical(build(definition, tmp_path))


def test_a_smaller_dataset_is_part_of_a_larger_one(tmp_path):
    small, large = (
        build({"source": "digits", "train_examples": n, "test_examples": 20}, tmp_path)
        for n in (40, 300)
    )
    part = large.sel(example=small["example"].values)
    assert part["image"].identical(small["image"])
    assert part["example_split"].identical(small["example_split"])


def test_digits_and_image_folders_need_no_torch():
    program = (
        "import sys; from pathlib import Path\n"
        "from created_equal.datasets import build_dataset, image_folder\n"
        "build_dataset({'source': 'digits'}, Path('.'), False)\n"
        "assert 'torch' not in sys.modules"
    )
    printed_by(program)


def test_cifar100_and_mnist_with_chosen_examples(tmp_path, small_cifar100, small_mnist):
    small_cifar100.unpack_into(tmp_path)
    small_mnist.write_into(tmp_path)
    definition = {"source": "cifar100", "superclass": "plants", "train_examples": 6, "size": 8}
    dataset = build(definition, tmp_path)
    assert dataset["image"].shape == (12, 8, 8, 3)
    assert dataset["class_name"].values.tolist() == ["fern", "moss", "oak"]
    assert (dataset["example"].values % 2 == 1).all()
    dataset = build({"source": "mnist", "test_examples": 10}, tmp_path)
    assert dataset["image"].shape == (50, 28, 28, 1)
    assert (dataset["example_split"].values == "test").sum() == 10


def test_an_image_folder_by_a_relative_and_an_absolute_path(tmp_path):
    save_images(tmp_path / "mine", size=(3, 3), color=(1, 2, 3))
    for path in ("mine", str(tmp_path / "mine")):
        dataset = build({"source": "image_folder", "path": path}, tmp_path)
        assert dataset["image"].shape == (4, 3, 3, 3)
        assert dataset["channel_mean"].values.tolist() == [1, 2, 3]


def test_only_chosen_files_are_decoded(tmp_path):
    names = ("train/a/0", "train/a/1", "train/b/0", "train/b/1", "test/a/0", "test/b/0")
    save_images(tmp_path, names)
    everything = {"source": "image_folder", "path": str(tmp_path)}
    part = everything | {"train_examples": 2}
    chosen = build(part, tmp_path)["example"].values.tolist()
    not_chosen = ({0, 1} - set(chosen)).pop()
    (tmp_path / "train" / "a" / f"{not_chosen}.png").write_text("not an image")
    assert build(part, tmp_path)["example"].values.tolist() == chosen
    with pytest.raises(InputError, match=rf"train/a/{not_chosen}.png \(not an image, or"):
        build(everything, tmp_path)


def test_real_small_mammals(data_root):
    dataset = build({"source": "cifar100", "superclass": "small_mammals"}, data_root)
    is_train = dataset["example_split"].values == "train"
    assert dataset["class_name"].values.tolist() == [
        "hamster",
        "mouse",
        "rabbit",
        "shrew",
        "squirrel",
    ]
    assert np.bincount(dataset["label"].values[is_train]).tolist() == [500] * 5
    assert np.bincount(dataset["label"].values[~is_train]).tolist() == [100] * 5
    twins = dataset.sel(example=[16646, 31828])
    assert twins["pixel_hash"].values[0] == twins["pixel_hash"].values[1]
    assert twins["class_name"].values[twins["label"].values].tolist() == ["mouse", "shrew"]
    assert len(np.unique(dataset["pixel_hash"].values)) == 2999
