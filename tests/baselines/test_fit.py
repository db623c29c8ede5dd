import os
from pathlib import Path

import numpy as np
import pytest
from commands import COMMAND, python, refused
from data import DIGITS
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from created_equal.artefacts import (
    definition_of,
    fingerprint,
    make_dataset,
    read_predictions,
    write_dataset,
)
from created_equal.baselines import fit_baseline
from created_equal.baselines.fit import predict
from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.study import BASELINES, Baseline
from created_equal.versions import BASELINES_VERSION

# Those whose seed matters.
RANDOM = ("perceptron", "decision_tree", "random_forest")
KEPT = Path(__file__).parents[2] / "reference/small_mammals_night/baselines"


def baseline(name, seeds=2, weak_learners=4):
    return Baseline(
        study="tests",
        name=name,
        seeds=seeds if name in RANDOM else 1,
        weak_learners=weak_learners if name == "adaboost" else None,
        dataset=DIGITS,
    )


@pytest.mark.parametrize("name", BASELINES)
def test_predictions_have_the_format_of_those_of_networks(name, digits, digits_file, tmp_path):
    output = tmp_path / "new" / f"{name}.nc"
    fit_baseline(baseline(name), digits_file, output)
    predictions = read_predictions(output)
    epochs = [1, 2, 3, 4] if name == "adaboost" else [1]
    networks = [0, 1] if name in RANDOM else [0]
    assert predictions["epoch"].values.tolist() == epochs
    assert predictions["network"].values.tolist() == networks
    assert predictions["prediction"].dims == ("network", "epoch", "example")
    assert predictions["prediction"].dtype == np.uint8
    assert predictions.attrs["classes"] == 10
    for axis in ("example", "example_split", "label"):
        np.testing.assert_array_equal(predictions[axis], digits[axis])
    is_right = predictions["prediction"] == predictions["label"]
    for split in ("train", "test"):
        share = is_right[..., predictions["example_split"].values == split].mean("example")
        np.testing.assert_allclose(predictions["accuracy"].sel(split=split), share, rtol=1e-6)
    assert np.isnan(predictions["loss"]).all()
    # Chance is 0.1; 40 digits of ten classes suffice for more.
    assert predictions["accuracy"].sel(split="test").isel(epoch=-1).min() > 0.25
    assert definition_of(predictions) == {
        **baseline(name).definition,
        "baselines_version": BASELINES_VERSION,
        "data": fingerprint(digits),
    }


@pytest.mark.parametrize("name", BASELINES)
def test_predictions_files_are_reproducible_to_the_byte(name, digits_file, tmp_path):
    paths = [tmp_path / "first.nc", tmp_path / "second.nc"]
    for path in paths:
        fit_baseline(baseline(name), digits_file, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_network_does_not_depend_on_the_number_of_seeds(digits):
    few, many = (predict(baseline("perceptron", seeds), digits)["prediction"] for seeds in (2, 4))
    np.testing.assert_array_equal(few, many[:2])
    assert (many[2] != many[3]).any()


def test_predictions_do_not_depend_on_the_largest_number_of_weak_learners():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 300)
    images = rng.normal(128, 40, (300, 3, 3, 1)) + rng.normal(0, 20, (5, 3, 3, 1))[labels]
    is_test = np.arange(300) >= 200
    images = images.clip(0, 255).astype(np.uint8)
    data = make_dataset(images, labels, np.arange(300), is_test, list("abcde"))
    few, many = (predict(baseline("adaboost", 1, k), data)["prediction"] for k in (3, 6))
    np.testing.assert_array_equal(few, many[:, :3])
    assert (many[0, 0].values != many[0, 5].values).any()


def test_the_number_of_weak_learners_at_the_end_of_boosting_is_logged(tmp_path, caplog):
    caplog.set_level("INFO")
    images = np.repeat(np.array([0, 255], dtype=np.uint8), 10)[:, None, None, None]
    labels = np.repeat([0, 1], 10)
    data = make_dataset(images, labels, np.arange(20), np.arange(20) % 2 == 1, ["a", "b"])
    write_dataset(data, tmp_path / "dataset.nc", DIGITS)
    fit_baseline(baseline("adaboost"), tmp_path / "dataset.nc", tmp_path / "adaboost.nc")
    assert "boosting ended after 1 of 4 weak learners" in caplog.text
    predictions = read_predictions(tmp_path / "adaboost.nc")
    assert predictions["weak_learners"].values.tolist() == [1]
    assert predictions["accuracy"].values.tolist() == [[[1.0, 1.0]] * 4]


