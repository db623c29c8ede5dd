"""Jobs that are stopped or killed, run out of memory, or have a network that diverges."""

import io
import logging
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from data import overwrite
from learners import assert_same

from created_equal.artefacts import read_predictions, read_sealed, write_sealed
from created_equal.errors import InputError
from created_equal.training import job as job_module
from created_equal.training import predictions_folder, train_networks
from created_equal.training.engine import trainee
from created_equal.training.engine.graphs import GraphGroup, Lane
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.stop_request import StopRequest


@pytest.fixture
def run(tmp_path, digits_file, caplog):
    """A function that runs a job in its own folder and returns its predictions."""
    caplog.set_level(logging.INFO)

    def train(ensemble, seeds, folder="job", precision="fp32"):
        caplog.clear()
        output = tmp_path / folder / "predictions.nc"
        train_networks(ensemble, digits_file, seeds, output, "cpu", precision)
        return read_predictions(output)

    return train


# Requests to stop.


class StopAfter(StopRequest):
    """A request that arrives after the job has checked for it this many times."""

    def __init__(self, n_checks):
        self._n_left, self.signal = n_checks, signal.SIGTERM

    @property
    def stop_requested(self):
        self._n_left -= 1
        return self._n_left < 0


@pytest.mark.parametrize("n_checks", [0, 7, 9, 10, 25])
def test_a_job_that_is_stopped_resumes_at_the_very_step(
    tiny, run, tmp_path, monkeypatch, caplog, n_checks
):
    # A job checks eight times while it trains an epoch, and once after it predicts the 80 examples.
    ensemble = tiny(batch_size=5, momentum=0.9, learning_rate=0.02)
    whole = run(ensemble, [0, 1], "whole")
    with monkeypatch.context() as patch:
        patch.setattr(
            "created_equal.training.stop_request.StopRequest", lambda: StopAfter(n_checks)
        )
        with pytest.raises(SystemExit) as ended:
            run(ensemble, [0, 1])
    assert ended.value.code == 143
    folder = tmp_path / "job" / "unfinished"
    assert not (tmp_path / "job" / "predictions.nc").exists()
    # A network takes 19 checks: after 25 the first is finished and the second has begun.
    assert sorted(path.name[:4] + path.suffix for path in folder.glob("*")) == (
        {0: [], 25: ["0000.nc", "0001.pt"]}.get(n_checks, ["0000.pt"])
    )
    resumed = run(ensemble, [0, 1])
    assert_same(whole, resumed)
    assert not list(folder.glob("*"))
    resumptions = re.findall(r"network (\d) resumes after epoch (\d)", caplog.text)
    # Before the first predictions are complete, there is nothing to save.
    after = {0: [], 7: [("0", "0")], 9: [("0", "0")], 10: [("0", "1")], 25: [("1", "0")]}
    assert resumptions == after[n_checks]


NOISES = ("dropout", "initialisation", "mini_batches")


# Three networks take 57 checks one after the other, and 19 together.
@pytest.mark.parametrize("n_checks, together", [(7, False), (25, False), (7, True), (17, True)])
def test_networks_that_share_noise_stay_equal_when_the_job_is_stopped(
    tiny, run, monkeypatch, n_checks, together
):
    if together:
        monkeypatch.setattr(job_module, "make_group", GraphGroup)
    ensemble = replace(tiny(batch_size=5), shared=NOISES)
    with monkeypatch.context() as patch:
        patch.setattr(
            "created_equal.training.stop_request.StopRequest", lambda: StopAfter(n_checks)
        )
        with pytest.raises(SystemExit):
            run(ensemble, range(3))
    contents = run(ensemble, range(3))
    for name in ("prediction", "accuracy", "loss"):
        assert (contents[name] == contents[name].isel(network=0)).all()
    # In a job of its own, and with other networks before it, a network is the same.
    assert_same(contents.sel(network=[2]), run(ensemble, [2], "alone"))


