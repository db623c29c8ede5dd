"""Jobs whose images are decoded by other processes, which must end with the job."""

import logging
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import torch
from commands import python
from learners import assert_same
from one_network import train_network

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.training import train_networks
from created_equal.training.engine import reading
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import FileImages
from created_equal.training.engine.reading import explain_killed_readers
from created_equal.training.engine.trainee import Trainee

JOB = """
import logging, sys
from pathlib import Path, PosixPath
import torch.utils.data
from created_equal.errors import InputError
from created_equal.study import Architecture, Ensemble, Recipe, Resources
from created_equal.training import train_networks
from created_equal.training.engine import images
images.usable_cores = lambda: 3
# By default readers would notice within five seconds that the job was killed.
torch.utils.data._utils.worker.MP_STATUS_CHECK_INTERVAL = 600
logging.basicConfig(level=logging.INFO, format="%(message)s")
ensemble = {ensemble!r}
paths = [Path(path) for path in sys.argv[1:]]
try:
    train_networks(ensemble, paths[0], [0], paths[1], "cpu", "fp32", data_root=paths[2])
except InputError as error:
    sys.exit(f"error: {{error}}")
"""


@pytest.fixture
def ensemble(jpegs, tiny):
    return jpegs.ensemble(
        tiny("mnist_cnn", epochs=12, batch_size=5, augmentation="crop_and_flip", learning_rate=0.01)
    )


@pytest.fixture
def start(jpegs, ensemble, tmp_path):
    """A function that starts a job in its own process group; returns the process and its log."""
    started = []

    def job(output):
        log = tmp_path / "log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", JOB.format(ensemble=ensemble)]
                + [str(path) for path in (jpegs.path, output, jpegs.data_root)],
                stderr=file,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        started.append(process)
        return process, log

    yield job
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(condition, name):
    deadline = time.monotonic() + 600
    while not (result := condition()):
        assert time.monotonic() < deadline, f"no {name}"
        time.sleep(0.01)
    return result


def children(process):
    """Return the running processes that a job has started."""
    try:
        return [each for each in psutil.Process(process.pid).children() if runs(each)]
    except psutil.NoSuchProcess:
        return []


def runs(process):
    try:
        return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def in_epoch(log, epoch):
    return lambda: f" epoch {epoch}/" in log.read_text()


def train(jpegs, ensemble, output):
    train_networks(ensemble, jpegs.path, [0], output, "cpu", "fp32", data_root=jpegs.data_root)
    return read_predictions(output)


def test_sigterm_for_the_whole_group_stops_the_job_and_the_result_is_the_same(
    start, jpegs, ensemble, tmp_path, caplog
):
    output = tmp_path / "stopped" / "0000-0000.nc"
    process, log = start(output)
    wait_for(in_epoch(log, 3), "third epoch")
    readers = wait_for(lambda: children(process), "reader")
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert "asked to stop (SIGTERM)" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not any(runs(reader) for reader in readers)
    assert [*(output.parent / "unfinished").glob("0000_*.pt")]
    caplog.set_level(logging.INFO)
    resumed = train(jpegs, ensemble, output)
    assert re.search(r"network 0 resumes after epoch [3-9]", caplog.text)
    uninterrupted = train(jpegs, ensemble, tmp_path / "uninterrupted" / "0000-0000.nc")
    assert_same(resumed, uninterrupted)


def test_a_job_that_is_killed_leaves_no_process(start, tmp_path):
    process, log = start(tmp_path / "killed" / "0000-0000.nc")
    wait_for(in_epoch(log, 1), "first epoch")
    readers = wait_for(lambda: children(process), "reader")
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while any(runs(reader) for reader in readers):
        assert time.monotonic() < deadline
        time.sleep(0.01)


STARTED_TOO_LATE = """
import os, time
from created_equal.training.engine.reading import _die_with
job = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == job:
    time.sleep(0.01)
_die_with(job, 0)
print("still running")
"""


def test_a_reader_whose_job_is_killed_while_it_starts_ends_too():
    # Python 3.12 and later warn of every fork of a process with threads.
    result = python("-W", "ignore::DeprecationWarning", "-c", STARTED_TOO_LATE)
    assert (result.stdout, result.stderr) == ("", "")


