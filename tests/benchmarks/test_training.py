"""The whole program, on a study of seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from created_equal.artefacts import write_dataset
from created_equal.study import dataset_path, load_study

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "training.py"
STUDY = """\
title: Trained by more than plain SGD
dataset: {source: digits, size: 16, train_examples: 40, test_examples: 40}
networks: 2
recipe: {epochs: 5, batch_size: 20, optimizer: sgd, momentum: 0.9, learning_rate: 0.05}
ensembles:
  st_vgg: {architecture: st_vgg, width: 0.125}
"""


@pytest.fixture
def study(study_folder, digits):
    Path("config/studies/momentum.yaml").write_text(STUDY)
    definition = next(iter(load_study("momentum").ensembles.values())).dataset
    write_dataset(digits, Path(dataset_path("momentum")), dict(definition))
    return study_folder


def run(*arguments):
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, check=False
    )


def test_a_way_that_fails_says_why_and_the_others_are_measured(study):
    done = run(
        *("--study", "momentum", "--epochs", "2", "--networks", "2", "--precision", "fp32"),
        *("--ways", "vmap,loop,engine", "--precisions", "", "--json", "found.json"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(Path("found.json").read_text())
    reason = "InputError: momentum/st_vgg is trained by more than plain SGD"
    assert found["ways"]["vmap"]["failed"].startswith(reason)
    assert f"vmap: not measured: {reason}" in done.stdout
    rows = {name: found["ways"][name] for name in ("loop", "engine")}
    for row in rows.values():
        assert row["networks"] == 2
        assert row["trained"] == 1
        assert row["networks_per_hour"] == pytest.approx(2 * 3600 / row["seconds"])
        assert 0 < row["share_of_product"] < 1
    times = rows["engine"]["networks_per_hour"] / rows["loop"]["networks_per_hour"]
    assert f"engine / loop: {times:.2f}" in done.stdout


def test_fewer_epochs_than_the_studys_decide_nothing(study):
    done = run("--study", "momentum", "--epochs", "1", "--precisions", "bf16", "--ways", "")
    assert done.returncode == 0, done.stderr
    assert "precision: auto stays what it was" in done.stdout


@pytest.mark.parametrize("option", ["--ways", "--precisions"])
def test_a_name_that_is_not_known(study, option):
    done = run("--study", "momentum", option, "engines")
    assert done.returncode == 2
    assert "engines: choose from " in done.stderr
