"""Faults, as docs/reliability.md lists them, on real runs of the workflow."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import psutil
import pytest
from commands import (
    COMMAND,
    SNAKEMAKE,
    copy_of_repository,
    created_equal,
    failure,
    jobs,
    snakemake,
    source_of,
    succeeds,
)
from data import NARROW, edited, overwrite, small_study, with_an_edit, write_study
from learners import assert_same
from long_study import ALL, DATASET_FILE, FIRST, LONG, PREDICTIONS, SECOND, UNFINISHED
from needs import require

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.training import job as job_module
from created_equal.training import train_networks

MOVED = {"move_to_test": "random", "fraction": 0.1}
# All kinds of files, in seconds.
QUICK = small_study(
    dataset={"source": "digits", "size": 16, "train_examples": 100, "test_examples": 100},
    recipe={"epochs": 3, "batch_size": 20, "learning_rate": 0.1},
    ensembles={
        "st_vgg": NARROW,
        "random_moved": NARROW | {"networks": 2, "dataset": MOVED},
    },
    baselines={"gaussian_naive_bayes": {}},
    figures={
        "figure_01": {"ensemble": "st_vgg"},
        "figure_07": {"ensemble": "st_vgg", "baselines": ["gaussian_naive_bayes"]},
        "figure_10": {"ensemble": "random_moved"},
    },
)
PAIRS = ("--config", "networks_per_job=2")
# As Snakemake does for files of a megabyte and more, whose bytes it does not compare.
BY_TIMES = ("--max-checksum-file-size", "0")
PAIR = "st_vgg/predictions/0000-0001.nc"
TESTED = "results/quick/results_test.txt"
TRAIN_LONG = ("train_networks", "long", "st_vgg", "--networks=0-3")


@pytest.fixture
def head():
    """A function that starts Snakemake; all that it started ends with the test."""
    runs = []

    def start(folder, *arguments):
        command = [sys.executable, *SNAKEMAKE, *arguments]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        # The session's number is that of the process.
        runs.append(subprocess.Popen(command, cwd=folder, **output, start_new_session=True))
        return runs[-1]

    yield start
    for run in runs:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A repository in which the quick study's results were built and tested."""
    folder = copy_of_repository(tmp_path_factory.mktemp("quick"), quick=QUICK)
    succeeds(folder, TESTED, *PAIRS)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The predictions of the long study's networks, trained without trouble."""
    folder = copy_of_repository(tmp_path_factory.mktemp("undisturbed"), long=LONG)
    succeeds(folder, DATASET_FILE)
    assert created_equal(folder, *TRAIN_LONG).returncode == 0
    return read_predictions(folder / ALL)


@pytest.fixture
def long(tmp_path, undisturbed):
    """A repository in which of the long study nothing has been built."""
    return copy_of_repository(tmp_path, long=LONG)


def wait_until(true):
    deadline = time.monotonic() + 600
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def trained(folder, study, numbers, ensemble="st_vgg"):
    """Return how many networks a job trained, by the log of the last time it ran."""
    log = folder / f"results/{study}/{ensemble}/logs/train_networks_{numbers}.log"
    return int(re.search(r"(\d+) networks to train", log.read_text())[1])