def test_a_killed_reader_ends_the_job_with_one_sentence(start, tmp_path):
    process, log = start(tmp_path / "short" / "0000-0000.nc")
    wait_for(in_epoch(log, 1), "first epoch")

    def kill_one():
        for reader in children(process):
            reader.kill()
        return process.poll() is not None

    wait_for(kill_one, "end of the job")
    assert process.wait() == 1
    assert "error: a process that decodes images was killed, most likely" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_an_error_in_a_step_leaves_no_process(jpegs, tiny, monkeypatch):
    def fails(*_):
        raise RuntimeError("in a step")

    monkeypatch.setattr(Trainee, "_update", fails)
    images = FileImages(jpegs.dataset, choose_setting("cpu", "fp32"), jpegs.data_root, None, 2)
    ensemble = jpegs.ensemble(tiny("mnist_cnn", batch_size=5))
    with pytest.raises(RuntimeError, match="in a step") as raised:
        list(train_network(ensemble, 0, images))
    # The traceback, which lives until the job exits, still refers to the epoch's iterator.
    assert raised.tb
    assert multiprocessing.active_children() == []


def test_other_errors_are_not_changed():
    with pytest.raises(RuntimeError, match="of another type"), explain_killed_readers():
        raise RuntimeError("of another type")


def test_the_log_has_the_time_spent_waiting_for_images(jpegs, tiny, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    ensemble = jpegs.ensemble(tiny("mnist_cnn", epochs=1, batch_size=10))
    output = tmp_path / "logged.nc"
    train_networks(ensemble, jpegs.path, [0], output, "cpu", "fp32", data_root=jpegs.data_root)
    lines = [text for text in caplog.messages if " epoch " in text]
    assert len(lines) == 2
    for line in lines:
        share = re.search(r"; (\d+) % waiting for images$", line)
        assert 0 < int(share[1]) <= 100


def test_a_changed_file_is_named_before_anything_is_written(jpegs, tiny, tmp_path):
    path = jpegs.folder / jpegs.dataset["file"].values[3]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match=f"{path.name} has changed since the dataset was built"):
        train_networks(
            jpegs.ensemble(tiny("mnist_cnn")),
            jpegs.path,
            [0],
            tmp_path / "predictions" / "0000-0000.nc",
            "cpu",
            "fp32",
            data_root=jpegs.data_root,
        )
    assert not (tmp_path / "predictions").exists()


def test_the_folder_may_move_with_data_root(jpegs, tiny, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    ensemble = jpegs.ensemble(tiny("mnist_cnn", epochs=1, batch_size=10))
    output = tmp_path / "predictions" / "0000-0000.nc"
    jpegs.data_root.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="set data_root to the folder that contains it"):
        train_networks(ensemble, jpegs.path, [0], output, "cpu", "fp32", data_root=jpegs.data_root)
    elsewhere = tmp_path / "elsewhere"
    train_networks(ensemble, jpegs.path, [0], output, "cpu", "fp32", data_root=elsewhere)
    caplog.clear()
    train_networks(ensemble, jpegs.path, [0], output, "cpu", "fp32", data_root=tmp_path)
    assert "0 networks to train, 1 already there" in caplog.text


@pytest.mark.parametrize("free", [0, 2**40])
def test_images_are_the_same_with_and_without_shared_memory(
    jpegs, ensemble, monkeypatch, caplog, free
):
    """In a container /dev/shm may have 64 MB, or none."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(reading, "_free_shared_memory", lambda: free)
    images = FileImages(
        jpegs.dataset, choose_setting("cpu", "fp32"), jpegs.data_root, "crop_and_flip", 2
    )
    alone = FileImages(
        jpegs.dataset, choose_setting("cpu", "fp32"), jpegs.data_root, "crop_and_flip", 0
    )
    batches = [np.arange(4), np.arange(4, 8), np.arange(2, 6)]
    for (mine, _), (theirs, _) in zip(
        images.load_batches(batches, [1, 2, 3]), alone.load_batches(batches, [1, 2, 3]), strict=True
    ):
        assert torch.equal(mine, theirs)
    list(images.load_in_order())
    assert caplog.text.count("handed over through pipes") == (free == 0)


def test_readers_that_send_nothing_end_in_a_sentence(jpegs, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_WAIT", 1)
    monkeypatch.setattr(reading.Reader, "__getitem__", lambda *_: time.sleep(4))
    images = FileImages(jpegs.dataset, choose_setting("cpu", "fp32"), jpegs.data_root, None, 2)
    with (
        pytest.raises(InputError, match=r"sent no images for 1 s; check"),
        explain_killed_readers(),
    ):
        next(images.load_in_order())
