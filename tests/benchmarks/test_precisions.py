import numpy as np
import pytest
from precisions import compare, fastest, keep_verdict, other_seeds

from created_equal.training.engine.device import measured_precisions

FP32 = {"correlation": 1.0, "difference": 0.0, "as_good": True, "seconds": 9.0}
NAME = "A device"


def ensemble(networks, examples=2000, noise=0.3, seed=0):
    """Return accessibilities (network, example) that share how hard each example is."""
    generator = np.random.default_rng(seed)
    hardness = np.random.default_rng(7).uniform(size=examples)
    return hardness + generator.normal(scale=noise, size=(networks, examples))


def test_an_ensemble_like_fp32s_is_as_good():
    like = ensemble(20, noise=0.05, seed=1)
    accuracies = {"fp32": np.full(20, 0.62), "bf16": np.full(20, 0.624)}
    found = compare({"fp32": ensemble(20, noise=0.05), "bf16": like}, accuracies)
    assert found["fp32"] == {"correlation": pytest.approx(1), "difference": 0, "as_good": True}
    assert found["bf16"]["correlation"] > 0.99
    assert found["bf16"]["difference"] == pytest.approx(0.004)
    assert found["bf16"]["as_good"]


@pytest.mark.parametrize(("noise", "accuracy"), [(0.05, 0.626), (0.05, 0.614), (1.0, 0.62)])
def test_another_order_of_learning_or_accuracy_is_not(noise, accuracy):
    other = ensemble(20, noise=noise, seed=1)
    accuracies = {"fp32": np.full(20, 0.62), "bf16": np.full(20, accuracy)}
    found = compare({"fp32": ensemble(20, noise=0.05), "bf16": other}, accuracies)
    assert not found["bf16"]["as_good"]


def test_what_other_seeds_give_is_foretold_from_halves():
    one, other = ensemble(20), ensemble(20, seed=1)
    measured = np.corrcoef(one.mean(axis=0), other.mean(axis=0))[0, 1]
    accuracies = np.random.default_rng(0).normal(0.6, 0.02, size=20)
    found = other_seeds(one, accuracies)
    assert found["correlation"] == pytest.approx(measured, abs=0.01)
    draws = np.random.default_rng(1).normal(0.6, 0.02, size=(2, 20, 4000)).mean(axis=1)
    assert found["difference"] == pytest.approx(np.std(draws[0] - draws[1]), rel=0.4)


def test_the_fastest_of_those_that_are_as_good():
    good = FP32 | {"seconds": 5.0}
    assert fastest({"fp32": FP32, "tf32": good, "bf16": good | {"seconds": 3.0}}) == "bf16"
    bad = good | {"seconds": 3.0, "as_good": False}
    assert fastest({"fp32": FP32, "tf32": good, "bf16": bad}) == "tf32"
    assert fastest({"fp32": FP32, "bf16": good | {"seconds": 10.0}}) == "fp32"


def test_a_verdict_replaces_that_of_its_device_alone(tmp_path):
    path = tmp_path / "precisions.yaml"
    path.write_text("# Nothing yet.\n")
    compared = {"fp32": FP32, "bf16": FP32 | {"correlation": 0.9956789, "seconds": 3.0}}
    assert keep_verdict(NAME, {"fp32": FP32}, "digits", 20, path) == "fp32"
    assert keep_verdict("Another", {"fp32": FP32}, "digits", 20, path) == "fp32"
    another = measured_precisions(path)["Another"]
    assert keep_verdict(NAME, compared, "digits", 20, path) == "bf16"
    kept = measured_precisions(path)
    assert kept["Another"] == another
    assert kept[NAME] | {"torch": ""} == {
        "precision": "bf16",
        "correlation": 0.99568,
        "difference": 0.0,
        "networks": 20,
        "study": "digits",
        "epochs": 20,
        "torch": "",
    }
    assert path.read_text().startswith("# What precision: auto stands for")