@pytest.mark.parametrize("together", [False, True])
def test_a_job_is_stopped_between_the_steps_that_it_saves(tiny, run, monkeypatch, caplog, together):
    if together:
        monkeypatch.setattr(job_module, "make_group", GraphGroup)
    whole = tiny(batch_size=5)  # Eight mini-batches an epoch.
    ensemble = replace(whole, steps=(1, 3, 8, 11))
    uninterrupted = run(ensemble, range(2), "whole")
    assert uninterrupted["epoch"].values.tolist() == [0, 1, 3, 8, 11]
    of_epochs = run(whole, range(2), "epochs")
    for name in ("prediction", "accuracy", "loss"):
        one, other = uninterrupted[name].sel(epoch=[0, 8]), of_epochs[name].sel(epoch=[0, 1])
        assert np.array_equal(one.values, other.values)
    for n_checks in (2, 6, 12, 14):
        folder = f"job_{n_checks}"
        with monkeypatch.context() as patch:
            patch.setattr(
                "created_equal.training.stop_request.StopRequest", lambda n=n_checks: StopAfter(n)
            )
            with pytest.raises(SystemExit):
                run(ensemble, range(2), folder)
        assert_same(run(ensemble, range(2), folder), uninterrupted)
        for after in re.findall(r"resumes after step (\d+)", caplog.text):
            assert int(after) in (0, 1, 3, 8)
        assert "step 11/11" in caplog.text


PROGRAM = """
import logging, sys
from pathlib import Path, PosixPath
from created_equal.study import Architecture, Ensemble, Recipe, Resources
from created_equal.training import job, train_networks
logging.basicConfig(level=logging.INFO)
job.SECONDS_BETWEEN_CHECKPOINTS, job.TIMES_THEIR_COST = {seconds}, 0

class Hold(logging.Handler):
    def emit(self, record):
        if {line!r} in record.getMessage():
            sys.stdin.read()

logging.getLogger().addHandler(Hold())
train_networks({ensemble!r}, Path(sys.argv[1]), range(2), Path(sys.argv[2]), "cpu", "fp32")
"""


def begin(ensemble, digits_file, output, line, seconds):
    """Start a job that waits when it has logged a line, until its standard input is closed."""
    program = PROGRAM.format(ensemble=ensemble, line=line, seconds=seconds)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(digits_file), str(output)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    for logged in process.stderr:
        if line in logged:
            return process
    raise AssertionError(f"the job ended without logging {line!r}")


@pytest.mark.parametrize("signal_, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sigterm_and_ctrl_c_are_requests_to_stop(
    tiny, run, tmp_path, digits_file, caplog, signal_, status
):
    ensemble = tiny(epochs=5, batch_size=5, learning_rate=0.01)
    output = tmp_path / "job" / "predictions.nc"
    process = begin(ensemble, digits_file, output, "epoch 3/5", seconds=60)
    process.send_signal(signal_)
    process.stdin.close()
    logged = process.stderr.read()
    assert f"asked to stop ({signal_.name}): unfinished networks are saved" in logged
    assert "Traceback" not in logged
    assert process.wait() == status
    whole = run(ensemble, [0], "whole")
    resumed = run(ensemble, [0])
    assert_same(whole, resumed)
    assert re.findall(r"network 0 resumes after epoch (\d+)", caplog.text) == ["3"]


def test_a_job_that_is_killed_resumes_from_the_last_checkpoint(
    tiny, run, tmp_path, digits_file, caplog
):
    ensemble = tiny(epochs=5, batch_size=5)
    output = tmp_path / "job" / "predictions.nc"
    # An epoch is logged before its checkpoint is written.
    process = begin(ensemble, digits_file, output, "network 1 epoch 4/5", seconds=0)
    process.kill()
    process.wait()
    whole = run(ensemble, range(2), "whole")
    resumed = run(ensemble, range(2))
    assert_same(whole, resumed)
    assert re.findall(r"network 1 resumes after epoch (\d+)", caplog.text) == ["3"]
    # The training time includes the time before the kill.
    assert (resumed["seconds"] > 0).all()


