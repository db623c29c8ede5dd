import logging
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import printed_by
from data import overwrite
from learners import assert_same
from one_network import train_network

from created_equal.artefacts import (
    definition_of,
    fingerprint,
    read_dataset,
    read_predictions,
    write_dataset,
)
from created_equal.errors import InputError
from created_equal.training import PredictionsFolder, networks_definition, train_networks
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images
from created_equal.versions import ENGINE_VERSION


@pytest.fixture
def job(tmp_path, digits_file, caplog):
    """A function that runs a job and returns its predictions and the networks that it trained."""
    caplog.set_level(logging.INFO)

    def run(ensemble, seeds, folder="predictions", precision="fp32", dataset=digits_file):
        output = tmp_path / folder / f"{min(seeds):04d}-{max(seeds):04d}.nc"
        caplog.clear()
        train_networks(ensemble, dataset, seeds, output, "cpu", precision)
        trained = {
            int(match[1])
            for text in caplog.messages
            if (match := re.search(r"network (\d+) e", text))
        }
        return read_predictions(output), trained

    return run


# A network depends on nothing but its ensemble and its seed.


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
def test_a_network_is_the_same_alone_and_with_others(tiny, job, precision, mini_batches):
    ensemble = tiny(mini_batches=mini_batches)
    alone, _ = job(ensemble, [3], "alone", precision)
    batch, trained = job(ensemble, range(4), "batch", precision)
    assert trained == {0, 1, 2, 3}
    assert_same(alone, batch.sel(network=[3]))
    losses = batch["loss"].values.reshape(4, -1)
    assert len({tuple(each) for each in losses.tolist()}) == 4
    assert len({each.tobytes() for each in batch["prediction"].values[:, -1]}) == 4


def test_a_network_does_not_depend_on_the_number_of_networks(tiny, job, tmp_path):
    two, _ = job(tiny(), range(2))
    four, trained = job(replace(tiny(), n_networks=4), range(4))
    assert trained == {2, 3}
    assert_same(two, four.sel(network=[0, 1]))
    at_once, trained = job(tiny(), range(4), "at_once")
    assert trained == {0, 1, 2, 3}
    assert_same(four, at_once)


JOB = """
import logging, sys
from pathlib import Path, PosixPath
from created_equal.study import Architecture, Ensemble, Recipe, Resources
from created_equal.training import train_networks
ensemble = {ensemble!r}

class Hold(logging.Handler):
    def emit(self, record):
        if "network 2 epoch 1/" in record.getMessage():
            sys.stdin.read()

logging.basicConfig(level=logging.INFO, handlers=[Hold()])
train_networks(ensemble, Path(sys.argv[1]), range(4), Path(sys.argv[2]), "cpu", "fp32")
"""


