"""Locks of GPUs, held by real processes; an executable nvidia-smi on PATH lists the GPUs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from created_equal.training import gpu_lock
from created_equal.training.gpu_lock import list_gpus, lock_gpu, visible_gpus

GPUS = [f"GPU-{letter}0000000-1111-2222-3333-444444444444" for letter in "abcd"]
HOLDER = """
import importlib.util, logging, os, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout, force=True)
# By its path: the package around it would load torch first.
spec = importlib.util.spec_from_file_location("gpu_lock", sys.argv[2])
gpu_lock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gpu_lock)
gpu_lock.lock_gpu(sys.argv[1])
print("has", os.environ.get("CUDA_VISIBLE_DEVICES", "none"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that makes this a machine with GPUs, as far as nvidia-smi says."""

    def has(listed, status=0):
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{listed}\nEND\nexit {status}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return has


@pytest.fixture
def four_gpus(machine):
    machine("\n".join(f"GPU {i}: NVIDIA H100 (UUID: {uuid})" for i, uuid in enumerate(GPUS)))


@pytest.fixture
def start():
    """A function that starts a process which takes a GPU and holds it until its input ends."""
    started = []

    def start(device="auto", **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, device, gpu_lock.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")} | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def taken(process):
    """Return the GPU that a process got, once it has one."""
    for line in process.stdout:
        if line.startswith("has "):
            return line.split()[1]
    raise AssertionError(process.stderr.read())


def test_four_processes_take_four_gpus_and_a_fifth_waits_for_the_first_that_is_killed(
    four_gpus, start
):
    holders = [start() for _ in range(4)]
    gpus = [taken(holder) for holder in holders]
    assert sorted(gpus) == GPUS
    fifth = start()
    waits = fifth.stdout.readline()
    assert waits.startswith("all of 4 GPUs are taken by other training jobs: waiting")
    assert "--resources gpu=4" in waits
    os.kill(holders[2].pid, signal.SIGKILL)
    assert taken(fifth) == gpus[2]


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("2", GPUS[2:3]),
        ("3,1", [GPUS[3], GPUS[1]]),
        (f"{GPUS[1]}", GPUS[1:2]),
        ("GPU-c", GPUS[2:3]),
        ("1,1", GPUS[1:2]),
        ("", []),
        ("-1", []),
        ("0,7,1", GPUS[:1]),  # as CUDA: nothing counts from the wrong one on
        ("NoDevFiles", []),
        (None, GPUS),
    ],
)
def test_what_is_visible_is_honoured(visible, gpus):
    assert visible_gpus(GPUS, visible) == gpus


def test_jobs_of_a_cluster_take_the_gpus_that_they_were_given(four_gpus, start):
    given = [start(CUDA_VISIBLE_DEVICES=str(number)) for number in (3, 0)]
    assert [taken(holder) for holder in given] == [GPUS[3], GPUS[0]]
    # One that may choose takes another.
    assert taken(start(CUDA_VISIBLE_DEVICES="0,1")) == GPUS[1]


def test_a_lock_that_is_released_can_be_taken_again(four_gpus, start):
    first = start(CUDA_VISIBLE_DEVICES="1")
    assert taken(first) == GPUS[1]
    second = start(CUDA_VISIBLE_DEVICES="1")
    assert "waiting" in second.stdout.readline()
    started = time.monotonic()
    first.stdin.close()
    assert taken(second) == GPUS[1]
    assert time.monotonic() - started < 30


def test_parts_of_a_divided_gpu_are_taken_one_by_one(machine):
    machine(
        f"GPU 0: NVIDIA A100 (UUID: {GPUS[0]})\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-5c89852c-aaaa)\n"
        "  MIG 3g.20gb     Device  1: (UUID: MIG-a16da6cd-bbbb)"
    )
    assert list_gpus() == ["MIG-5c89852c-aaaa", "MIG-a16da6cd-bbbb"]


def test_a_processor_needs_no_lock(four_gpus, monkeypatch):
    assert lock_gpu("cpu") is None
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_without_a_gpu_it_is_said_once_and_nothing_is_taken(four_gpus, start):
    process = start(CUDA_VISIBLE_DEVICES="")
    said = process.communicate(timeout=60)[0].splitlines()
    assert said == ["no GPU is visible here: networks are trained on the processor", "has "]


def test_a_driver_that_does_not_answer_is_said(machine, caplog):
    machine("Failed to initialize NVML: Driver/library version mismatch", status=18)
    assert list_gpus() == []
    assert "nvidia-smi lists no GPU: Failed to initialize NVML" in caplog.text