def test_a_group_that_is_killed_between_two_checkpoints_resumes(tiny, run, monkeypatch):
    monkeypatch.setattr(job_module, "make_group", GraphGroup)
    whole = run(tiny(), range(3), "whole")
    write = job_module.write_checkpoint

    def write_one(*arguments):
        write(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "SECONDS_BETWEEN_CHECKPOINTS", 0)
        patch.setattr(job_module, "write_checkpoint", write_one)
        with pytest.raises(KeyboardInterrupt):
            run(tiny(), range(3))
    assert_same(run(tiny(), range(3)), whole)


def test_short_trainings_leave_no_checkpoints(tiny, run, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        job_module, "write_checkpoint", lambda *arguments: written.append(arguments)
    )
    run(tiny(), [0, 1])
    assert not written


# Unusable checkpoints.


@pytest.fixture
def interrupted(tiny, run, monkeypatch, tmp_path):
    """The checkpoint of a network that was stopped in its second epoch, and the ensemble."""
    ensemble = tiny(batch_size=5)
    with monkeypatch.context() as patch:
        patch.setattr("created_equal.training.stop_request.StopRequest", lambda: StopAfter(12))
        with pytest.raises(SystemExit):
            run(ensemble, [0])
    (path,) = (tmp_path / "job" / "unfinished").glob("0000_*_cpu_fp32.pt")
    return path, ensemble


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_checkpoint_is_skipped(interrupted, run, caplog, damage):
    path, ensemble = interrupted
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    overwrite(path, content if damage == "flipped" else content[:-100])
    resumed = run(ensemble, [0])
    assert f"{path} is damaged" in caplog.text
    assert "resumes" not in caplog.text
    assert_same(resumed, run(ensemble, [0], "whole"))
    assert not path.exists()


def test_a_checkpoint_with_objects_that_are_not_loaded_is_skipped(interrupted, run, caplog):
    """As of somebody's own network with an extra state."""
    path, ensemble = interrupted
    contents = torch.load(io.BytesIO(read_sealed(path, "checkpoint")), weights_only=True)
    contents["state"]["extra"] = Path("an object")
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    write_sealed(path, buffer.getvalue())
    resumed = run(ensemble, [0])
    assert f"{path} has objects that are not loaded; it is skipped." in caplog.text
    assert_same(resumed, run(ensemble, [0], "whole"))


