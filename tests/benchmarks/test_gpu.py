"""The command for a GPU, rehearsed on the CPU with networks of seconds."""

import json
import subprocess
import sys
import tarfile
from argparse import Namespace
from pathlib import Path

import pytest
from gpu import (
    ARCHIVE_BYTES,
    MOST_ARCHIVES,
    Archives,
    OutOfTimeError,
    Session,
    fastest_precision,
    print_table,
)

from created_equal.study import predictions_folder

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
STUDY = """\
title: Networks of seconds
dataset: {source: digits, size: 16, train_examples: 40, test_examples: 40}
recipe: {epochs: 3, batch_size: 20, learning_rate: 0.1}
ensembles:
  st_vgg: {architecture: st_vgg, width: 0.125}
  easiest_moved:
    {architecture: st_vgg, width: 0.125,
     dataset: {move_to_test: easiest, fraction: 0.1, ranked_by: st_vgg}}
"""


def run(folder, minutes, *options):
    return subprocess.run(
        [
            *(sys.executable, PROGRAM, "--minutes", str(minutes), "--out", "gpu"),
            *("--study", "seconds", "--networks", "2", "--epochs-compared", "2", "--limit", "1"),
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def predictions_in(folder):
    found = folder.glob("results/*/*/predictions/*.nc")
    return {path.relative_to(folder): path.read_bytes() for path in found}


def train_again(folder):
    """Repeat the training step, which must have been finished."""
    file = folder / "gpu/gpu.json"
    results = json.loads(file.read_text())
    assert results["training"].pop("is_finished")
    file.write_text(json.dumps(results))
    return run(folder, 10, "--steps", "training")


def test_the_second_run_takes_up_the_first(study_folder, tmp_path_factory):
    Path("config/studies/seconds.yaml").write_text(STUDY)
    printed = run(study_folder, 10, "--steps", "precision,ways,training")
    table = printed[printed.rindex("step") :]
    assert "tests" in table and "not measured" in table
    for expected in ("bf16 against fp32", "engine / loop fp32", "engine / vmap fp32"):
        assert expected in table
    assert table.count("2 of 2 networks") == 2
    files = list((study_folder / "gpu").iterdir())
    assert len(files) <= 8
    # On another machine, with nothing but the files of the first run.
    other = tmp_path_factory.mktemp("other")
    (study_folder / "gpu").rename(other / "gpu")
    (study_folder / "config").rename(other / "config")
    (study_folder / "config.yaml").rename(other / "config.yaml")
    printed = run(other, 10, "--steps", "precision,ways,training")
    assert "benchmarks/training.py" not in printed
    assert "train_networks" not in printed
    assert "train_networks" not in train_again(other)
    assert len(predictions_in(other)) == 2
    # What a change of the study affects is trained again, and the archives have both.
    study = other / "config/studies/seconds.yaml"
    study.write_text(STUDY.replace("epochs: 3", "epochs: 4"))
    before = predictions_in(other)
    assert train_again(other).count("train_networks") == 2
    after = predictions_in(other)
    assert before.keys() == after.keys()
    assert all(before[path] != after[path] for path in before)
    for path in after:
        (other / path).unlink()
    assert "train_networks" not in train_again(other)
    assert predictions_in(other) == after


def test_a_run_ends_in_time_and_says_what_is_not_measured(study_folder):
    Path("config/studies/seconds.yaml").write_text(STUDY)
    printed = run(study_folder, 0.36)
    assert printed.count("not measured") == 4
    assert not (study_folder / "gpu/gpu.json").exists()


def test_a_command_is_stopped_at_the_deadline(tmp_path):
    session = Session(tmp_path, 0.36)
    with pytest.raises(OutOfTimeError):
        session.run([sys.executable, "-c", "import time; time.sleep(100)"])


def test_a_step_that_fails_does_not_hold_up_the_others(study_folder):
    Path("config/studies/seconds.yaml").write_text(STUDY)
    printed = run(study_folder, 5, "--steps", "precision,training", "--epochs-compared", "-1")
    assert "precision" in printed and "failed" in printed
    assert printed.count("2 of 2 networks") == 2


def test_archives_have_at_most_their_size_and_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gpu.ARCHIVE_BYTES", 55_000)
    monkeypatch.setattr("gpu.MOST_ARCHIVES", 2)
    archives = Archives(tmp_path / "gpu")
    paths = [predictions_folder("a", "b") / f"{n}.nc" for n in range(5)]
    paths[0].parent.mkdir(parents=True)
    for path in paths:
        path.write_bytes(bytes(20_000))
    assert [archives.add(path) for path in paths] == [True, True, True, True, False]
    assert len(list((tmp_path / "gpu").iterdir())) == 2
    for path in paths:
        path.unlink()
    Archives(tmp_path / "gpu")
    assert [path.exists() for path in paths] == [True, True, True, True, False]
    assert ARCHIVE_BYTES * (MOST_ARCHIVES + 1) < 2**20 * 16 * 8
    with tarfile.open(tmp_path / "gpu/networks-0.tar") as packed:
        assert packed.getnames() == [str(path) for path in paths[:2]]


@pytest.mark.parametrize(
    ("correlation", "difference", "precision"),
    [(0.995, 0.001, "bf16"), (0.985, 0.001, "fp32"), (0.995, -0.006, "fp32")],
)
def test_the_fastest_precision_has_an_equal_ensemble(correlation, difference, precision):
    rows = {"engine fp32": {"networks_per_hour": 1}, "engine bf16": {"networks_per_hour": 2}}
    found = {"bf16": {"correlation": correlation, "difference": difference}}
    assert fastest_precision({"precision": {"rows": rows, "compared": found}}) == precision


def test_without_a_comparison_the_precision_is_fp32():
    assert fastest_precision({}) == "fp32"
    failed = {"engine fp32": {"networks_per_hour": 1}, "engine bf16": {"failed": "memory"}}
    assert fastest_precision({"precision": {"rows": failed, "compared": {}}}) == "fp32"


def test_the_table_names_a_way_that_failed(capsys):
    print_table({"ways": {"rows": {"vmap fp32": {"failed": "out of memory"}}}})
    assert "out of memory" in capsys.readouterr().out


def test_without_gpu_tests_the_step_says_so(tmp_path, monkeypatch):
    from gpu import NO_TESTS, run_tests

    monkeypatch.setattr(Session, "run", lambda *_: (NO_TESTS, "no tests ran\n"))
    found = run_tests(Session(tmp_path, 1), Namespace())
    assert found == {"passed": False, "summary": "no GPU"}
