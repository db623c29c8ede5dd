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
from created_equal.training.engine.trainee import train_network
from created_equal.versions import ENGINE_VERSION


@pytest.fixture
def job(tmp_path, digits_file, caplog):
    """A function that runs a job and returns what it wrote and how many networks it trained."""
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


def assert_same(one, other):
    """Networks of two files are the same to the last bit."""
    for name in ("prediction", "accuracy", "loss"):
        assert np.array_equal(one[name].values, other[name].values), name


def network(number, contents):
    return contents.sel(network=[number])


# Point 1 of what always holds.


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
def test_a_network_is_the_same_alone_and_in_a_batch(tiny, job, precision, mini_batches):
    ensemble = tiny(mini_batches=mini_batches)
    alone, _ = job(ensemble, [3], "alone", precision)
    batch, trained = job(ensemble, range(4), "batch", precision)
    assert trained == {0, 1, 2, 3}
    assert_same(alone, network(3, batch))
    outputs = batch["loss"].values.reshape(4, -1)
    assert len({tuple(each) for each in outputs.tolist()}) == 4
    assert len({each.tobytes() for each in batch["prediction"].values[:, -1]}) == 4


def test_a_network_is_the_same_whatever_the_number_of_networks(tiny, job, tmp_path):
    two, _ = job(tiny(), range(2))
    four, trained = job(replace(tiny(), networks=4), range(4))
    assert trained == {2, 3}
    assert_same(two, four.sel(network=[0, 1]))
    afresh, trained = job(tiny(), range(4), "afresh")
    assert trained == {0, 1, 2, 3}
    assert_same(four, afresh)


JOB = """
import sys
from pathlib import Path
from created_equal.study import Ensemble, Recipe, Resources
from created_equal.training import train_networks
ensemble = {ensemble!r}
train_networks(ensemble, Path(sys.argv[1]), range(4), Path(sys.argv[2]), "cpu", "fp32")
"""


def test_a_job_that_is_killed_resumes_after_the_last_finished_network(
    tiny, job, tmp_path, digits_file
):
    ensemble = tiny(epochs=12)
    whole, _ = job(ensemble, range(4), "whole")
    output = tmp_path / "killed" / "0000-0003.nc"
    process = subprocess.Popen(
        [sys.executable, "-c", JOB.format(ensemble=ensemble), digits_file, output],
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
    assert {0, 1} <= finished < {0, 1, 2, 3}
    seconds = {number: seconds_of(number, output.parent / "unfinished") for number in finished}
    resumed, trained = job(ensemble, range(4), "killed")
    assert trained == {0, 1, 2, 3} - finished
    for number in finished:
        assert resumed["seconds"].sel(network=number) == seconds[number]
    assert_same(whole, resumed)
    assert not list((output.parent / "unfinished").glob("*.nc"))


def seconds_of(number, folder):
    return read_predictions(folder / f"{number:04d}.nc")["seconds"].item()


# What is there is not trained again; what is of something else is not taken.


def test_what_is_finished_is_neither_trained_nor_written_again(tiny, job, tmp_path):
    job(tiny(), range(2))
    output = tmp_path / "predictions" / "0000-0001.nc"
    before = output.read_bytes()
    _, trained = job(tiny(), range(2))
    assert trained == set()
    assert output.read_bytes() == before


def test_other_batches_of_the_same_networks_are_cut_from_what_is_there(tiny, job):
    four, _ = job(tiny(), range(4))
    two, trained = job(tiny(), range(1, 3))
    assert trained == set()
    assert two["network"].values.tolist() == [1, 2]
    assert_same(two, four.sel(network=[1, 2]))


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
    moved = digits.assign(label=("example", labels))
    write_dataset(moved, tmp_path / "moved.nc", tiny().dataset)
    _, trained = job(tiny(), [0], dataset=tmp_path / "moved.nc")
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


def test_the_definition_says_nothing_of_time_or_place(tiny, digits, digits_file):
    read = fingerprint(read_dataset(digits_file))
    assert networks_definition(tiny(), read) == networks_definition(tiny(), fingerprint(digits))
    assert networks_definition(tiny(), read) == tiny().definition | {
        "engine_version": ENGINE_VERSION,
        "data": read,
    }


def test_a_damaged_file_beside_is_left_out_and_said(tiny, job, tmp_path, caplog):
    job(tiny(), [0])
    whole = (tmp_path / "predictions" / "0000-0000.nc").read_bytes()
    (tmp_path / "predictions" / "0000-0000.nc").write_bytes(whole[:1000])
    contents, trained = job(tiny(), [0])
    assert trained == {0}
    assert "0000-0000.nc is damaged" in caplog.text
    assert contents.sizes["network"] == 1


# What is written.


def test_the_file_says_where_and_in_which_precision(tiny, job, digits):
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


def test_the_numbers_are_the_engines(tiny, job, digits):
    contents, _ = job(tiny(), [2])
    results = list(train_network(tiny(), 2, Images(digits, choose_setting("cpu", "fp32"))))
    for epoch, result in enumerate(results):
        assert np.array_equal(contents["prediction"].values[0, epoch], result.predictions)
        assert contents["loss"].values[0, epoch] == pytest.approx(result.loss)


def test_a_small_ensemble_beats_chance_clearly(tmp_path, tiny):
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


# What is refused.


def test_a_mini_batch_larger_than_the_train_set(tiny, job, tmp_path):
    with pytest.raises(InputError) as refusal:
        job(tiny(batch_size=41), [0])
    assert str(refusal.value) == (
        "tests/tiny: the train set has 40 examples, fewer than one mini-batch; set "
        "recipe.batch_size to 40 or less."
    )
    assert not (tmp_path / "predictions").exists()


def test_a_dataset_that_is_missing(tiny, job, tmp_path):
    with pytest.raises(InputError, match=r"dataset\.nc does not exist; build it with"):
        job(tiny(), [0], dataset=tmp_path / "dataset.nc")


def test_a_dataset_that_is_out_of_date(tiny, job, tmp_path, digits):
    write_dataset(digits, tmp_path / "old.nc", tiny().dataset | {"train_examples": 30})
    with pytest.raises(InputError, match=r"old\.nc was built from another definition than"):
        job(tiny(), [0], dataset=tmp_path / "old.nc")


def test_images_too_small_for_the_architecture(tiny, job, tmp_path):
    from created_equal.datasets import build_dataset

    definition = {"source": "digits", "train_examples": 40, "test_examples": 40}
    data = build_dataset(definition, Path("unused"), False)
    write_dataset(data, tmp_path / "small.nc", definition)
    with pytest.raises(InputError, match=r"^images of 8 x 8 pixels are too small for st_vgg"):
        job(replace(tiny(), dataset=definition), [0], dataset=tmp_path / "small.nc")
    assert not list(tmp_path.glob("predictions/**/*.nc"))


# Memory.

MEMORY = """
from dataclasses import replace
from pathlib import Path
from created_equal.artefacts import write_dataset
from created_equal.datasets import build_dataset
from created_equal.study import load_study
from created_equal.training import train_networks
study = load_study("digits")
write_dataset(build_dataset(study.dataset, Path("unused"), False), Path("d.nc"), study.dataset)
ensemble = study.ensembles["st_vgg"]
ensemble = replace(ensemble, recipe=replace(ensemble.recipe, epochs=2))
train_networks(ensemble, Path("d.nc"), range(2), Path("p/0000-0001.nc"), "cpu")
# getrusage would also count what the process of the tests had in memory when it started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_a_job_on_digits_stays_under_a_gigabyte_and_a_half(study_folder):
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 1.5 * 2**30