def test_too_few_neighbors_are_rejected_and_nothing_is_written(tmp_path):
    images = np.arange(12, dtype=np.uint8)[:, None, None, None]
    labels = np.arange(12) % 2
    data = make_dataset(images, labels, np.arange(12), np.arange(12) >= 9, ["a", "b"])
    write_dataset(data, tmp_path / "dataset.nc", DIGITS)
    with pytest.raises(InputError, match="has 9 examples, fewer than its 10 neighbors; leave"):
        fit_baseline(baseline("k_nearest_neighbours"), tmp_path / "dataset.nc", tmp_path / "knn.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["dataset.nc"]


def test_a_missing_dataset_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"dataset\.nc does not exist; correct the path"):
        fit_baseline(baseline("svm"), tmp_path / "dataset.nc", tmp_path / "svm.nc")
    assert list(tmp_path.iterdir()) == []


def test_the_command_gives_the_same_file_for_any_number_of_threads(study_folder, command):
    fit = ("fit_baseline", "smoke", "k_nearest_neighbours")
    assert command("build_dataset", "smoke")[0] == command(*fit)[0] == 0
    output = Path("results/smoke/baselines/k_nearest_neighbours.nc")
    before = output.read_bytes()
    output.unlink()
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    assert python(*COMMAND, *fit, env=os.environ | threads).returncode == 0
    assert output.read_bytes() == before


def test_the_command_rejects_an_unknown_baseline(study_folder, command):
    sentence = refused(command("fit_baseline", "smoke", "svn"))
    assert sentence.startswith("the study smoke has no baseline svn; use one of svm, k_near")
    assert not Path("results").exists()


@pytest.fixture(scope="module")
def small_mammals(data_root):
    definition = {"source": "cifar100", "superclass": "small_mammals"}
    return build_dataset(definition, data_root, download=False)


# The paper's accuracies (section 5), and the tolerances of the reproduction.
@pytest.mark.parametrize(
    ("name", "paper", "tolerance"),
    [
        ("svm", 0.48, 0.02),
        ("k_nearest_neighbours", 0.36, 0.02),
        ("perceptron", 0.35, 0.05),
        ("decision_tree", 0.31, 0.02),
        ("random_forest", 0.48, 0.02),
        ("gaussian_naive_bayes", 0.38, 0.02),
        ("adaboost", 0.39, 0.05),
    ],
)
def test_accuracy_on_small_mammals(name, paper, tolerance):
    accuracy = read_predictions(KEPT / f"{name}.nc")["accuracy"].isel(epoch=-1).sel(split="test")
    assert float(accuracy.mean()) == pytest.approx(paper, abs=tolerance)


SLOW = {
    "svm": SVC(),
    "random_forest": RandomForestClassifier(random_state=0),
    "decision_tree": DecisionTreeClassifier(random_state=0),
}


# On all examples the others take most of a minute.
@pytest.mark.parametrize("name", sorted(set(BASELINES) - set(SLOW)))
def test_fitted_again_a_baseline_predicts_what_is_kept(small_mammals, name):
    predictions = predict(baseline(name, seeds=1, weak_learners=10), small_mammals)["prediction"]
    kept = read_predictions(KEPT / f"{name}.nc")["prediction"]
    epochs, examples = predictions["epoch"], predictions["example"]
    is_same = predictions == kept.sel(network=predictions["network"], epoch=epochs)
    assert examples.equals(kept["example"])
    # Other processors round differently.
    assert is_same.mean() > 0.99


@pytest.mark.parametrize("name", SLOW)
def test_on_a_fifth_of_the_examples_it_predicts_what_scikit_learn_alone_does(small_mammals, name):
    part = small_mammals.isel(example=slice(None, None, 5))
    pixels = (part["image"] - part["channel_mean"]) / part["channel_std"]
    pixels = pixels.values.reshape(part.sizes["example"], -1).astype(np.float32)
    is_train = part["example_split"].values == "train"
    alone = SLOW[name].fit(pixels[is_train], part["label"].values[is_train])
    predictions = predict(baseline(name, seeds=1), part)["prediction"].values[0, 0]
    assert (predictions == alone.predict(pixels)).mean() > 0.99