def test_a_finished_network_leaves_no_checkpoint_wherever_the_job_was_killed(
    interrupted, run, monkeypatch
):
    path, ensemble = interrupted
    with monkeypatch.context() as patch:
        patch.setattr(PredictionsFolder, "remove_checkpoints", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(ensemble, [0])
    assert path.is_file()
    run(ensemble, [0])
    assert not path.exists()


def test_a_trial_costs_no_checkpoint(interrupted, run, tiny, caplog):
    path, ensemble = interrupted
    trial = tiny(batch_size=5, learning_rate=0.05)
    assert_same(run(trial, [0]), run(trial, [0], "whole"))
    assert "resumes" not in caplog.text
    assert path.is_file()
    run(ensemble, [0])
    assert "resumes" in caplog.text
    assert not path.exists()


def test_a_network_in_another_precision_begins_again(interrupted, run, caplog):
    path, ensemble = interrupted
    resumed = run(ensemble, [0], precision="bf16")
    assert "resumes" not in caplog.text
    assert_same(resumed, run(ensemble, [0], "whole", precision="bf16"))
    assert not path.exists(), "the network is finished"


def test_the_checkpoint_of_another_network_is_skipped(interrupted, run, caplog):
    path, ensemble = interrupted
    other = path.rename(path.with_name(path.name.replace("fp32", "bf16")))
    resumed = run(ensemble, [0], precision="bf16")
    assert (
        f"{other} belongs to another network than the one defined now; it is skipped."
        in caplog.text
    )
    assert_same(resumed, run(ensemble, [0], "whole", precision="bf16"))


# Networks that were trained together are in one file, which several jobs may need.


def test_the_file_of_a_group_becomes_the_output_of_the_job(tiny, run, monkeypatch, tmp_path):
    monkeypatch.setattr(job_module, "make_group", GraphGroup)
    written = []
    write = predictions_folder.write_predictions
    monkeypatch.setattr(
        predictions_folder,
        "write_predictions",
        lambda *args: (written.append(args[1].name), write(*args)),
    )
    contents = run(tiny(), range(3))
    assert contents["network"].values.tolist() == [0, 1, 2]
    assert written == ["0000-0002.nc"]
    folder = tmp_path / "job"
    assert [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.nc"))] == [
        "kept/predictions.nc",
        "predictions.nc",
    ]


def test_a_part_that_two_jobs_need_is_kept_until_both_have_their_networks(
    tiny, digits_file, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(job_module, "make_group", GraphGroup)
    folder = tmp_path / "job"

    def train_range(first, last):
        output = folder / f"{first:04d}-{last:04d}.nc"
        train_networks(tiny(), digits_file, range(first, last + 1), output, "cpu", "fp32")
        return read_predictions(output)

    with monkeypatch.context() as patch:
        patch.setattr(PredictionsFolder, "collect", lambda *args: sys.exit(137))
        with pytest.raises(SystemExit):
            train_range(0, 3)
    part = folder / "unfinished" / "0000-0003.nc"
    whole = read_predictions(part)
    caplog.set_level(logging.INFO)
    first_job = train_range(0, 1)
    assert_same(first_job, whole.sel(network=[0, 1]))
    assert part.exists()
    second_job = train_range(2, 3)
    assert_same(second_job, whole.sel(network=[2, 3]))
    assert not part.exists()
    assert caplog.text.count("0 networks to train, 2 already there") == 2


def test_without_hard_links_parts_are_not_removed(tiny, run, monkeypatch, tmp_path, caplog):
    def fail(path, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    contents = run(tiny(), range(2))
    assert "cannot be linked to" in caplog.text
    folder = tmp_path / "job"
    assert sorted(path.name for path in (folder / "unfinished").glob("*.nc")) == [
        "0000.nc",
        "0001.nc",
    ]
    (folder / "predictions.nc").unlink()
    again = run(tiny(), range(2))
    assert "0 networks to train, 2 already there" in caplog.text
    assert_same(contents, again)


# Memory that runs out.


ALLOCATOR = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you "
    "tried to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)"
)
CUDNN = RuntimeError("GET was unable to find an engine to execute this computation")


def make_limited_group(n_networks, error=None):
    """Return a class of groups that run out of memory in the first step if they are larger."""

    class Group(GraphGroup):
        def finish_epoch(self):
            if len(self.seeds) > n_networks:
                raise error or torch.OutOfMemoryError("simulated")
            yield from super().finish_epoch()

    return Group


@pytest.mark.parametrize("error", [None, CUDNN, ALLOCATOR])
def test_out_of_memory_halves_the_group_and_changes_no_result(
    tiny, run, monkeypatch, caplog, error
):
    monkeypatch.setattr(job_module, "make_group", GraphGroup)
    whole = run(tiny(), range(7), "whole")
    assert "out of memory" not in caplog.text
    monkeypatch.setattr(job_module, "make_group", make_limited_group(2, error))
    halved = run(tiny(), range(7))
    assert_same(whole, halved)
    assert re.findall(r"out of memory with (\d) networks at once, now (\d)", caplog.text) == [
        ("7", "3"),
        ("3", "1"),
    ]


def test_failed_allocations_of_convolutions_halve_the_group(tiny, run, monkeypatch, caplog):
    monkeypatch.setattr(job_module, "make_group", GraphGroup)
    whole = run(tiny(), range(5), "whole")
    recorded = []
    record = Lane.record
    monkeypatch.setattr(Lane, "record", lambda *args: (recorded.append(1), record(*args))[1])
    monkeypatch.setattr(Lane, "failed_allocations", lambda self: min(1, len(recorded) // 7))
    assert_same(whole, run(tiny(), range(5)))
    assert "out of memory with 5 networks at once, now 2" in caplog.text


def test_other_errors_are_not_mistaken_for_missing_memory(tiny, run, monkeypatch, caplog):
    monkeypatch.setattr(
        job_module, "make_group", make_limited_group(2, RuntimeError("shapes differ"))
    )
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(tiny(), range(4))


def test_one_network_that_does_not_fit_is_reported(tiny, run, monkeypatch, tmp_path):
    monkeypatch.setattr(job_module, "make_group", make_limited_group(0))
    with pytest.raises(
        InputError, match=r"one network does not fit into the memory of CPU .* lower"
    ):
        run(tiny(), range(4))
    assert not list((tmp_path / "job").glob("*.nc"))


# A network that diverges.


@pytest.mark.parametrize("together", [False, True])
def test_networks_that_diverge_are_named_and_the_others_are_kept(
    tiny, run, monkeypatch, tmp_path, together
):
    if together:
        monkeypatch.setattr(job_module, "make_group", GraphGroup)
    draw = trainee.initialize

    def initialize(network, streams):
        draw(network, streams)
        if streams.key[1] in (3, 7):
            next(network.parameters()).data[0] = np.nan

    monkeypatch.setattr(trainee, "initialize", initialize)
    with pytest.raises(InputError) as caught:
        run(tiny("small_st_vgg", epochs=1, learning_rate=0.05), range(8))
    assert str(caught.value) == (
        "tests/tiny, network 3 (and 1 other): the loss is not finite even before training; correct "
        "the network."
    )
    folder = tmp_path / "job"
    assert not list(folder.glob("*.nc"))
    parts = [read_predictions(path) for path in (folder / "unfinished").glob("*.nc")]
    saved = {seed for part in parts for seed in part["network"].values.tolist()}
    assert saved == set(range(8)) - {3, 7}
    assert all(np.isfinite(part["loss"]).all() for part in parts)


def test_a_learning_rate_that_is_too_high_is_named(tiny, run):
    with pytest.raises(InputError, match=r"network 0: the loss is not finite after epoch 1; lower"):
        run(tiny("small_st_vgg", epochs=1, learning_rate=1e30), [0])


# Folders that cannot be written to.


def test_a_folder_that_cannot_be_written_to_is_reported(tiny, run, tmp_path, caplog):
    Path(tmp_path, "job").write_text("a file instead of a folder")
    with pytest.raises(InputError, match=r"job is a file, where a folder is needed; move it"):
        run(tiny(), [0])
    assert " epoch " not in caplog.text  # Nothing was trained in vain.


def test_a_part_never_replaces_that_of_another_definition(tiny, run, tmp_path):
    predictions = run(tiny(), [0])
    folder = tmp_path / "parts"
    for rate in (0.1, 0.2, 0.1):
        definition = {"learning_rate": rate}
        PredictionsFolder(folder, definition).write_part(predictions)
    for rate in (0.1, 0.2):
        assert PredictionsFolder(folder, {"learning_rate": rate}).find().keys() == {0}
    assert len(list(folder.glob("unfinished/*.nc"))) == 2


def test_a_short_trial_does_not_cost_the_networks_of_the_full_training(tiny, run, tmp_path, caplog):
    """With another number of epochs the job has the same output, which Snakemake deletes."""
    full = run(tiny(epochs=2), range(2))
    output = tmp_path / "job" / "predictions.nc"
    output.unlink()
    trial = run(tiny(epochs=1), range(2))
    assert trial.sizes["epoch"] == 2
    for ensemble, before in ((tiny(epochs=2), full), (tiny(epochs=1), trial)):
        output.unlink()
        assert_same(run(ensemble, range(2)), before)
        assert "0 networks to train, 2 already there" in caplog.text
