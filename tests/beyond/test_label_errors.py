"""The list of test labels that people were asked about, and what it is taken from."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from data import data_root  # noqa: F401
from needs import require

from created_equal import beyond
from created_equal.artefacts import read_dataset, write_dataset
from created_equal.beyond.label_errors import asked_about, label_errors
from created_equal.datasets import build_dataset
from created_equal.datasets.cifar import open_cifar100
from created_equal.datasets.mnist import open_mnist
from created_equal.errors import InputError
from created_equal.study import SOURCE_SIZES

LIST = Path(beyond.__file__).with_name("label_errors.yaml")


@pytest.mark.parametrize(
    "source, doubted, confirmed", [("mnist", 15, 85), ("cifar10", 54, 221), ("cifar100", 585, 1650)]
)
def test_the_list_has_as_many_labels_as_its_paper_says(source, doubted, confirmed):
    assert [len(ids) for ids in asked_about(source)] == [doubted, confirmed]
    ids = np.concatenate(asked_about(source))
    assert len(np.unique(ids)) == len(ids) and 0 <= ids.min() <= ids.max() < 10_000


@pytest.mark.parametrize("source", ["mnist", "cifar100"])
def test_the_list_is_what_the_original_file_says_in_the_order_of_the_test_set(source, data_root):  # noqa: F811
    path = data_root / "label-errors" / f"{source}_mturk.json"
    require(path.is_file(), f"{path} is missing, a file of github.com/cleanlab/label-errors")
    contents = path.read_bytes()
    listed = yaml.safe_load(LIST.read_text())[source]
    assert hashlib.md5(contents, usedforsecurity=False).hexdigest() == listed["md5"]
    given = {entry["id"]: entry for entry in json.loads(contents)}
    doubted = sorted(name for name, entry in given.items() if entry["mturk"]["given"] < 3)
    assert listed["doubted"] == doubted
    assert listed["confirmed"] == sorted(given.keys() - set(doubted))
    opened = {"mnist": open_mnist, "cifar100": lambda *of: open_cifar100(*of, None)}[source]
    labels = opened(data_root, False).labels[SOURCE_SIZES[source][0] :]
    assert all(labels[name] == entry["given_original_label"] for name, entry in given.items())


def test_of_small_mammals_test_images_people_doubted_47_of_151(data_root, tmp_path):  # noqa: F811
    definition = {"source": "cifar100", "superclass": "small_mammals"}
    write_dataset(build_dataset(definition, data_root, False), tmp_path / "dataset.nc", definition)
    dataset = read_dataset(tmp_path / "dataset.nc")
    found = label_errors(dataset, dataset)
    assert [len(names) for names in found] == [47, 104, 453]
    assert set(found.confirmed) < set(found.others) and found.doubted.min() >= 50_000


def test_other_sources_labels_and_examples_are_not_applicable(evidence):
    dataset, scores = evidence.dataset, evidence.scores["one"]
    with pytest.raises(InputError, match="not applicable: people were asked about the test labels"):
        label_errors(dataset.assign_attrs(definition='{"source": "digits"}'), scores)
    relabelled = scores.assign(label=(scores["label"] + 1) % 3)
    with pytest.raises(InputError, match=r"not applicable: .* this ensemble has other labels"):
        label_errors(dataset, relabelled)
    with pytest.raises(InputError, match=r"not applicable: .* but of too few of these examples"):
        label_errors(dataset, scores.isel(example=scores["example"].values < 60_100))


def test_an_example_that_was_moved_to_the_test_set_is_not_one_of_it(evidence):
    scores = evidence.scores["one"]
    is_moved = np.isin(scores["example"].values, [3, 4])
    split = np.where(is_moved, "test", scores["example_split"].values)
    moved = scores.assign_coords(example_split=("example", split))
    for before, after in zip(
        label_errors(evidence.dataset, scores), label_errors(evidence.dataset, moved), strict=True
    ):
        assert before.tolist() == after.tolist()
