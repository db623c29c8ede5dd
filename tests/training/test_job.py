"""Jobs that are stopped, killed, short of memory, or have a network that diverges."""

import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.training import job as module
from created_equal.training import predictions_folder, train_networks
from created_equal.training.engine import trainee
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.graphs import GraphGroup, Lane
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import train_network
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.stop_request import StopRequest


@pytest.fixture
def run(tmp_path, digits_file, caplog):
    """A function that runs a job in a folder of its own and returns what it wrote."""
    caplog.set_level(logging.INFO)

    def train(ensemble, seeds, folder="job", precision="fp32"):
        caplog.clear()
        output = tmp_path / folder / "predictions.nc"
        train_networks(ensemble, digits_file, seeds, output, "cpu", precision)
        return read_predictions(output)

    return train


def assert_same(one, other):
    for name in ("prediction", "accuracy", "loss"):
        assert np.array_equal(one[name].values, other[name].values), name


# Asked to stop.


class StopAfter(StopRequest):
    """A request that arrives when the job has looked for it this many times."""

    def __init__(self, after):
        self._left, self.signal = after, signal.SIGTERM

    @property
    def stop_requested(self):
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("after", [0, 1, 7, 9, 10, 11, 25])
def test_a_job_that_is_stopped_resumes_at_the_very_step(
    tiny, run, tmp_path, monkeypatch, caplog, after
):
    # A job looks eight times while it trains an epoch, and once as it predicts all 80 examples.
    ensemble = tiny(batch_size=5, momentum=0.9, learning_rate=0.02)
    whole = run(ensemble, [0, 1], "whole")
    with monkeypatch.context() as patch:
        patch.setattr("created_equal.training.stop_request.StopRequest", lambda: StopAfter(after))
        with pytest.raises(SystemExit) as ended:
            run(ensemble, [0, 1])
    assert ended.value.code == 143
    folder = tmp_path / "job" / "unfinished"
    assert not (tmp_path / "job" / "predictions.nc").exists()
    # 19 times for the first network: at 25 it is finished, and the second is under way.
    assert sorted(path.name for path in folder.glob("*")) == (
        {0: [], 25: ["0000.nc", "0001.pt"]}.get(after, ["0000.pt"])
    )
    resumed = run(ensemble, [0, 1])
    assert_same(whole, resumed)
    assert not list(folder.glob("*"))
    resumptions = re.findall(r"network (\d) resumes after epoch (\d)", caplog.text)
    # Within the first prediction nothing is known yet that could be kept.
    expected = {0: [], 9: [("0", "0")], 10: [("0", "1")], 25: [("1", "0")]}
    assert resumptions == expected.get(after, resumptions)


PROGRAM = """
import logging, sys
from pathlib import Path
from created_equal.study import Ensemble, Recipe, Resources
from created_equal.training import job, train_networks
logging.basicConfig(level=logging.INFO)
job.SECONDS_BETWEEN_CHECKPOINTS, job.TIMES_THEIR_COST = {seconds}, 0
train_networks({ensemble!r}, Path(sys.argv[1]), range(2), Path(sys.argv[2]), "cpu", "fp32")
"""


def begin(ensemble, digits_file, output, seconds):
    program = PROGRAM.format(ensemble=ensemble, seconds=seconds)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(digits_file), str(output)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def wait_for(process, line):
    for logged in process.stderr:
        if line in logged:
            return
    raise AssertionError(f"the job ended without logging {line!r}")


@pytest.mark.parametrize("sent, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sigterm_and_ctrl_c_are_requests_to_stop(
    tiny, run, tmp_path, digits_file, caplog, sent, status
):
    ensemble = tiny(epochs=150, batch_size=5, learning_rate=0.01)
    output = tmp_path / "job" / "predictions.nc"
    process = begin(ensemble, digits_file, output, seconds=60)
    wait_for(process, "epoch 3/150")
    process.send_signal(sent)
    logged = process.stderr.read()
    assert f"asked to stop ({sent.name}): unfinished networks are saved" in logged
    assert "Traceback" not in logged
    assert process.wait() == status
    whole = run(ensemble, [0], "whole")
    resumed = run(ensemble, [0])
    assert_same(whole, resumed)
    (epoch,) = re.findall(r"network 0 resumes after epoch (\d+)", caplog.text)
    assert int(epoch) >= 3