@contextmanager
def small_disk(folder, size):
    """Mount a disk of ``size`` bytes at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    done = subprocess.run(mount, capture_output=True, text=True)
    said = f"no disk can be mounted here, which needs root ({done.stderr.strip()})"
    require(done.returncode == 0, said)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk):
    """Leave no room on a disk; return what takes it."""
    balloon = disk / "balloon"
    with balloon.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return balloon


# Damaged files.


def cut(octets):
    return octets[: len(octets) * 2 // 3]


def flip(octets):
    flipped = bytearray(octets)
    flipped[len(octets) // 2] ^= 1
    return bytes(flipped)


@pytest.mark.parametrize(
    ("name", "damage", "rebuilds"),
    [
        (PAIR, cut, "train_networks"),
        ("dataset.nc", flip, "build_dataset"),
        ("random_moved/chosen.csv", cut, "derive_dataset"),
    ],
)
def test_a_damaged_file_is_named_set_aside_and_built_again(quick, name, damage, rebuilds):
    path = quick / "results/quick" / name
    predictions = read_predictions(quick / f"results/quick/{PAIR}")
    other = quick / "results/quick/st_vgg/logs/train_networks_0002-0003.log"
    whole, before = path.read_bytes(), other.read_bytes()
    overwrite(path, damage(whole))
    said = failure(snakemake(quick, TESTED, *PAIRS, "--forcerun", "test_results"))
    assert f"created-equal: results/quick/{name} is damaged (cut short, or its checksum" in said
    assert f"it is now {path.name}.damaged: run again to rebuild it." in said
    aside = path.with_name(f"{path.name}.damaged")
    assert aside.read_bytes() == damage(whole)
    assert not path.exists()
    assert jobs(succeeds(quick, TESTED, *PAIRS))[rebuilds] == 1
    aside.unlink()
    if rebuilds == "train_networks":
        assert_same(read_predictions(path), predictions)
        assert trained(quick, "quick", "0000-0001") == 2
    else:
        assert path.read_bytes() == whole
    if rebuilds == "build_dataset":
        assert trained(quick, "quick", "0002-0003") == 0
    else:
        # The ensemble's other job did not as much as start.
        assert other.read_bytes() == before


def test_a_figure_that_finds_a_damaged_file_sets_it_aside_too(quick):
    path = quick / "results/quick/st_vgg/scores.nc"
    whole = path.read_bytes()
    overwrite(path, flip(whole))
    done = created_equal(quick, "render_figure", "quick", "figure_01")
    said = failure(done)
    assert done.returncode == 2
    assert "results/quick/st_vgg/scores.nc is damaged (cut short, or its checksum" in said
    assert "it is now scores.nc.damaged: run again to rebuild it." in said
    path.with_name("scores.nc.damaged").unlink()
    overwrite(path, whole)


# Jobs that end badly.


def killed_in_the_end(rules):
    return rules.replace(' > {log:q} 2>&1"', ' > {log:q} 2>&1 && kill -9 $$"')


def test_what_was_finished_survives_a_job_that_ends_badly_after_it(quick):
    target = f"results/quick/{PAIR}"
    before = read_predictions(quick / target)
    # Killed between the file and the end: Snakemake deletes the file.
    with edited(quick / "rules/training.smk", killed_in_the_end):
        said = failure(snakemake(quick, target, "--force"))
    assert "Removing output files of failed job" in said
    assert not (quick / target).exists()
    succeeds(quick, target)
    assert trained(quick, "quick", "0000-0001") == 0
    assert_same(read_predictions(quick / target), before)


def test_predictions_of_a_former_definition_never_pass_for_those_of_now(quick):
    scores = "results/quick/st_vgg/scores.nc"
    study = quick / "config/studies/quick.yaml"
    with edited(study, lambda text: text.replace("learning_rate: 0.1", "learning_rate: 1.0e+30")):
        said = failure(snakemake(quick, scores, *PAIRS))
        again = jobs(succeeds(quick, scores, *PAIRS, "--dry-run"))
    assert "not finite after epoch" in said
    assert again == {"train_networks": 2, "score_ensemble": 1}
    # And what the former definition gave is not lost.
    succeeds(quick, scores, *PAIRS)
    assert [trained(quick, "quick", each) for each in ("0000-0001", "0002-0003")] == [0, 0]


def test_predictions_that_the_commands_made_are_compared_with_the_study(quick):
    """Snakemake does not know how they were made."""
    tested = "results/by_hand/results_test.txt"
    study = QUICK | {"ensembles": {"st_vgg": NARROW}}
    study["figures"] = {"figure_01": {"ensemble": "st_vgg"}}
    path = write_study(study, "by_hand", quick)
    for step in (["build_dataset", "by_hand"], ["train_networks", "by_hand", "st_vgg"]):
        assert created_equal(quick, *step).returncode == 0
    succeeds(quick, tested)
    with edited(path, lambda text: text.replace("learning_rate: 0.1", "learning_rate: 0.05")):
        said = failure(snakemake(quick, tested))
    assert "nothing was started:" in said
    assert "results/by_hand/st_vgg/predictions/0000-0003.nc was made for a definition" in said
    with edited(path, lambda text: text.replace("title: ", "title: Another ")):
        assert "Nothing to be done" in succeeds(quick, tested)


@pytest.fixture
def unknown_to_snakemake(quick):
    """The repository of the quick study, with files that Snakemake does not know it made."""
    succeeds(quick, TESTED, *PAIRS)
    records, kept = quick / ".snakemake", quick / "kept_records"
    records.rename(kept)
    now = time.time()
    for path in (quick / "results/quick").rglob("*.*"):
        os.utime(path, (now, now))
    yield quick
    shutil.rmtree(records, ignore_errors=True)
    kept.rename(records)


def test_results_of_another_definition_stop_a_run_that_would_do_nothing(unknown_to_snakemake):
    folder, study = unknown_to_snakemake, unknown_to_snakemake / "config/studies/quick.yaml"
    assert "Nothing to be done" in succeeds(folder, TESTED, *PAIRS)
    with edited(study, lambda text: text.replace("learning_rate: 0.1", "learning_rate: 0.2")):
        for options in ((), ("--dry-run",)):
            said = failure(snakemake(folder, TESTED, *PAIRS, *options))
            assert "nothing was started:" in said
            assert (
                f"results/quick/{PAIR} was made for a definition that its study no longer" in said
            )
        succeeds(folder, TESTED, *PAIRS, "--touch")
        succeeds(folder, TESTED, *PAIRS, "--unlock")
    assert "Nothing to be done" in succeeds(folder, TESTED, *PAIRS)


def test_a_study_that_is_edited_during_a_run_is_read_by_the_next(quick):
    """Otherwise Snakemake would record the former definition for networks of the latter."""
    study, predictions = quick / "config/studies/quick.yaml", f"results/quick/{PAIR}"
    succeeds(quick, TESTED, *PAIRS)
    former = study.read_text()
    with edited(quick / "src/created_equal/cli.py", with_an_edit("quick")):
        succeeds(quick, TESTED, *PAIRS, "--forcerun", "build_dataset", "train_networks")
    assert "learning_rate: 0.2" in study.read_text()
    definition = json.loads(read_predictions(quick / predictions).attrs["definition"])
    assert definition["recipe"]["learning_rate"] == 0.1
    assert jobs(succeeds(quick, TESTED, *PAIRS, "--dry-run"))["train_networks"] == 3
    study.write_text(former)
    assert "Nothing to be done" in succeeds(quick, TESTED, *PAIRS)


def test_scores_that_fail_leave_no_figure_of_before_that_passes_for_current(quick):
    figure = "paper_figures/quick/figure_01.pdf"
    succeeds(quick, figure, *PAIRS)
    with edited(quick / "rules/scores.smk", killed_in_the_end):
        failure(snakemake(quick, figure, *PAIRS, "--forcerun", "score_ensemble"))
    again = jobs(succeeds(quick, figure, *PAIRS))
    assert again == {"score_ensemble": 1, "render_figure_01": 1}


def test_one_job_that_is_killed_for_its_memory_costs_no_other(long, undisturbed, head):
    run = head(long, FIRST, SECOND, *PAIRS)
    wait_until((long / UNFINISHED / "0002.nc").exists)
    victims = [
        process
        for process in psutil.Process(run.pid).children(recursive=True)
        if "0002-0003" in process.cmdline() and "created_equal" in process.cmdline()
    ]
    for process in victims:
        process.kill()
    said = run.communicate()[0]
    assert victims
    assert run.returncode != 0
    assert f"output: {SECOND}" in said.split("Error in rule train_networks")[1]
    assert (long / FIRST).is_file()
    assert not (long / SECOND).exists()
    succeeds(long, FIRST, SECOND, *PAIRS)
    assert trained(long, "long", "0000-0001") == 2
    assert trained(long, "long", "0002-0003") == 1
    for numbers, target in (([0, 1], FIRST), ([2, 3], SECOND)):
        assert_same(read_predictions(long / target), undisturbed.sel(network=numbers))


def test_kill_of_everything_loses_no_finished_network(long, undisturbed, head):
    run = head(long, ALL)
    wait_until((long / UNFINISHED / "0001.nc").exists)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert not (long / ALL).exists()
    succeeds(long, "--unlock")
    succeeds(long, ALL)
    assert 1 <= trained(long, "long", "0000-0003") <= 2
    assert_same(read_predictions(long / ALL), undisturbed)
    assert not list((long / UNFINISHED).glob("*.nc"))


# Disks.


def test_a_disk_that_fills_up_loses_nothing_that_was_finished(long, undisturbed, head):
    with small_disk(long / "results", 2**23) as disk:
        run = head(long, ALL)
        unfinished = long / UNFINISHED
        wait_until((unfinished / "0000.nc").exists)
        balloon = fill(disk)
        said = run.communicate()[0]
        assert run.returncode != 0
        assert "Traceback" not in said
        assert f"created-equal: {disk} has 0.0 MB left; make room, and run again" in said
        kept = sorted(unfinished.glob("*.nc"))
        assert [read_predictions(each)["network"].item() for each in kept] == [
            0,
            *range(1, len(kept)),
        ]
        assert not (long / ALL).exists()
        assert not list(disk.rglob(".*"))
        assert "nothing was started" in failure(snakemake(long, ALL))
        balloon.unlink()
        succeeds(long, ALL)
        assert trained(long, "long", "0000-0003") == 4 - len(kept)
        assert_same(read_predictions(long / ALL), undisturbed)


def test_a_checkpoint_for_which_there_is_no_room_ends_in_a_sentence(
    tiny, digits_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(job_module, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    ensemble = tiny(epochs=3)

    def train(folder):
        train_networks(ensemble, digits_file, [0], folder / "0000-0000.nc", "cpu", "fp32")
        return read_predictions(folder / "0000-0000.nc")

    with small_disk(tmp_path / "disk", 2**20) as disk:
        balloon = fill(disk)
        os.truncate(balloon, balloon.stat().st_size - 2**15)
        with pytest.raises(InputError, match=r"unfinished/0000_\w+\.pt cannot be written \(No"):
            train(disk)
        assert not [path for path in disk.rglob("*") if path.is_file() and path != balloon]
        balloon.unlink()
        assert_same(train(disk), train(tmp_path / "whole"))


def test_results_that_cannot_be_written_end_in_one_sentence(long):
    with small_disk(long / "results", 2**20) as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        said = failure(snakemake(long, DATASET_FILE))
        assert f"{disk} cannot be written to; make it writable, or replace it by a link to" in said
        done = created_equal(long, "build_dataset", "long")
        *_, sentence = done.stderr.splitlines()
        assert done.returncode == 2
        assert f"{DATASET_FILE} cannot be written (Read-only file system);" in sentence


# Two at once.


def test_a_second_head_process_is_refused_and_the_first_goes_on(long, head):
    first = head(long, DATASET_FILE)

    def has_locked():
        # An empty one is not yet written, and locks nothing.
        locks = (long / ".snakemake/locks").glob("*.output.lock")
        return any(lock.stat().st_size for lock in locks) or first.poll() is not None

    wait_until(has_locked)
    # Held where it is, that the second comes in time.
    first.send_signal(signal.SIGSTOP)
    second = snakemake(long, DATASET_FILE)
    first.send_signal(signal.SIGCONT)
    assert second.returncode != 0
    assert "cannot be locked" in second.stdout + second.stderr
    first.communicate()
    assert first.returncode == 0
    assert (long / DATASET_FILE).is_file()


def test_two_writers_of_the_same_predictions_end_with_those_of_one(long, undisturbed):
    succeeds(long, DATASET_FILE)
    command = [sys.executable, *COMMAND, *TRAIN_LONG]
    settings = {"cwd": long, "env": source_of(long), "stderr": subprocess.DEVNULL}
    writers = [subprocess.Popen(command, **settings) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert_same(read_predictions(long / ALL), undisturbed)
    folder = long / PREDICTIONS
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["0000-0003.nc", "kept/0000-0003.nc"]


# Stopped by the user.


def test_ctrl_c_keeps_networks_that_are_not_finished(long, undisturbed, head):
    logs = long / "results/long/st_vgg/logs"
    first = head(long, FIRST, SECOND, *PAIRS, "--cores", "1")
    wait_until(lambda: any("epoch 3/" in log.read_text() for log in logs.glob("train*.log")))
    # To all that a terminal runs: the head process, and what it started.
    os.killpg(first.pid, signal.SIGINT)
    first.communicate()
    assert first.returncode != 0
    # Of two jobs, whichever was the first: no other is started.
    (log,) = logs.glob("train*.log")
    assert "asked to stop (SIGINT): unfinished networks are saved" in log.read_text()
    (checkpoint,) = (long / UNFINISHED).iterdir()
    number = int(checkpoint.stem.split("_")[0])
    succeeds(long, FIRST, SECOND, *PAIRS)
    assert re.search(rf"network {number} resumes after epoch ([3-9]|1\d)", log.read_text())
    numbers = [0, 1] if number < 2 else [2, 3]
    pair = read_predictions(long / (FIRST if number < 2 else SECOND))
    assert_same(pair, undisturbed.sel(network=numbers))


# A clock that jumps.


def test_a_clock_that_jumps_back_trains_nothing_again(quick):
    results = quick / "results/quick"
    before = contents(results)
    # Networks are older than their data.
    jumped = results / PAIR
    os.utime(jumped, (time.time() - 10**8,) * 2)
    # Of files as small as these Snakemake knows that they have not changed.
    assert "Nothing to be done" in succeeds(quick, TESTED, *PAIRS)
    planned = succeeds(quick, TESTED, *PAIRS, *BY_TIMES)
    assert jobs(planned)["train_networks"] >= 1
    assert trained(quick, "quick", "0000-0001") == 0
    assert contents(results) == before


def test_a_clock_that_was_ahead_loses_nothing(quick):
    results = quick / "results/quick"
    before = contents(results)
    os.utime(results / "dataset.nc", (time.time() + 10**8,) * 2)
    said = failure(snakemake(quick, TESTED, *PAIRS, *BY_TIMES))
    assert "correct the clock, or run: touch results/quick/dataset.nc" in said
    remedy = "find results -newermt now -exec touch {} +"
    assert remedy in (quick / "docs/reliability.md").read_text()
    subprocess.run(["bash", "-c", remedy], cwd=quick, check=True)
    succeeds(quick, TESTED, *PAIRS, *BY_TIMES)
    assert [trained(quick, "quick", each) for each in ("0000-0001", "0002-0003")] == [0, 0]
    assert contents(results) == before


def contents(folder):
    """Return the bytes of all artefacts in a folder by their paths."""
    return {path: path.read_bytes() for path in folder.rglob("*.nc")}
