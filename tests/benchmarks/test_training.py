"""The benchmark of training: its three ways, and the whole program on a study of seconds."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import python
from data import small_study, write_study
from training import WAYS, compare, device_precisions, main, measure, measure_in_processes

from created_equal.artefacts import read_predictions, write_dataset
from created_equal.errors import InputError
from created_equal.study import dataset_path, load_study
from created_equal.training import train_networks
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "training.py"
# Trained by more than plain SGD.
STUDY = small_study(
    networks=2,
    recipe={"epochs": 5, "batch_size": 20, "momentum": 0.9, "learning_rate": 0.05},
)


@pytest.fixture
def images(digits):
    return Images(digits, choose_setting("cpu", "fp32"))


@pytest.fixture
def study(study_folder, digits):
    write_study(STUDY, "momentum")
    definition = next(iter(load_study("momentum").ensembles.values())).dataset
    write_dataset(digits, Path(dataset_path("momentum")), dict(definition))
    return study_folder


def test_without_randomness_all_ways_train_the_same_networks(tiny, images):
    # Without dropout, and with all examples in each mini-batch, only rounding is left.
    ensemble = tiny(epochs=8, batch_size=40, dropout=False)
    engine, loop, vmap = (
        np.stack(list(way(ensemble, [3, 5], images))).reshape(-1, len(images))
        for way in WAYS.values()
    )
    # The networks of vmap take turns within an epoch, those of the others one after the other.
    vmap = vmap.reshape(8, 2, -1).swapaxes(0, 1).reshape(16, -1)
    assert engine.shape == (16, 80)
    assert (engine[7] != engine[0]).mean() > 0.3
    assert (engine[7] != engine[15]).mean() > 0.3
    assert (loop == engine).mean() > 0.95
    assert (vmap == engine).mean() > 0.95


@pytest.mark.parametrize("way", ["loop", "vmap"])
def test_dropout_and_order_are_drawn(tiny, images, way):
    with_chance = list(WAYS[way](tiny(epochs=8, dropout=0.5), [3], images))
    without = list(WAYS[way](tiny(epochs=8, dropout=False), [3], images))
    assert (with_chance[-1] != without[-1]).any()


def test_networks_of_one_seed_drop_out_differently_by_vmap(tiny, images):
    *_, predicted = WAYS["vmap"](tiny(epochs=8, batch_size=40, dropout=0.5), [3, 3], images)
    assert (predicted[0] != predicted[1]).any()


def test_vmap_refuses_another_optimizer(tiny, images):
    with pytest.raises(InputError, match=r"^tests/tiny is not trained by plain SGD.*leave vmap"):
        next(WAYS["vmap"](tiny(momentum=0.9), [0], images))


def test_the_engine_is_measured_with_the_workflows_networks(study):
    found = measure("engine", "fp32", "momentum", 5, None, 1, [0, 1])
    ensemble = next(iter(load_study("momentum").ensembles.values()))
    path = Path("predictions.nc")
    train_networks(ensemble, Path(dataset_path("momentum")), [0, 1], path, "cpu", "fp32")
    predictions = read_predictions(path)
    right = (
        predictions["prediction"].transpose("network", "epoch", "example") == predictions["label"]
    )
    assert found["done"] == 2
    assert np.array_equal(found["learned"], right.values[:, 1:].sum(axis=1))
    accuracy = predictions["accuracy"].sel(split="test").isel(epoch=-1)
    assert found["accuracies"] == pytest.approx(accuracy.values)


def test_a_way_ends_after_the_limit(study):
    found = measure("engine", "fp32", "momentum", 40, 1e-6, 1, [0, 1])
    assert found["done"] == pytest.approx(2 / 40)
    assert found["learned"] == []
    assert len(found["accuracies"]) == 1


def ensemble_of(noise, accuracy, seed):
    """Networks (network, example) that agree on how hard each example is, and their accuracies."""
    hardness = np.random.default_rng(7).uniform(size=2000)
    generator = np.random.default_rng(seed)
    accuracies = generator.normal(0.6, 0.02, size=20)
    return (
        hardness + generator.normal(scale=noise, size=(20, 2000)),
        accuracies - accuracies.mean() + accuracy,
    )


def test_precisions_are_compared_by_the_order_of_learning_and_accuracy():
    fp32 = ensemble_of(0.3, 0.62, seed=0)
    same = compare(fp32, (fp32[0], fp32[1] + 0.004))
    assert same["correlation"] == pytest.approx(1)
    assert same["difference"] == pytest.approx(0.004)
    assert compare(fp32, ensemble_of(3, 0.62, seed=1))["correlation"] < 0.6


def test_other_seeds_are_estimated_from_halves():
    fp32, other = ensemble_of(0.3, 0.62, seed=0), ensemble_of(0.3, 0.62, seed=1)
    found = compare(fp32, other)
    assert found["other_seeds_correlation"] == pytest.approx(found["correlation"], abs=0.01)
    draws = np.random.default_rng(1).normal(0.6, 0.02, size=(2, 20, 4000)).mean(axis=1)
    assert found["other_seeds_error"] == pytest.approx(np.std(draws[0] - draws[1]), rel=0.4)


def run(*arguments):
    return python(PROGRAM, *arguments)


def test_a_failed_way_has_a_reason_and_the_others_are_measured(study):
    done = run(
        *("--study", "momentum", "--epochs", "2", "--networks", "3", "--json", "found.json"),
        *("--ways", "vmap,loop,engine", "--precisions", "fp32,bf16"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(Path("found.json").read_text())
    reason = "InputError: momentum/st_vgg is not trained by plain SGD"
    assert f"vmap bf16: not measured: {reason}" in done.stdout
    rows = {name: row for name, row in found["rows"].items() if "failed" not in row}
    assert list(rows) == ["loop fp32", "engine fp32", "loop bf16", "engine bf16"]
    speed = rows["loop fp32"]["networks_per_hour"]
    for name, row in rows.items():
        assert row["networks"] == (2 if "loop" in name else 3)
        assert row["trained"] == 1
        assert row["networks_per_hour"] == pytest.approx(row["networks"] * 3600 / row["seconds"])
        assert row["times_loop"] == pytest.approx(row["networks_per_hour"] / speed)
        assert 0.05 < row["memory_gib"] < 100
        assert f"{row['times_loop']:.2f}" in done.stdout
    assert list(found["compared"]) == ["bf16"]
    assert f"r = {found['compared']['bf16']['correlation']:.4f}" in done.stdout


def test_an_unexpected_error_has_a_traceback(monkeypatch, capsys):
    def fail(*_, **__):
        raise RuntimeError("CUDA error: unspecified launch failure\nwhere")

    monkeypatch.setattr("training.ProcessPoolExecutor", fail)
    reason = "RuntimeError: CUDA error: unspecified launch failure"
    assert measure_in_processes(1, 2) == {"failed": reason}
    printed = capsys.readouterr().err
    assert printed.startswith("Traceback") and 'raise RuntimeError("CUDA error' in printed


@pytest.mark.parametrize(
    ("option", "code", "sentence"),
    [
        (["--ways", "engines"], 2, "engines: choose from engine, loop, vmap"),
        (["--precisions", "fp16"], 1, "precision fp16 is not one of "),
        (["--study", "smoke"], 1, "results/smoke/dataset.nc"),
        (["--study", "smokes"], 1, "smokes"),
        (["--ways", "vmap", "--precisions", "fp32"], 1, "Nothing could be measured."),
    ],
)
def test_bad_input_ends_in_one_sentence(study, monkeypatch, capsys, option, code, sentence):
    monkeypatch.setattr(sys, "argv", ["training.py", "--study", "momentum", *option])
    with pytest.raises(SystemExit) as ended:
        main()
    # Python prints an exit code that is a sentence, and exits with 1.
    assert (ended.value.code == 2) == (code == 2)
    assert sentence in capsys.readouterr().err + str(ended.value)


def test_all_precisions_of_a_cpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert device_precisions() == ["fp32", "bf16"]