def test_a_job_that_is_killed_goes_on_after_the_last_checkpoint(
    tiny, run, tmp_path, digits_file, caplog
):
    ensemble = tiny(epochs=30, batch_size=5)
    output = tmp_path / "job" / "predictions.nc"
    process = begin(ensemble, digits_file, output, seconds=0)
    wait_for(process, "network 1 epoch 9/30")
    process.kill()
    process.wait()
    whole = run(ensemble, range(2), "whole")
    resumed = run(ensemble, range(2))
    assert_same(whole, resumed)
    (epoch,) = re.findall(r"network 1 resumes after epoch (\d+)", caplog.text)
    assert int(epoch) >= 8
    # What it cost before the kill is counted too.
    assert (resumed["seconds"] > 0).all()


def test_short_trainings_leave_no_checkpoints(tiny, run, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(module, "write_checkpoint", lambda *arguments: written.append(arguments))
    run(tiny(), [0, 1])
    assert not written


# Checkpoints that are of no use.


@pytest.fixture
def interrupted(tiny, run, monkeypatch, tmp_path):
    """The checkpoint of a network that was stopped in its second epoch, and its ensemble."""
    ensemble = tiny(batch_size=5)
    with monkeypatch.context() as patch:
        patch.setattr("created_equal.training.stop_request.StopRequest", lambda: StopAfter(12))
        with pytest.raises(SystemExit):
            run(ensemble, [0])
    return tmp_path / "job" / "unfinished" / "0000.pt", ensemble


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_checkpoint_is_skipped(interrupted, run, caplog, damage):
    path, ensemble = interrupted
    octets = bytearray(path.read_bytes())
    if damage == "flipped":
        octets[len(octets) // 2] ^= 1
    path.write_bytes(octets if damage == "flipped" else octets[:-100])
    resumed = run(ensemble, [0])
    assert f"{path} is damaged" in caplog.text
    assert "resumes" not in caplog.text
    assert_same(resumed, run(ensemble, [0], "whole"))
    assert not path.exists()


def test_the_checkpoint_of_another_network_is_skipped(interrupted, run, tiny, caplog):
    path, _ = interrupted
    other = tiny(batch_size=5, learning_rate=0.05)
    resumed = run(other, [0])
    assert f"{path} is of another network than is defined now; it is skipped." in caplog.text
    assert_same(resumed, run(other, [0], "whole"))


def test_a_checkpoint_in_another_precision_is_skipped(interrupted, run, caplog):
    _, ensemble = interrupted
    resumed = run(ensemble, [0], precision="bf16")
    assert "is of another network" in caplog.text
    assert_same(resumed, run(ensemble, [0], "whole", precision="bf16"))


# What networks that were trained together leave, one file, may be more than one job needs.


def test_the_file_of_a_group_is_the_jobs_file(tiny, run, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "make_group", GraphGroup)
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


def test_a_group_of_which_two_jobs_need_a_part_stays_until_both_have_theirs(
    tiny, digits_file, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(module, "make_group", GraphGroup)
    folder = tmp_path / "job"

    def train_first_to(last, first=0):
        output = folder / f"{first:04d}-{last:04d}.nc"
        train_networks(tiny(), digits_file, range(first, last + 1), output, "cpu", "fp32")
        return read_predictions(output)

    with monkeypatch.context() as patch:
        patch.setattr(PredictionsFolder, "collect", lambda *args: sys.exit(137))
        with pytest.raises(SystemExit):
            train_first_to(3)
    part = folder / "unfinished" / "0000-0003.nc"
    whole = read_predictions(part)
    caplog.set_level(logging.INFO)
    early = train_first_to(1)
    assert_same(early, whole.sel(network=[0, 1]))
    assert part.exists()
    late = train_first_to(3, first=2)
    assert_same(late, whole.sel(network=[2, 3]))
    assert not part.exists()
    assert caplog.text.count("0 networks to train, 2 already there") == 2


def test_without_hard_links_the_parts_stay(tiny, run, monkeypatch, tmp_path, caplog):
    def refused(path, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
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


# Short of memory.


CUDNN = RuntimeError("GET was unable to find an engine to execute this computation")


def memory_for(networks, error=None):
    """Return a way to make groups that runs out of memory in the first step of larger ones."""

    class Group(GraphGroup):
        def finish_epoch(self):
            if len(self.seeds) > networks:
                raise error or torch.OutOfMemoryError("made up")
            yield from super().finish_epoch()

    return Group


@pytest.mark.parametrize("error", [None, CUDNN])
def test_out_of_memory_halves_the_group_and_changes_no_result(
    tiny, run, monkeypatch, caplog, error
):
    monkeypatch.setattr(module, "make_group", GraphGroup)
    whole = run(tiny(), range(7), "whole")
    assert "out of memory" not in caplog.text
    monkeypatch.setattr(module, "make_group", memory_for(2, error))
    halved = run(tiny(), range(7))
    assert_same(whole, halved)
    assert re.findall(r"out of memory with (\d) networks at once, now (\d)", caplog.text) == [
        ("7", "3"),
        ("3", "1"),
    ]


def test_convolutions_that_find_another_way_for_want_of_memory_halve_the_group(
    tiny, run, monkeypatch, caplog
):
    monkeypatch.setattr(module, "make_group", GraphGroup)
    whole = run(tiny(), range(5), "whole")
    recorded = []
    record = Lane.record
    monkeypatch.setattr(Lane, "record", lambda *args: (recorded.append(1), record(*args))[1])
    monkeypatch.setattr(Lane, "refusals", lambda self: min(1, len(recorded) // 7))
    assert_same(whole, run(tiny(), range(5)))
    assert "out of memory with 5 networks at once, now 2" in caplog.text


def test_other_errors_are_not_taken_for_want_of_memory(tiny, run, monkeypatch, caplog):
    monkeypatch.setattr(module, "make_group", memory_for(2, RuntimeError("shapes differ")))
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(tiny(), range(4))


def test_one_network_that_does_not_fit_is_said(tiny, run, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "make_group", memory_for(0))
    with pytest.raises(
        InputError, match=r"one network does not fit into the memory of CPU .* lower"
    ):
        run(tiny(), range(4))
    assert not list((tmp_path / "job").glob("*.nc"))


# A network that diverges.


@pytest.mark.parametrize("together", [False, True])
def test_one_network_that_diverges_costs_no_other(
    tiny, run, digits, monkeypatch, tmp_path, together
):
    if together:
        monkeypatch.setattr(module, "make_group", GraphGroup)
    images = Images(digits, choose_setting("cpu", "fp32"))

    def survives(ensemble, number):
        return all(np.isfinite(each.loss).all() for each in train_network(ensemble, number, images))

    # Steps of which some networks die and some do not: how large, depends on the processor.
    for learning_rate in (1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0):
        ensemble = tiny("small_st_vgg", learning_rate=learning_rate)
        lives = [survives(ensemble, number) for number in range(8)]
        if len(set(lives)) == 2:
            break
    victims = [number for number, survived in enumerate(lives) if not survived]
    with pytest.raises(InputError) as refusal:
        run(ensemble, range(8))
    others = len(victims) - 1
    more = f" \\(and {others} others?\\)" if others else ""
    assert re.fullmatch(
        rf"tests/tiny, network {victims[0]}{more}: the loss is not finite after epoch [12]; lower "
        rf"recipe.learning_rate \({learning_rate:g}\) or change its decay\.",
        str(refusal.value),
    )
    folder = tmp_path / "job"
    assert not list(folder.glob("*.nc"))
    parts = [read_predictions(path) for path in (folder / "unfinished").glob("*.nc")]
    kept = {number for part in parts for number in part["network"].values.tolist()}
    assert kept == set(range(8)) - set(victims)
    assert all(np.isfinite(part["loss"]).all() for part in parts)


def test_one_network_of_a_hundred_that_diverges_is_named_and_the_others_are_kept(
    tiny, run, monkeypatch, tmp_path
):
    draw = trainee.initialize

    def poisoned(network, streams):
        draw(network, streams)
        if streams.key[1] == 57:
            next(network.parameters()).data[0] = np.nan

    monkeypatch.setattr(trainee, "initialize", poisoned)
    with pytest.raises(InputError) as refusal:
        run(tiny("small_st_vgg", epochs=1), range(100))
    assert str(refusal.value).startswith(
        "tests/tiny, network 57: the loss is not finite after epoch 0; lower"
    )
    folder = tmp_path / "job"
    assert not list(folder.glob("*.nc"))
    kept = {int(path.stem) for path in (folder / "unfinished").glob("*.nc")}
    assert kept == set(range(100)) - {57}
    assert all(
        np.isfinite(read_predictions(folder / "unfinished" / f"{number:04d}.nc")["loss"]).all()
        for number in kept
    )


# A job's memory of the folder that it works in.


def test_a_job_whose_folder_cannot_be_written_says_so(tiny, run, tmp_path):
    Path(tmp_path, "job").write_text("a file in the folder's place")
    started = time.monotonic()
    with pytest.raises(InputError, match="cannot be written"):
        run(tiny(), [0])
    assert time.monotonic() - started < 60