def test_a_job_that_is_killed_resumes_after_the_last_finished_network(
    tiny, job, tmp_path, digits_file
):
    ensemble = tiny()
    whole, _ = job(ensemble, range(4), "whole")
    output = tmp_path / "killed" / "0000-0003.nc"
    process = subprocess.Popen(
        [sys.executable, "-c", JOB.format(ensemble=ensemble), digits_file, output],
        stdin=subprocess.PIPE,  # It waits within its third network.
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    while not (output.parent / "unfinished" / "0001.nc").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    finished = {int(path.stem) for path in (output.parent / "unfinished").glob("*.nc")}
    assert finished == {0, 1}
    seconds = {
        seed: read_predictions(output.parent / "unfinished" / f"{seed:04d}.nc")["seconds"].item()
        for seed in finished
    }
    resumed, trained = job(ensemble, range(4), "killed")
    assert trained == {2, 3}
    for seed in finished:
        assert resumed["seconds"].sel(network=seed) == seconds[seed]
    assert_same(whole, resumed)
    assert not list((output.parent / "unfinished").glob("*.nc"))


# Finished networks are reused if their definition is the same.


def test_finished_networks_are_neither_trained_nor_written_again(tiny, job, tmp_path):
    job(tiny(), range(2))
    output = tmp_path / "predictions" / "0000-0001.nc"
    before = output.read_bytes()
    _, trained = job(tiny(), range(2))
    assert trained == set()
    assert output.read_bytes() == before


def test_a_job_with_other_seeds_reuses_networks_of_earlier_jobs(tiny, job):
    four, _ = job(tiny(), range(4))
    two, trained = job(tiny(), range(1, 3))
    assert trained == set()
    assert two["network"].values.tolist() == [1, 2]
    assert_same(two, four.sel(network=[1, 2]))


def test_networks_in_other_folders_are_copied_and_stay_there(tiny, digits_file, job, tmp_path):
    """As of another study with the same networks."""
    first, _ = job(tiny(), range(2), "first")
    job(tiny(), [2], "second")
    definition = networks_definition(tiny(), fingerprint(read_dataset(digits_file)))
    others = [tmp_path / "first", tmp_path / "second"]
    before = {path: path.read_bytes() for other in others for path in other.rglob("*.nc")}
    folder = PredictionsFolder(tmp_path / "own", definition, others)
    assert sorted(folder.find()) == [0, 1, 2]
    output = tmp_path / "own" / "0000-0002.nc"
    folder.collect([0, 1, 2], folder.find(), output)
    assert_same(read_predictions(output).sel(network=[0, 1]), first)
    assert {path: path.read_bytes() for other in others for path in other.rglob("*.nc")} == before


def test_copies_of_missing_networks_do_not_repeat_any(tiny, digits_file, job, tmp_path):
    job(tiny(), [1], "own")
    definition = networks_definition(tiny(), fingerprint(read_dataset(digits_file)))
    folder = PredictionsFolder(tmp_path / "own", definition)
    assert folder.copy_missing(tmp_path / "kept").name == "0001-0001.nc"
    whole, _ = job(tiny(), range(3), "own")
    second = folder.copy_missing(tmp_path / "kept")
    assert second.name == "0000-0002.nc"
    assert_same(read_predictions(second), whole.sel(network=[0, 2]))
    assert folder.copy_missing(tmp_path / "kept") is None


def test_another_definition_is_another_network(tiny, job):
    first, _ = job(tiny(), [0])
    second, trained = job(tiny(learning_rate=0.2), [0])
    assert trained == {0}
    assert not np.array_equal(first["loss"].values, second["loss"].values)
    assert definition_of(second)["recipe"]["learning_rate"] == 0.2


def test_other_data_make_another_network(tiny, job, tmp_path, digits):
    job(tiny(), [0])
    labels = digits["label"].values.copy()
    labels[[0, 1]] = labels[[1, 0]] if labels[0] != labels[1] else (labels[0] + 1) % 10
    changed = digits.assign(label=("example", labels))
    write_dataset(changed, tmp_path / "changed.nc", tiny().dataset)
    _, trained = job(tiny(), [0], dataset=tmp_path / "changed.nc")
    assert trained == {0}


def test_another_version_of_the_engine_makes_another_network(
    tiny, digits, digits_file, job, tmp_path
):
    job(tiny(), [0])
    definition = networks_definition(tiny(), fingerprint(digits))
    folder = tmp_path / "predictions"
    assert PredictionsFolder(folder, definition).find() == {0: folder / "0000-0000.nc"}
    assert PredictionsFolder(folder, definition | {"engine_version": 99}).find() == {}
    assert PredictionsFolder(folder, definition | {"data": "another"}).find() == {}


def test_the_definition_depends_on_the_ensemble_the_engine_and_the_data_alone(
    tiny, digits, digits_file
):
    data = fingerprint(read_dataset(digits_file))
    assert networks_definition(tiny(), data) == networks_definition(tiny(), fingerprint(digits))
    assert networks_definition(tiny(), data) == tiny().definition | {
        "engine_version": ENGINE_VERSION,
        "data": data,
    }


def test_a_damaged_file_in_the_folder_is_skipped_with_a_warning(tiny, job, tmp_path, caplog):
    job(tiny(), [0])
    path = tmp_path / "predictions" / "0000-0000.nc"
    overwrite(path, path.read_bytes()[:1000])
    contents, trained = job(tiny(), [0])
    assert trained == {0}
    assert "0000-0000.nc is damaged" in caplog.text
    assert contents.sizes["network"] == 1


# The contents of predictions files.


def test_the_file_records_device_precision_and_definition(tiny, job, digits):
    contents, _ = job(tiny(), range(2), precision="bf16")
    assert contents["precision"].values.tolist() == ["bf16"] * 2
    assert all("CPU" in device for device in contents["device"].values)
    assert (contents["seconds"].values > 0).all()
    assert contents["epoch"].values.tolist() == [0, 1, 2]
    assert np.array_equal(contents["example"].values, digits["example"].values)
    assert contents["prediction"].dtype == np.uint8
    definition = definition_of(contents)
    assert definition["architecture"] == "st_vgg"
    assert definition["data"] == fingerprint(digits)


def test_the_file_has_the_results_of_the_engine(tiny, job, digits):
    contents, _ = job(tiny(), [2])
    results = list(train_network(tiny(), 2, Images(digits, choose_setting("cpu", "fp32"))))
    for epoch, result in enumerate(results):
        assert np.array_equal(contents["prediction"].values[0, epoch], result.predictions)
        assert contents["loss"].values[0, epoch] == pytest.approx(result.loss)


def test_a_small_ensemble_is_far_better_than_chance(tmp_path, tiny):
    from created_equal.datasets import build_dataset

    definition = {"source": "digits", "train_examples": 300, "test_examples": 100}
    digits = build_dataset(definition, Path("unused"), False)
    write_dataset(digits, tmp_path / "d.nc", definition)
    ensemble = tiny("small_st_vgg", 0.25, epochs=5, batch_size=10)
    ensemble = replace(ensemble, dataset=definition)
    train_networks(ensemble, tmp_path / "d.nc", range(3), tmp_path / "p.nc", "cpu", "fp32")
    accuracy = read_predictions(tmp_path / "p.nc")["accuracy"].values
    assert (accuracy[:, 0] < 0.35).all()
    assert (accuracy[:, -1] > 0.5).all()


# Invalid input.


def test_a_mini_batch_larger_than_the_train_set_is_rejected(tiny, job, tmp_path):
    with pytest.raises(InputError) as caught:
        job(tiny(batch_size=41), [0])
    assert str(caught.value) == (
        "tests/tiny: the train set has 40 examples, fewer than one mini-batch; set "
        "ensembles.tiny.recipe.batch_size to 40 or less."
    )
    assert not (tmp_path / "predictions").exists()


def test_a_missing_dataset_is_reported(tiny, job, tmp_path):
    with pytest.raises(InputError, match=r"dataset\.nc does not exist; correct the path"):
        job(tiny(), [0], dataset=tmp_path / "dataset.nc")


def test_an_outdated_dataset_is_rejected(tiny, job, tmp_path, digits):
    write_dataset(digits, tmp_path / "old.nc", tiny().dataset | {"train_examples": 30})
    with pytest.raises(InputError, match=r"old\.nc was made for a definition that"):
        job(tiny(), [0], dataset=tmp_path / "old.nc")


# The cost of a job.

JOB_ON_DIGITS = """
import sys
from dataclasses import replace
from pathlib import Path
from created_equal.artefacts import write_dataset
from created_equal.datasets import build_dataset
from created_equal.study import load_study
from created_equal.training import train_networks
study = load_study("digits")
write_dataset(build_dataset(study.dataset, Path("unused"), False), Path("d.nc"), study.dataset)
ensemble = study.ensembles["st_vgg"]
ensemble = replace(ensemble, recipe=replace(ensemble.recipe, epochs=1))
train_networks(ensemble, Path("d.nc"), range(2), Path("p/0000-0001.nc"), "cpu")
# getrusage would include the memory of the test process at the time of the fork.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
print("torch._dynamo" in sys.modules)
"""


def test_a_job_on_digits_stays_under_a_gigabyte_and_a_half_and_imports_no_compiler(study_folder):
    """The compiler would take a second of every job, more than importing PyTorch."""
    kilobytes, compiler = printed_by(JOB_ON_DIGITS).split()
    assert int(kilobytes) * 1024 < 1.5 * 2**30
    assert compiler == "False"
